//! List queries of the REST API (haravan.md §5.4, §5.5): filters, order, paging, and the time-zone trap.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use url::form_urlencoded;

use super::clock::later;
use super::ids::OrgId;
use super::model::{Customer, Order, Record};
use super::spec::OrderSpec;
use super::state::{Shop, State};
use super::text::Node;

/// Rows per page at most, and unless told otherwise.
const LARGEST_PAGE: usize = 50;

/// A query value the API cannot read.
pub(super) struct Unreadable {
    pub key: String,
    pub text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Id,
    Created,
    Updated,
    LastOrder,
}

/// A list query that has been read.
pub(super) struct Listing {
    ids: Option<Vec<i64>>,
    since_id: Option<i64>,
    created: Span,
    updated: Span,
    financial_status: Option<String>,
    fulfillment_status: Option<String>,
    status: String,
    order: Option<(By, bool)>,
    fields: Option<Vec<String>>,
    words: String,
    limit: usize,
    /// Page number, from 1.
    pub page: usize,
}

#[derive(Default)]
struct Span {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Span {
    fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to)
    }
}

impl Listing {
    /// Reads a query; unknown keys are ignored. `in_utc` reads dates as documented and not as the live shop did.
    pub(super) fn read(query: &str, in_utc: bool) -> Result<Self, Unreadable> {
        let mut listing = Self {
            ids: None,
            since_id: None,
            created: Span::default(),
            updated: Span::default(),
            financial_status: None,
            fulfillment_status: None,
            // Whether the default hides closed and cancelled orders is unknown (haravan.md §10 #21): it does here,
            // so that a client which does not say `any` is seen to miss them.
            status: "open".to_owned(),
            order: None,
            fields: None,
            words: String::new(),
            limit: LARGEST_PAGE,
            page: 1,
        };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let refuse = |text: &str| Unreadable { key: key.clone().into_owned(), text: text.to_owned() };
            let number = || value.trim().parse::<i64>().map_err(|_| refuse("is not a number"));
            let positive = || usize::try_from(number()?.max(1)).map_err(|_| refuse("is not a number"));
            let instant = || read_date(&value, in_utc).ok_or_else(|| refuse("is not a date"));
            match key.as_ref() {
                "ids" => {
                    let ids: Result<_, _> = value.split(',').map(|id| id.trim().parse()).collect();
                    listing.ids = Some(ids.map_err(|_| refuse("is not a list of numbers"))?);
                }
                "since_id" => listing.since_id = Some(number()?),
                "limit" => listing.limit = positive()?.min(LARGEST_PAGE),
                "page" => listing.page = positive()?,
                "created_at_min" | "processed_at_min" => listing.created.from = Some(instant()?),
                "created_at_max" | "processed_at_max" => listing.created.to = Some(instant()?),
                "updated_at_min" => listing.updated.from = Some(instant()?),
                "updated_at_max" => listing.updated.to = Some(instant()?),
                "financial_status" => listing.financial_status = Some(value.to_lowercase()),
                "fulfillment_status" => listing.fulfillment_status = Some(value.to_lowercase()),
                "status" => listing.status = value.to_lowercase(),
                "order" => listing.order = Some(read_order(&value).ok_or_else(|| refuse("is not an order"))?),
                "fields" => {
                    listing.fields = Some(value.split(',').map(|field| field.trim().to_owned()).collect());
                }
                "query" => listing.words = value.trim().to_lowercase(),
                _ => {}
            }
        }
        Ok(listing)
    }

    /// The page of orders asked for.
    pub(super) fn orders<'a>(&self, shop: &'a Shop) -> Vec<&'a Order> {
        self.page_of(self.matching_orders(shop).collect(), By::Created)
    }

    pub(super) fn count_orders(&self, shop: &Shop) -> usize {
        self.matching_orders(shop).count()
    }

    /// The page of customers asked for.
    pub(super) fn customers<'a>(&self, shop: &'a Shop) -> Vec<&'a Customer> {
        self.page_of(shop.customers.values().filter(|one| self.matches(*one)).collect(), By::Created)
    }

    pub(super) fn count_customers(&self, shop: &Shop) -> usize {
        shop.customers.values().filter(|one| self.matches(*one)).count()
    }

    /// The page of customers whose name, phone or e-mail contains the query; latest buyers first.
    pub(super) fn search_customers<'a>(&self, shop: &'a Shop) -> Vec<&'a Customer> {
        let found = shop.customers.values().filter(|one| self.matches(*one) && self.mentions(one));
        self.page_of(found.collect(), By::LastOrder)
    }

    /// The rows cut to the wanted root keys.
    pub(super) fn chosen_fields(&self, rows: impl Iterator<Item = Node>) -> Node {
        let cut = |mut row: Node| {
            if let Some(fields) = &self.fields {
                row.retain(|key| fields.iter().any(|field| field == key));
            }
            row
        };
        Node::List(rows.map(cut).collect())
    }

    fn matching_orders<'a>(&self, shop: &'a Shop) -> impl Iterator<Item = &'a Order> {
        shop.orders.values().filter(|order| self.matches(*order) && self.matches_states(order))
    }

    fn matches(&self, record: &impl Record) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.contains(&record.id()))
            && self.since_id.is_none_or(|since| record.id() > since)
            && self.created.holds(record.created_at())
            && self.updated.holds(record.updated_at())
    }

    fn matches_states(&self, order: &Order) -> bool {
        let state = match self.status.as_str() {
            "any" => true,
            "closed" => order.closed_at.is_some(),
            "cancelled" => order.cancelled_at.is_some(),
            _ => order.closed_at.is_none() && order.cancelled_at.is_none(),
        };
        let paid = self.financial_status.as_deref().is_none_or(|wanted| {
            wanted == "any" || wanted.replace('_', "") == order.payment.text().replace('_', "")
        });
        let sent = match self.fulfillment_status.as_deref() {
            None | Some("any") => true,
            Some("shipped") => order.fulfilled,
            Some("unshipped") => !order.fulfilled,
            Some(_) => false,
        };
        state && paid && sent
    }

    fn mentions(&self, customer: &Customer) -> bool {
        let (first, last) = (customer.first_name.as_deref(), customer.last_name.as_deref());
        let name = format!("{} {}", last.unwrap_or_default(), first.unwrap_or_default());
        [Some(name.as_str()), customer.phone.as_deref(), customer.email.as_deref()]
            .into_iter()
            .flatten()
            .any(|text| text.to_lowercase().contains(&self.words))
    }

    fn page_of<'a, T: Record + Sortable>(&self, mut rows: Vec<&'a T>, usual: By) -> Vec<&'a T> {
        let fallback = if self.since_id.is_some() { (By::Id, true) } else { (usual, false) };
        let (by, ascending) = self.order.unwrap_or(fallback);
        rows.sort_by(|left, right| {
            let order = compare(*left, *right, by);
            if ascending { order } else { order.reverse() }
        });
        let skipped = (self.page - 1).saturating_mul(self.limit);
        rows.into_iter().skip(skipped).take(self.limit).collect()
    }
}

/// What only some records can be sorted by.
trait Sortable {
    fn last_order_at(&self) -> Option<Timestamp>;
}

impl Sortable for Order {
    fn last_order_at(&self) -> Option<Timestamp> {
        None
    }
}

impl Sortable for Customer {
    fn last_order_at(&self) -> Option<Timestamp> {
        self.last_order.as_ref().map(|order| order.at)
    }
}

fn compare<T: Record + Sortable>(left: &T, right: &T, by: By) -> Ordering {
    let first = match by {
        By::Id => Ordering::Equal,
        By::Created => left.created_at().cmp(&right.created_at()),
        By::Updated => left.updated_at().cmp(&right.updated_at()),
        By::LastOrder => left.last_order_at().cmp(&right.last_order_at()),
    };
    first.then(left.id().cmp(&right.id()))
}

/// Between two pages something changes: by `updated_at` the row changed longest ago moves to the other end,
/// otherwise a new row appears.
pub(super) fn drift(state: &mut State, org: OrgId, listing: &Listing, orders: bool) {
    let by_update = listing.order.is_some_and(|(by, _)| by == By::Updated);
    let now = state.now();
    if !by_update && orders {
        // A shop that is listed exists, so the only refusal left is an unknown buyer, and a new one has none.
        if let Err(refusal) = state.place(org, &OrderSpec::default()) {
            tracing::warn!(%refusal, "no order could drift in");
        }
        return;
    }
    if !by_update {
        let customer = state.generator.customer(now, &super::customer_spec::CustomerSpec::default());
        if let Some(shop) = state.shops.get_mut(&org) {
            shop.customers.insert(customer.id, customer);
        }
        return;
    }
    let Some(shop) = state.shops.get_mut(&org) else { return };
    if orders {
        touch_oldest(shop.orders.select_mut(|one| listing.matches(one)).map(|one| &mut one.updated_at), now);
    } else {
        let rows = shop.customers.select_mut(|one| listing.matches(one));
        touch_oldest(rows.map(|one| &mut one.updated_at), now);
    }
}

fn touch_oldest<'a>(times: impl Iterator<Item = &'a mut Timestamp>, now: Timestamp) {
    let mut times: Vec<_> = times.collect();
    let latest = times.iter().map(|at| **at).max().unwrap_or(now).max(now);
    if let Some(oldest) = times.iter_mut().min_by_key(|at| ***at) {
        **oldest = later(latest, std::time::Duration::from_millis(10));
    }
}

/// Reads a date filter as the instant it means.
///
/// A live shop compared in shop time, GMT+7 (haravan.md §5.4): the digits are local, a `Z` is ignored, and an
/// explicit offset is turned into UTC whose digits are then taken for local.
fn read_date(text: &str, in_utc: bool) -> Option<Timestamp> {
    let text = text.trim();
    let zone = if in_utc { Offset::UTC } else { Offset::constant(7) };
    let digits = text.strip_suffix(['Z', 'z']);
    if let Some(digits) = digits {
        return zone.to_timestamp(read_civil(digits)?).ok();
    }
    let clock = text.get(10..).unwrap_or_default();
    if clock.contains(['+', '-']) {
        let instant: Timestamp = text.parse().ok()?;
        return if in_utc { Some(instant) } else { zone.to_timestamp(Offset::UTC.to_datetime(instant)).ok() };
    }
    zone.to_timestamp(read_civil(text)?).ok()
}

fn read_civil(text: &str) -> Option<DateTime> {
    text.parse::<DateTime>().ok().or_else(|| text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)))
}

fn read_order(text: &str) -> Option<(By, bool)> {
    let text = text.to_lowercase();
    let (column, direction) = text.split_once([' ', '+']).unwrap_or((&text, "asc"));
    let by = match column {
        "id" => By::Id,
        "created_at" => By::Created,
        "updated_at" => By::Updated,
        "last_order_date" => By::LastOrder,
        _ => return None,
    };
    match direction.trim() {
        "asc" => Some((by, true)),
        "desc" => Some((by, false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        read_date(text, false).map(|at| at.to_string())
    }

    #[test]
    fn date_filters_are_read_in_shop_time() {
        let midnight_in_hanoi = Some("2026-06-11T17:00:00Z".to_owned());
        assert_eq!(read("2026-06-12T00:00:00"), midnight_in_hanoi);
        assert_eq!(read("2026-06-12 00:00:00"), midnight_in_hanoi);
        assert_eq!(read("2026-06-12"), midnight_in_hanoi);
        assert_eq!(read("2026-06-12T00:00:00Z"), midnight_in_hanoi, "a trailing Z is ignored");
        assert_eq!(
            read("2026-06-12T07:00:00+07:00"),
            midnight_in_hanoi,
            "an offset is converted to UTC and compared as if local"
        );
        assert_eq!(read("yesterday"), None);
    }

    #[test]
    fn the_switch_reads_dates_as_documented() {
        let at = |text| read_date(text, true).map(|at| at.to_string());
        assert_eq!(at("2026-06-12T00:00:00Z").as_deref(), Some("2026-06-12T00:00:00Z"));
        assert_eq!(at("2026-06-12T00:00:00+07:00").as_deref(), Some("2026-06-11T17:00:00Z"));
    }

    #[test]
    fn garbage_in_a_query_is_named() {
        for query in ["limit=many", "page=x", "ids=1,b", "created_at_min=soon", "order=name+asc"] {
            let refused = Listing::read(query, false).err().map(|reason| reason.key);
            assert_eq!(refused.as_deref(), query.split('=').next());
        }
    }
}

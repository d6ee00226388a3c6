//! The tenant's books: records, their indexes and counters, what of them outlives the process, and the look-ups every
//! route shares.

use std::collections::{HashMap, VecDeque};

use axum::Router;
use axum::routing::any;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::faults::Faults;
use super::limiter::Limiter;
use super::records::{
    Account, AccountSource, AccountType, CustomField, Order, OrderSource, Payment, PaymentMethod, Product,
    User, WAITING,
};
use super::request_log::RecordedRequest;
use super::settings::{Counters, Settings};
use super::text;
use super::webhooks::Event;
use super::{Simulator, inspect, pages, pipeline};
use crate::sim::{Addresses, Clock, Kept, Log, Parts, Party, Recorded, Table};

/// The relationship stages of the tenant.
pub(super) const RELATIONS: [(u64, &str); 3] = [(1, "Mới"), (2, "Tiềm năng"), (3, "Khách hàng")];

/// Everything one tenant knows.
pub struct State {
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) counters: Kept<Counters>,
    pub(super) users: Table<u64, User>,
    pub(super) sources: Kept<Vec<AccountSource>>,
    pub(super) types: Vec<AccountType>,
    pub(super) custom_fields: Vec<CustomField>,
    pub(super) order_sources: Kept<Vec<OrderSource>>,
    pub(super) payment_methods: Kept<Vec<PaymentMethod>>,
    pub(super) stores: Vec<String>,
    pub(super) regions: Kept<Vec<String>>,
    pub(super) accounts: Table<u64, Account>,
    pub(super) account_codes: HashMap<String, u64>,
    /// Codes of customers that were merged, and into whom; not kept in the journal.
    pub(super) merged_codes: HashMap<String, u64>,
    pub(super) products: Table<u64, Product>,
    pub(super) product_codes: HashMap<String, u64>,
    pub(super) orders: Table<u64, Order>,
    /// Ids per code, the newest last.
    pub(super) order_codes: HashMap<String, Vec<u64>>,
    pub(super) payments: Table<u64, Payment>,
    pub(super) faults: Faults,
    pub(super) limiter: Limiter,
    pub(super) log: Log<RecordedRequest>,
    /// Events that wait to be sent as webhooks.
    pub(super) events: Vec<Event>,
    pub(super) sent_webhooks: VecDeque<String>,
    /// Where the uids of webhooks go on.
    pub(super) uids: Kept<u64>,
    addresses: Addresses,
}

impl Party for State {
    type Seed = Settings;

    const NAME: &'static str = "Getfly";

    fn new(settings: &Settings, clock: Clock) -> Self {
        let settings = settings.clone();
        let mut faults = Faults::default();
        faults.reseed(settings.random_faults.as_ref());
        Self {
            counters: settings.counters.clone().into(),
            clock,
            users: fixed_users().into_iter().map(|user| (user.user_id, user)).collect(),
            sources: fixed_sources().into(),
            types: fixed_types(),
            custom_fields: fixed_custom_fields(),
            order_sources: fixed_order_sources().into(),
            payment_methods: fixed_payment_methods().into(),
            stores: vec!["Kho chính".to_owned()],
            regions: vec!["Hà Nội".to_owned(), "Hồ Chí Minh".to_owned()].into(),
            accounts: Table::default(),
            account_codes: HashMap::new(),
            merged_codes: HashMap::new(),
            products: Table::default(),
            product_codes: HashMap::new(),
            orders: Table::default(),
            order_codes: HashMap::new(),
            payments: Table::default(),
            faults,
            limiter: Limiter::default(),
            log: Log::default(),
            events: Vec::new(),
            sent_webhooks: VecDeque::new(),
            uids: 9001.into(),
            addresses: Addresses::default(),
            settings,
        }
    }

    fn renewed(&mut self, settings: &Settings) -> Self {
        Self::new(settings, self.clock.clone())
    }

    /// The records, the lists people extend and the counters.
    fn parts(&mut self) -> Parts<'_> {
        vec![
            ("counters".into(), &mut self.counters),
            ("user".into(), &mut self.users),
            ("account_sources".into(), &mut self.sources),
            ("order_sources".into(), &mut self.order_sources),
            ("payment_methods".into(), &mut self.payment_methods),
            ("regions".into(), &mut self.regions),
            ("account".into(), &mut self.accounts),
            ("product".into(), &mut self.products),
            ("order".into(), &mut self.orders),
            ("payment".into(), &mut self.payments),
            ("uids".into(), &mut self.uids),
        ]
    }

    /// Makes the indexes anew from the records; orders that share a code stand in it by id.
    fn read_back(&mut self) {
        let codes = self.accounts.values().map(|account| (account.account_code.clone(), account.id));
        self.account_codes = codes.collect();
        let codes = self.products.values().map(|product| (product.product_code.clone(), product.product_id));
        self.product_codes = codes.collect();
        for order in self.orders.values() {
            self.order_codes.entry(order.order_code.clone()).or_default().push(order.id);
        }
    }

    fn addresses(&mut self) -> &mut Addresses {
        &mut self.addresses
    }

    /// The tenant's API under `/api` and the inspection routes under `/__sim`.
    fn router(simulator: &Simulator) -> Router {
        Router::new()
            .merge(inspect::routes())
            .merge(pages::routes())
            .route("/api/{*rest}", any(pipeline::answer))
            .fallback(pipeline::answer)
            .with_state(simulator.clone())
    }
}

impl Recorded for State {
    type Request = RecordedRequest;

    fn log(&mut self) -> &mut Log<RecordedRequest> {
        &mut self.log
    }
}

impl State {
    /// The time to the second, which is how the CRM keeps it.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.instant();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    pub(super) fn instant(&self) -> Timestamp {
        self.clock.now()
    }

    /// Puts new settings in force; standing random faults start anew only when they changed.
    pub(super) fn set_settings(&mut self, settings: Settings) {
        if settings.random_faults != self.settings.random_faults {
            self.faults.reseed(settings.random_faults.as_ref());
        }
        if (settings.rps - self.settings.rps).abs() > f64::EPSILON {
            self.limiter = Limiter::default();
        }
        self.settings = settings;
    }

    // Users.

    /// The user who may be put in charge under this name; gone users may not.
    pub(super) fn active_user(&self, user_name: &str) -> Option<&User> {
        self.users.values().find(|user| user.valid == 1 && user.user_name == user_name.trim())
    }

    pub(super) fn active_user_id(&self, id: u64) -> Option<u64> {
        self.users.get(&id).filter(|user| user.valid == 1).map(|user| user.user_id)
    }

    // Customers.

    /// The live customer with this code, or the one it was merged into where the code still leads there.
    pub(super) fn live_account(&self, code: &str) -> Option<&Account> {
        let id = self.account_codes.get(code).or_else(|| self.merged_codes.get(code));
        let account = match id {
            Some(id) => self.accounts.get(id),
            None if self.settings.ignore_case => self.coded_in_other_letters(code),
            None => None,
        };
        account.filter(|account| account.is_live())
    }

    fn coded_in_other_letters(&self, code: &str) -> Option<&Account> {
        let code = code.to_lowercase();
        self.accounts.values().find(|account| account.account_code.to_lowercase() == code)
    }

    /// Gives a live customer another code, unless that is taken.
    pub(super) fn rename_account(&mut self, code: &str, to: &str) -> bool {
        let Some(id) = self.live_account(code).map(|account| account.id) else { return false };
        if self.account_codes.contains_key(to) {
            return false;
        }
        let now = self.now();
        let Some(account) = self.accounts.get_mut(&id) else { return false };
        account.updated_at = now;
        let old = std::mem::replace(&mut account.account_code, to.to_owned());
        self.account_codes.remove(&old);
        self.account_codes.insert(to.to_owned(), id);
        true
    }

    /// Moves a customer's orders to another one and deletes it for good.
    pub(super) fn merge_account(&mut self, code: &str, into: &str, answers: bool) -> bool {
        let Some((id, into_code)) =
            self.live_account(into).map(|account| (account.id, account.account_code.clone()))
        else {
            return false;
        };
        if self.live_account(code).is_none_or(|account| account.id == id) {
            return false;
        }
        let Some(gone) = self.purge_account(code) else { return false };
        let orders: Vec<u64> =
            self.orders.values().filter(|order| order.account_id == gone).map(|order| order.id).collect();
        for order in orders {
            if let Some(order) = self.orders.get_mut(&order) {
                order.account_id = id;
                order.account_code.clone_from(&into_code);
            }
        }
        if answers {
            self.merged_codes.insert(code.to_owned(), id);
        }
        true
    }

    /// Deletes a customer for good; gives its id.
    pub(super) fn purge_account(&mut self, code: &str) -> Option<u64> {
        let id = self.account_codes.remove(code)?;
        self.accounts.remove(&id);
        Some(id)
    }

    /// Whether two phones are one, as this tenant compares them.
    pub(super) fn same_phone(&self, one: &str, other: &str) -> bool {
        if self.settings.normalise_phones {
            text::phone_digits(one) == text::phone_digits(other)
        } else {
            one == other
        }
    }

    /// Whether two e-mail addresses are one, as this tenant compares them.
    pub(super) fn same_email(&self, one: &str, other: &str) -> bool {
        if self.settings.ignore_case { one.to_lowercase() == other.to_lowercase() } else { one == other }
    }

    /// A code from the counter: `KH/{year}/{6 digits}`.
    pub(super) fn next_account_code(&mut self) -> String {
        let year = text::local_year(self.now());
        loop {
            let code = format!("KH/{year}/{:06}", take(&mut self.counters.account_number));
            if !self.account_codes.contains_key(&code) {
                return code;
            }
        }
    }

    pub(super) fn store_account(&mut self, account: Account) {
        self.account_codes.insert(account.account_code.clone(), account.id);
        self.accounts.insert(account.id, account);
    }

    /// The id of a region by its name, for the `…_detail` objects; 0 for no name.
    pub(super) fn region_id(&self, name: &str) -> u64 {
        self.regions
            .iter()
            .position(|known| known == name)
            .and_then(|at| u64::try_from(at).ok())
            .map_or(0, |at| at + 1)
    }

    pub(super) fn know_region(&mut self, name: &str) {
        if !name.is_empty() && !self.regions.iter().any(|known| known == name) {
            self.regions.push(name.to_owned());
        }
    }

    /// Adds a customer source under its slug.
    pub(super) fn add_source(&mut self, name: &str) -> u64 {
        let id = take(&mut self.counters.source_id);
        let edge = self.sources.iter().map(|source| source.rgt).max().unwrap_or(0);
        self.sources.push(AccountSource {
            id,
            source_name: name.trim().to_owned(),
            source_code: text::slug(name),
            valid: 1,
            parent_id: 0,
            lft: edge + 1,
            rgt: edge + 2,
            lvl: 1,
        });
        id
    }

    pub(super) fn source_named(&self, name: &str) -> Option<&AccountSource> {
        let name = text::folded(name);
        self.sources.iter().find(|source| text::folded(&source.source_name) == name)
    }

    // Products.

    pub(super) fn store_product(&mut self, product: Product) -> u64 {
        let id = product.product_id;
        self.product_codes.insert(product.product_code.clone(), id);
        self.products.insert(id, product);
        id
    }

    // Orders.

    /// The newest order with this code.
    pub(super) fn order_coded(&self, code: &str) -> Option<&Order> {
        self.orders.get(self.order_codes.get(code)?.last()?)
    }

    /// A code from the counter: `DH{5 digits}`.
    pub(super) fn next_order_code(&mut self) -> String {
        loop {
            let code = format!("DH{:05}", take(&mut self.counters.order_number));
            if !self.order_codes.contains_key(&code) {
                return code;
            }
        }
    }

    pub(super) fn store_order(&mut self, order: Order) {
        let ids = self.order_codes.entry(order.order_code.clone()).or_default();
        if !ids.contains(&order.id) {
            ids.push(order.id);
        }
        self.orders.insert(order.id, order);
    }

    /// Takes the order out of the index of its code, before it is deleted or gets another code.
    pub(super) fn forget_order_code(&mut self, code: &str, id: u64) {
        if let Some(ids) = self.order_codes.get_mut(code) {
            ids.retain(|known| *known != id);
            if ids.is_empty() {
                self.order_codes.remove(code);
            }
        }
    }

    pub(super) fn order_source_named(&self, name: &str) -> Option<&OrderSource> {
        let name = text::folded(name);
        self.order_sources.iter().find(|source| text::folded(&source.name) == name)
    }

    pub(super) fn add_order_source(&mut self, name: &str) -> u64 {
        let id = take(&mut self.counters.order_source_id);
        self.order_sources.push(OrderSource { id, name: name.trim().to_owned() });
        id
    }

    pub(super) fn method_named(&self, name: &str) -> Option<&PaymentMethod> {
        let name = text::folded(name);
        self.payment_methods.iter().find(|method| text::folded(&method.method_name) == name)
    }

    /// What counts as paid (getfly.md §11, row "Payments").
    pub(super) fn paid(&self, order: &Order) -> Decimal {
        if self.settings.payments_need_approval && order.status == WAITING {
            return Decimal::ZERO;
        }
        order
            .payment_ids
            .iter()
            .filter_map(|id| self.payments.get(id))
            .fold(Decimal::ZERO, |sum, payment| sum.saturating_add(payment.amount))
    }

    /// The order with its paid sum and the label of how far it is paid.
    pub(super) fn settled(&self, order: &Order) -> Order {
        let f_amount = self.paid(order);
        let label = if f_amount.is_zero() {
            "Chưa thanh toán"
        } else if f_amount < order.real_amount {
            "Thanh toán một phần"
        } else {
            "Đã thanh toán"
        };
        Order { f_amount, payment_status: label.to_owned(), ..order.clone() }
    }

    /// The whole state for the inspection route.
    pub(super) fn inspect(&self) -> Value {
        json!({
            "api_key": self.settings.api_key,
            "settings": self.settings,
            "users": self.users.values().collect::<Vec<_>>(),
            "account_sources": *self.sources,
            "account_types": self.types,
            "accounts": self.accounts.values().collect::<Vec<_>>(),
            "products": self.products.values().collect::<Vec<_>>(),
            "orders": self.orders.values().map(|order| self.settled(order)).collect::<Vec<_>>(),
            "payments": self.payments.values().collect::<Vec<_>>(),
            "payment_methods": *self.payment_methods,
            "order_sources": *self.order_sources,
            "counters": *self.counters,
            "clock": text::local_time(self.now()),
            "faults": self.faults.queued(),
            "requests_received": self.log.received(),
        })
    }
}

/// The counter's number; the counter moves on.
pub(super) fn take(counter: &mut u64) -> u64 {
    let number = *counter;
    *counter = counter.saturating_add(1);
    number
}

fn fixed_list<T: serde::de::DeserializeOwned>(fixture: &str) -> Vec<T> {
    let list = serde_json::from_str::<Value>(fixture).unwrap_or_default();
    let rows = list.get("data").cloned().unwrap_or(list);
    serde_json::from_value(rows).unwrap_or_default()
}

fn fixed_users() -> Vec<User> {
    fixed_list(include_str!("../../fixtures/getfly_users_list_response.json"))
}

fn fixed_sources() -> Vec<AccountSource> {
    fixed_list(include_str!("../../fixtures/getfly_account_sources_response.json"))
}

fn fixed_custom_fields() -> Vec<CustomField> {
    fixed_list(include_str!("../../fixtures/getfly_custom_fields_response.json"))
}

fn fixed_payment_methods() -> Vec<PaymentMethod> {
    fixed_list(include_str!("../../fixtures/getfly_payment_methods_response.json"))
}

fn fixed_order_sources() -> Vec<OrderSource> {
    ["web", "pos", "facebook", "zalo", "haravan_draft_order"]
        .iter()
        .zip(1..)
        .map(|(name, id)| OrderSource { id, name: (*name).to_owned() })
        .collect()
}

fn fixed_types() -> Vec<AccountType> {
    ["Khách lẻ", "Khách sỉ"]
        .iter()
        .zip(1..)
        .map(|(name, id)| AccountType {
            id,
            account_type_name: (*name).to_owned(),
            account_type_code: text::slug(name),
            invalid: 0,
            parent_id: 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State::new(&Settings::default(), Clock::new(|| Timestamp::UNIX_EPOCH))
    }

    #[test]
    fn a_new_tenant_starts_with_the_fixtures_lists() {
        let state = state();
        assert_eq!(state.users.len(), 4);
        assert_eq!(state.sources.len(), 2);
        assert_eq!(state.custom_fields.len(), 2);
        assert_eq!(state.payment_methods.len(), 2);
        assert_eq!(state.order_sources.last().map(|source| source.id), Some(5));
    }

    #[test]
    fn a_made_up_code_skips_codes_that_are_taken() {
        let mut state = state();
        state.account_codes.insert("KH/1970/000412".to_owned(), 1);
        assert_eq!(state.next_account_code(), "KH/1970/000413");
        state.order_codes.insert("DH00001".to_owned(), vec![1]);
        assert_eq!(state.next_order_code(), "DH00002");
    }

    #[test]
    fn only_active_users_may_be_put_in_charge() {
        let state = state();
        assert_eq!(state.active_user(" thao.vo").map(|user| user.user_id), Some(7));
        assert!(state.active_user("nghiviec.cu").is_none());
        assert_eq!(state.active_user_id(9), None);
    }
}

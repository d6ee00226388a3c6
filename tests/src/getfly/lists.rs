//! Lists of v6 and v6.1: paging, columns, filters and ordering (getfly.md §2.3).

use std::cmp::Ordering;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::reply::{Outcome, Problems, Reply};
use super::settings::Settings;
use super::text;

/// The page size when `limit` is not sent.
const DEFAULT_LIMIT: usize = 20;

/// What a filter sees of one record.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Text(String),
    /// A phone: compared by digits when the tenant normalises.
    Phone(String),
    /// An e-mail address: compared without case when the tenant does.
    Email(String),
    Number(i64),
    Numbers(Vec<i64>),
}

/// A column one may filter by, with the documented operators.
pub(super) struct Filterable {
    pub(super) field: &'static str,
    pub(super) ops: &'static [&'static str],
}

/// Shorthand for the tables of filters.
pub(super) const fn by(field: &'static str, ops: &'static [&'static str]) -> Filterable {
    Filterable { field, ops }
}

/// One filter of a request that this list knows.
#[derive(Clone, Debug)]
struct Filter {
    field: &'static str,
    op: &'static str,
    values: Vec<String>,
}

/// The columns asked for, if any were.
pub(super) fn asked_fields(call: &Call) -> Option<Vec<&str>> {
    let asked: Vec<&str> = call.param("fields")?.split(',').map(str::trim).collect();
    let asked: Vec<&str> = asked.into_iter().filter(|field| !field.is_empty()).collect();
    (!asked.is_empty()).then_some(asked)
}

/// The asked columns of a record, in the record's order; the id column always comes along.
pub(super) fn project(
    full: Map<String, Value>,
    asked: Option<&[&str]>,
    default: &[&str],
    id: &str,
) -> Map<String, Value> {
    let wanted = asked.unwrap_or(default);
    full.into_iter().filter(|(key, _)| key == id || wanted.contains(&key.as_str())).collect()
}

/// One list of the tenant: which records, what filters see, what comes back.
pub(super) struct List<'a, R> {
    /// The live records, newest first.
    pub(super) rows: Vec<&'a R>,
    pub(super) filters: &'static [Filterable],
    /// Columns one may order by.
    pub(super) sortable: &'static [&'static str],
    pub(super) cell: &'a dyn Fn(&R, &str) -> Option<Cell>,
    /// The columns free text searches in.
    pub(super) searched: &'static [&'static str],
    pub(super) show: &'a dyn Fn(&R) -> Map<String, Value>,
    pub(super) default_fields: &'static [&'static str],
    pub(super) id: &'static str,
}

impl<R> List<'_, R> {
    /// The envelope `data, has_more, offset, limited` for this request.
    pub(super) fn answer(mut self, settings: &Settings, call: &Call) -> Outcome {
        for filter in wanted_filters(settings, call, self.filters)? {
            let cell = self.cell;
            self.rows
                .retain(|row| cell(row, filter.field).is_some_and(|cell| passes(settings, &cell, &filter)));
        }
        if let Some(wanted) = call.param("search") {
            let wanted = wanted.to_lowercase();
            let (cell, searched) = (self.cell, self.searched);
            self.rows.retain(|row| {
                searched.iter().filter_map(|field| cell(row, field)).any(|cell| mentions(&cell, &wanted))
            });
        }
        let sorted = self.sort(call);
        let asked_limit = call.param("limit").and_then(|limit| limit.parse::<usize>().ok());
        let limit =
            asked_limit.filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT).min(settings.max_limit.max(1));
        let offset = call.param("offset").and_then(|offset| offset.parse::<usize>().ok()).unwrap_or(0);
        let asked = asked_fields(call);
        let data: Vec<Value> = self
            .rows
            .iter()
            .skip(offset)
            .take(limit)
            .map(|row| {
                Value::Object(project((self.show)(row), asked.as_deref(), self.default_fields, self.id))
            })
            .collect();
        let has_more = self.rows.len() > offset.saturating_add(data.len()) && !data.is_empty();
        let mut envelope = json!({"data": data, "has_more": has_more, "offset": offset, "limited": limit});
        if let (Some((field, direction)), Some(members)) = (sorted, envelope.as_object_mut()) {
            members.insert("sorted".to_owned(), json!({ field: direction }));
        }
        Ok(Reply::ok(envelope))
    }

    /// Orders by the first `sorting[…]` this list knows.
    fn sort(&mut self, call: &Call) -> Option<(&'static str, &'static str)> {
        let (field, descending) = call.query.iter().find_map(|(key, value)| {
            let name = key.strip_prefix("sorting[")?.strip_suffix(']')?;
            let field = self.sortable.iter().find(|known| **known == name)?;
            Some((*field, value.eq_ignore_ascii_case("desc")))
        })?;
        let cell = self.cell;
        self.rows.sort_by(|one, other| {
            let order = compare(cell(one, field).as_ref(), cell(other, field).as_ref());
            if descending { order.reverse() } else { order }
        });
        Some((field, if descending { "DESC" } else { "ASC" }))
    }
}

fn compare(one: Option<&Cell>, other: Option<&Cell>) -> Ordering {
    match (one, other) {
        (Some(Cell::Number(one)), Some(Cell::Number(other))) => one.cmp(other),
        (
            Some(Cell::Text(one) | Cell::Phone(one) | Cell::Email(one)),
            Some(Cell::Text(other) | Cell::Phone(other) | Cell::Email(other)),
        ) => one.cmp(other),
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// Every operator of §2.3.
const OPERATORS: [&str; 11] =
    ["eq", "is", "in", "not_in", "contains", "between", "not_between", "gte", "gt", "lte", "lt"];

/// The filters of the request this list knows; the others are ignored, or refused with 422 by a strict tenant.
fn wanted_filters(
    settings: &Settings,
    call: &Call,
    known: &'static [Filterable],
) -> Result<Vec<Filter>, Reply> {
    let mut filters: Vec<Filter> = Vec::new();
    let mut problems = Problems::default();
    for (key, value) in &call.query {
        let Some(inner) = key.strip_prefix("filtering[") else { continue };
        let Some((name, index)) = inner.split_once(']') else {
            problems.add(key.as_str(), "Bộ lọc không hợp lệ");
            continue;
        };
        let (field, op) = name.split_once(':').unwrap_or((name, "eq"));
        let documented = known.iter().find(|filterable| filterable.field == field).and_then(|filterable| {
            let op = OPERATORS.iter().find(|known| **known == op)?;
            filterable.ops.contains(op).then_some((filterable.field, *op))
        });
        let Some((field, op)) = documented else {
            problems.add(name, format!("Bộ lọc {name} không tồn tại"));
            continue;
        };
        let values: Vec<String> = if index.is_empty() && op != "eq" && op != "contains" {
            value.split(',').map(str::to_owned).collect()
        } else {
            vec![value.clone()]
        };
        match filters.iter_mut().find(|filter| filter.field == field && filter.op == op && !index.is_empty())
        {
            Some(filter) => filter.values.extend(values),
            None => filters.push(Filter { field, op, values }),
        }
    }
    if settings.strict_filters {
        problems.refuse()?;
    }
    Ok(filters)
}

fn passes(settings: &Settings, cell: &Cell, filter: &Filter) -> bool {
    let values = filter.values.as_slice();
    let any_equal = || values.iter().any(|value| equal(settings, cell, value));
    let bound = |at: usize| values.get(at).and_then(|value| order(cell, value));
    let between = || bound(0).is_some_and(Ordering::is_ge) && bound(1).is_some_and(Ordering::is_le);
    match filter.op {
        "eq" | "is" | "in" => any_equal(),
        "not_in" => !any_equal(),
        "contains" => values.iter().any(|value| contains(settings, cell, value)),
        "gte" => bound(0).is_some_and(Ordering::is_ge),
        "gt" => bound(0).is_some_and(Ordering::is_gt),
        "lte" => bound(0).is_some_and(Ordering::is_le),
        "lt" => bound(0).is_some_and(Ordering::is_lt),
        "between" => between(),
        "not_between" => !between(),
        _ => true,
    }
}

fn equal(settings: &Settings, cell: &Cell, value: &str) -> bool {
    match cell {
        Cell::Text(text) => text == value,
        Cell::Phone(phone) if settings.normalise_phones => {
            text::phone_digits(phone) == text::phone_digits(value)
        }
        Cell::Email(email) if settings.ignore_case => email.to_lowercase() == value.to_lowercase(),
        Cell::Phone(text) | Cell::Email(text) => text == value,
        Cell::Number(number) => value.trim().parse() == Ok(*number),
        Cell::Numbers(numbers) => value.trim().parse().is_ok_and(|wanted| numbers.contains(&wanted)),
    }
}

fn contains(settings: &Settings, cell: &Cell, value: &str) -> bool {
    match cell {
        Cell::Phone(phone) if settings.normalise_phones => {
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            text::phone_digits(phone).contains(&digits)
        }
        Cell::Email(email) if settings.ignore_case => email.to_lowercase().contains(&value.to_lowercase()),
        Cell::Text(text) | Cell::Phone(text) | Cell::Email(text) => text.contains(value),
        Cell::Number(number) => number.to_string().contains(value),
        Cell::Numbers(_) => equal(settings, cell, value),
    }
}

/// How the record's value stands to the filter's.
fn order(cell: &Cell, value: &str) -> Option<Ordering> {
    match cell {
        Cell::Number(number) => Some(number.cmp(&value.trim().parse().ok()?)),
        Cell::Text(text) | Cell::Phone(text) | Cell::Email(text) => Some(text.as_str().cmp(value)),
        Cell::Numbers(_) => None,
    }
}

fn mentions(cell: &Cell, wanted: &str) -> bool {
    match cell {
        Cell::Text(text) | Cell::Phone(text) | Cell::Email(text) => text.to_lowercase().contains(wanted),
        _ => false,
    }
}

/// The answer of `/api/v6.1/accounts` without `fields`: the server trips over custom fields (A×1).
pub(super) fn fields_missing() -> Reply {
    Reply::message(StatusCode::INTERNAL_SERVER_ERROR, "Undefined index: custom_fields")
}

//! What is known of an event, in facts and in words.

use common::body;
use common::fault::Said;
use common::haravan::customer::Customer;
use common::haravan::order::Order;
use common::haravan::webhook::{Entity, unwrapped};
use common::id::OrgId;
use common::money::{Currency, Money};
use common::page::Lang;
use common::phone::PhoneNumber;
use common::reason::retry_can_help;
use common::store::StoreError;
use common::store::inbox::history::Ended;
use common::store::inbox::{Event, Inbox, Status};
use common::text::unaccented;
use common::wire::lenient;
use common::words;
use jiff::Timestamp;
use serde::Serialize;

use super::cursor::event_id;
use crate::when::moment;

/// An event.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EventReport {
    /// Its id in addresses.
    pub id: String,
    /// Topic.
    pub topic: &'static str,
    /// `order` or `customer`.
    pub entity: &'static str,
    /// Haravan's id of the order or customer; nothing when the body cannot be read.
    pub haravan_id: Option<i64>,
    /// Shop.
    pub org_id: OrgId,
    /// The order's visible code, or the customer's name.
    pub name: Option<String>,
    /// Who it is about.
    pub person: Option<String>,
    /// The order's total.
    pub total: Option<Money>,
    /// What the total is counted in.
    pub currency: Currency,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Where it stands: `ready`, `working`, `waiting`, `done` or `parked`.
    pub status: &'static str,
    /// Why, a code.
    pub reason: Option<String>,
    /// The reason's detail, in English or in the CRM's own words.
    pub detail: Option<String>,
    /// The same in both languages.
    pub detail_words: Option<Said>,
    /// Whether another try can help, while it is set aside.
    pub retry_can_help: bool,
    /// What a person should know, codes.
    pub warnings: Vec<String>,
    /// Failed tries.
    pub attempts: i64,
    /// When it is tried again, while it waits.
    pub next_try_at: Option<Timestamp>,
    /// The CRM's code of what it became.
    pub crm_code: Option<String>,
    /// What happened to it, the earliest first.
    pub history: Vec<StepReport>,
    /// The id under which the log has what was done about it, and under which the CRM was called.
    pub trace_id: Option<String>,
    #[serde(skip)]
    facts: (Status, common::haravan::webhook::Topic),
}

/// A step of an event's history.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StepReport {
    /// When.
    pub at: Timestamp,
    /// `done`, `waiting`, `parked` or `retried`.
    pub what: &'static str,
    /// Why, a code.
    pub reason: Option<String>,
}

/// What a body says, as far as people look for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subject {
    /// The order's visible code.
    pub number: Option<String>,
    /// Who it is about.
    pub person: Option<String>,
    /// Their numbers.
    pub phones: Vec<PhoneNumber>,
    /// The order's total.
    pub total: Option<Money>,
    /// What the total is counted in.
    pub currency: Currency,
}

impl Subject {
    /// What an event's body says; nothing where it cannot be read.
    pub(crate) async fn of(inbox: &Inbox, event: &Event) -> Result<Self, StoreError> {
        let stored = match inbox.whole_body(event).await {
            Ok(stored) => stored,
            Err(StoreError::Corrupt(_)) => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let Ok(bytes) = body::unpack(&stored) else { return Ok(Self::default()) };
        Ok(unwrapped(&bytes).map(|text| Self::read(event.topic.entity(), &text)).unwrap_or_default())
    }

    fn read(entity: Entity, text: &str) -> Self {
        match entity {
            Entity::Order => {
                let order: Order = lenient::read(text).unwrap_or_default();
                let own = order.customer.as_ref().and_then(Customer::own_phone);
                let others = [&order.shipping_address, &order.billing_address];
                let others = others.into_iter().flatten().filter_map(|address| address.phone());
                Self {
                    phones: own.into_iter().chain(others).collect(),
                    person: order.buyer_name(),
                    total: order.total_price,
                    currency: order.currency(),
                    number: order.name,
                }
            }
            Entity::Customer => {
                let customer: Customer = lenient::read(text).unwrap_or_default();
                Self {
                    number: None,
                    person: customer.name(),
                    phones: customer.own_phone().into_iter().collect(),
                    total: None,
                    currency: Currency::Dong,
                }
            }
        }
    }

    /// Whether a person who looks for this text means it: the order's number, a phone or its last digits, a part of the
    /// name with or without its accents.
    pub(crate) fn is_meant(&self, text: &str, phone: Option<&PhoneNumber>) -> bool {
        let plain = |text: &str| unaccented(text.trim().trim_start_matches('#'));
        let wanted = plain(text);
        let number = self.number.as_deref().map(plain);
        let tail = last_digits(text);
        number.is_some_and(|number| number == wanted)
            || phone.is_some_and(|phone| self.phones.contains(phone))
            || tail.is_some_and(|tail| self.phones.iter().any(|phone| phone.e164().ends_with(&tail)))
            || (wanted.chars().count() > 2
                && self.person.as_deref().is_some_and(|person| unaccented(person).contains(&wanted)))
    }
}

/// The digits of a text that can be the end of a phone number, without the leading zero that stands for the country.
fn last_digits(text: &str) -> Option<String> {
    let is_number = text.chars().all(|char| char.is_ascii_digit() || " +-.()".contains(char));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (is_number && digits.len() >= 4)
        .then(|| digits.trim_start_matches('0').to_owned())
        .filter(|rest| rest.len() >= 3)
}

impl EventReport {
    /// The facts of an event and of its body.
    pub(crate) fn of(event: &Event, subject: Subject) -> Self {
        let step = |step: &common::store::inbox::history::Step| StepReport {
            at: step.at,
            what: match step.ended {
                Ended::Done => "done",
                Ended::Waiting => "waiting",
                Ended::Parked => "parked",
                Ended::Retried => "retried",
            },
            reason: step.reason.clone(),
        };
        let detail = event.detail.as_deref().map(Said::read);
        Self {
            id: event_id(&event.key),
            topic: event.topic.as_str(),
            entity: event.topic.entity().as_str(),
            haravan_id: event.key.id(),
            org_id: event.org,
            name: subject.number,
            person: subject.person,
            total: subject.total,
            currency: subject.currency,
            received_at: event.received_at,
            status: event.status.as_str(),
            reason: event.reason.clone(),
            detail: detail.as_ref().map(|said| said.en.clone()),
            detail_words: detail,
            retry_can_help: event.status == Status::Parked && retry_can_help(event.reason.as_deref()),
            warnings: event.warnings.clone(),
            attempts: event.attempts,
            next_try_at: event.due.filter(|_| event.status == Status::Waiting),
            crm_code: event.crm_code.clone(),
            history: event.history.iter().map(step).collect(),
            trace_id: event.trace.map(|trace| trace.to_string()),
            facts: (event.status, event.topic),
        }
    }

    /// The reports of events, with what their bodies say.
    pub(crate) async fn all(inbox: &Inbox, events: &[Event]) -> Result<Vec<Self>, StoreError> {
        let mut reports = Vec::with_capacity(events.len());
        for event in events {
            reports.push(Self::of(event, Subject::of(inbox, event).await?));
        }
        Ok(reports)
    }

    /// What it is, in words: `Đơn hàng mới #100131`.
    pub(crate) fn title(&self, lang: Lang) -> String {
        let (vi, en) = words::of_topic(self.facts.1);
        let which = self.name.clone().or_else(|| self.haravan_id.map(|id| id.to_string()));
        match which {
            Some(which) => format!("{} {which}", lang.of(vi, en)),
            None => lang.of(vi, en).to_owned(),
        }
    }

    /// Tone and words of where it stands.
    pub(crate) fn state(&self, lang: Lang) -> (&'static str, &'static str) {
        let (vi, en) = words::of_status(self.facts.0);
        let tone = match self.facts.0 {
            Status::Parked => "bad",
            Status::Waiting => "warn",
            Status::Done if self.warnings.is_empty() => "good",
            Status::Done => "warn",
            Status::Ready | Status::Working | Status::Kept => "",
        };
        (tone, lang.of(vi, en))
    }

    /// The reason's detail, in words.
    pub(crate) fn told(&self, lang: Lang) -> Option<&str> {
        self.detail_words.as_ref().map(|said| said.of(lang))
    }

    /// Why it stands where it does, in words.
    pub(crate) fn why(&self, lang: Lang) -> Option<String> {
        self.reason.as_deref().map(|code| reason(lang, code))
    }

    /// What a person should know, in words.
    pub(crate) fn notes(&self, lang: Lang) -> Vec<String> {
        let said = |code: &String| match words::of_warning(code) {
            Some((vi, en)) => lang.of(vi, en).to_owned(),
            None => code.clone(),
        };
        self.warnings.iter().map(said).collect()
    }

    /// When it arrived, in words.
    pub(crate) fn received(&self) -> String {
        moment(self.received_at)
    }

    /// The order's total, in words.
    pub(crate) fn sum(&self) -> Option<String> {
        self.total.map(|total| total.said(&self.currency))
    }

    /// When it is tried again, in words.
    pub(crate) fn next_try(&self) -> Option<String> {
        self.next_try_at.map(moment)
    }

    /// The time line: moment and words, from its arrival to what comes next.
    pub(crate) fn time_line(&self, lang: Lang) -> Vec<(String, String)> {
        let arrived = lang.of("Nhận từ Haravan", "Received from Haravan").to_owned();
        let mut line = vec![(moment(self.received_at), arrived)];
        line.extend(self.history.iter().map(|step| (moment(step.at), step.words(lang))));
        if let Some(next) = self.next_try_at {
            line.push((moment(next), lang.of("Sẽ thử lại", "Next try").to_owned()));
        }
        line
    }
}

impl StepReport {
    fn words(&self, lang: Lang) -> String {
        let what = match self.what {
            "done" => lang.of("Xong", "Done"),
            "waiting" => lang.of("Chờ thử lại", "Put off"),
            "parked" => lang.of("Dừng, cần người xem", "Set aside for a person"),
            _ => lang.of("Có người bấm Thử lại", "Retried by a person"),
        };
        match self.reason.as_deref() {
            Some(code) => format!("{what}: {}", reason(lang, code)),
            None => what.to_owned(),
        }
    }
}

fn reason(lang: Lang, code: &str) -> String {
    words::of_reason(code).map_or(code, |(vi, en)| lang.of(vi, en)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_meant_by_its_number_its_buyer_and_any_of_its_phones() {
        let text = include_str!("../../../../tests/fixtures/order_create.json");
        let subject = Subject::read(Entity::Order, text);
        let order: Order = serde_json::from_str(text).unwrap();
        let meant = |text: &str| subject.is_meant(text, PhoneNumber::parse(text).as_ref());
        let number = order.name.clone().unwrap();
        assert!(meant(&number) && meant(number.trim_start_matches('#')), "{number}");
        assert!(meant(&order.phone().unwrap().local()) && meant(order.phone().unwrap().e164()));
        let name = order.buyer_name().unwrap();
        assert!(meant(&name.to_uppercase()), "{name}");
        for other in ["", "#", "0900000009", "10013", "x"] {
            assert!(!meant(other), "{other:?}");
        }
    }

    #[test]
    fn a_name_is_found_without_its_accents_and_a_phone_by_any_spelling_of_its_end() {
        let subject = Subject {
            person: Some("Nguyễn Đặng Hòa Bình".to_owned()),
            phones: PhoneNumber::parse("0903555018").into_iter().collect(),
            ..Subject::default()
        };
        let meant = |text: &str| subject.is_meant(text, PhoneNumber::parse(text).as_ref());
        for text in
            ["hoa binh", "HÒA BÌNH", "Hoà Bình", "hòa bình", "Ho\u{300}a", "dang hoa", "ĐẶNG", "nguyen  dang"]
        {
            assert!(meant(text), "{text}");
        }
        for text in [
            "0903555018",
            "+84903555018",
            "84 903 555 018",
            "903555018",
            "090 355 5018",
            "5018",
            "555018",
            "555.018",
        ] {
            assert!(meant(text), "{text}");
        }
        for text in ["hoa an", "018", "0903555019", "9035", "5018x", "0000", "+84"] {
            assert!(!meant(text), "{text}");
        }
    }

    #[test]
    fn a_body_of_nonsense_says_nothing() {
        for text in ["{}", "null", "[]", "\"x\""] {
            assert!(Subject::read(Entity::Order, text).person.is_none());
            assert!(Subject::read(Entity::Customer, text).phones.is_empty());
        }
    }
}

//! From something that happened in a shop to the deliveries it causes, faults worked in (haravan.md §2.5, §2.7,
//! §8).

use std::time::Duration;

use bytes::Bytes;

use super::buyers::{GUEST_EMAIL, make_masked, mask_address};
use super::clock::later;
use super::customer_body::customer_text;
use super::delivery::{Delivery, DeliveryState};
use super::faults::Fault;
use super::ids::OrgId;
use super::invent_order::pad;
use super::model::{Customer, Order};
use super::order_body::order_text;
use super::sign::{self, delivery_headers, sign};
use super::state::State;
use super::style::{BodyStyle, NumberStyle, TimeStyle, Wrapper};

/// What a delivery is about.
pub(super) enum Subject {
    Order(Box<Order>),
    Customer(Box<Customer>),
    /// The body as it is to be sent.
    Text(Bytes),
}

/// Something that happened.
pub(super) struct Event {
    pub topic: String,
    pub subject: Subject,
}

impl Event {
    pub(super) fn order(topic: &str, order: &Order) -> Self {
        Self { topic: topic.to_owned(), subject: Subject::Order(Box::new(order.clone())) }
    }

    pub(super) fn customer(topic: &str, customer: &Customer) -> Self {
        Self { topic: topic.to_owned(), subject: Subject::Customer(Box::new(customer.clone())) }
    }

    pub(super) fn text(topic: &str, body: impl Into<Bytes>) -> Self {
        Self { topic: topic.to_owned(), subject: Subject::Text(body.into()) }
    }

    fn entity_id(&self) -> i64 {
        match &self.subject {
            Subject::Order(order) => order.id,
            Subject::Customer(customer) => customer.id,
            Subject::Text(_) => 0,
        }
    }
}

impl State {
    /// Queues the deliveries of `events`, in this order, to every app of the shop that has subscribed to them.
    /// Returns their numbers.
    pub(super) fn emit(&mut self, org: OrgId, mut events: Vec<Event>) -> Vec<u64> {
        let created = events.iter().position(|event| event.topic == "orders/create");
        if let Some(place) = created.filter(|place| place + 1 < events.len())
            && self.faults.take_one(&Fault::SwappedOrder)
        {
            let first = events.remove(place);
            events.push(first);
        }
        let mut numbers = Vec::new();
        for event in events {
            for client_id in self.subscribers(org, &event.topic) {
                numbers.extend(self.queue(org, &client_id, &event));
            }
        }
        numbers
    }

    /// The apps that hear of `topic` from this shop.
    pub(super) fn subscribers(&self, org: OrgId, topic: &str) -> Vec<String> {
        let active = self.subscriptions.values().filter(|one| one.orgid == org && one.deleted.is_none());
        active
            .filter(|one| one.records.iter().any(|record| record.event == topic))
            .map(|one| one.client_id.clone())
            .collect()
    }

    /// Queues one delivery, or two under [`Fault::DuplicateDelivery`].
    pub(super) fn queue(&mut self, org: OrgId, client_id: &str, event: &Event) -> Vec<u64> {
        let Ok(secret) = self.app(client_id).map(|app| app.client_secret.clone()) else {
            return Vec::new();
        };
        let faults = self.faults.take_for_delivery(&event.topic);
        let body = self.body(&event.subject, &faults);
        let headers = self.headers(org, &event.topic, &secret, &body, &faults);
        let now = self.now();
        let mut due = now;
        let mut state = DeliveryState::Waiting;
        let mut copies = 1;
        for fault in &faults {
            match fault {
                Fault::Late { seconds } => due = later(now, Duration::from_secs(*seconds)),
                Fault::LateAfterUninstall => state = DeliveryState::Held,
                Fault::Dropped { percent } if self.generator.rng.u8(..100) < *percent => {
                    state = DeliveryState::Dropped;
                }
                Fault::DuplicateDelivery => copies = 2,
                _ => {}
            }
        }
        let mut numbers = Vec::new();
        for _ in 0..copies {
            let id = self.deliveries.keys().next_back().map_or(1, |last| last.saturating_add(1));
            numbers.push(id);
            let delivery = Delivery {
                id,
                orgid: org,
                client_id: client_id.to_owned(),
                topic: event.topic.clone(),
                entity_id: event.entity_id(),
                headers: headers.clone(),
                body: body.clone(),
                body_bytes: body.len(),
                faults: faults.clone(),
                state,
                created_at: now,
                next_attempt_at: due,
                attempts: Vec::new(),
            };
            self.deliveries.insert(id, delivery);
        }
        numbers
    }

    fn body(&mut self, subject: &Subject, faults: &[Fault]) -> Bytes {
        if faults.contains(&Fault::TestPing) {
            return Bytes::new();
        }
        match subject {
            Subject::Text(body) => body.clone(),
            Subject::Customer(customer) => {
                let mut customer = (**customer).clone();
                if faults.contains(&Fault::GuestEmail) {
                    customer.email = Some(GUEST_EMAIL.to_owned());
                }
                customer_text(&customer, &faulty_style(customer.style, faults)).into()
            }
            Subject::Order(order) => {
                let mut order = (**order).clone();
                order.style = faulty_style(order.style, faults);
                for fault in faults {
                    match fault {
                        Fault::CustomerNull => order.customer = None,
                        Fault::PartiallyPaid => order.payment = super::spec::Payment::PartiallyPaid,
                        Fault::GuestEmail => put_guest_email(&mut order),
                        Fault::MaskedMarketplace => mask(&mut order),
                        Fault::HugeBody { bytes, noise } => {
                            pad(&mut self.generator, &mut order, *bytes, *noise);
                        }
                        _ => {}
                    }
                }
                order_text(&order, &order.style).into()
            }
        }
    }

    fn headers(
        &mut self,
        org: OrgId,
        topic: &str,
        secret: &str,
        body: &[u8],
        faults: &[Fault],
    ) -> Vec<(String, String)> {
        let signature = if faults.contains(&Fault::BadHmac) {
            sign(&self.generator.hex(64), b"another body")
        } else if faults.contains(&Fault::HmacOverOtherKey) {
            sign("the_secret_of_another_app", body)
        } else {
            sign(secret, body)
        };
        let topic = if faults.contains(&Fault::UnknownTopic) { "orders/teleported" } else { topic };
        let number = self.generator.rng.u32(100_000..1_000_000);
        let mut headers = delivery_headers(topic, &org.to_string(), &signature, number);
        for fault in faults {
            match fault {
                Fault::TestPing => headers.push((sign::TEST.to_owned(), "True".to_owned())),
                Fault::MissingTopic => headers.retain(|(name, _)| name != sign::TOPIC),
                Fault::MissingOrg => headers.retain(|(name, _)| name != sign::ORG),
                _ => {}
            }
        }
        for (name, _) in &mut headers {
            if faults.contains(&Fault::LowerCaseHeaders) {
                *name = name.to_ascii_lowercase();
            } else if faults.contains(&Fault::MixedCaseHeaders) {
                *name = mixed_case(name);
            }
        }
        headers
    }
}

fn faulty_style(mut style: BodyStyle, faults: &[Fault]) -> BodyStyle {
    for fault in faults {
        match fault {
            Fault::WrappedEntity => style.wrapper = Wrapper::Entity,
            Fault::WrappedData => style.wrapper = Wrapper::Data,
            Fault::WrappedDataEntity => style.wrapper = Wrapper::DataEntity,
            Fault::StringNumbers => style.numbers = NumberStyle::StringsAndIds,
            Fault::SevenDigitFractions => {
                style.numbers = NumberStyle::SevenDecimals;
                style.times = TimeStyle::SevenDigits;
            }
            _ => {}
        }
    }
    style
}

fn put_guest_email(order: &mut Order) {
    order.email = Some(GUEST_EMAIL.to_owned());
    if let Some(customer) = &mut order.customer {
        customer.email = Some(GUEST_EMAIL.to_owned());
    }
}

fn mask(order: &mut Order) {
    order.source = Some("shopee".to_owned());
    order.email = Some(GUEST_EMAIL.to_owned());
    if let Some(customer) = &mut order.customer {
        make_masked(customer);
        let shown = customer.first_name.clone().unwrap_or_default();
        for address in order.billing.iter_mut().chain(&mut order.shipping) {
            mask_address(address, &shown);
        }
    }
    for line in &mut order.lines {
        line.product_id = None;
        line.variant_id = None;
    }
}

/// `X-Haravan-Topic` → `x-hARAVAN-tOPIC`.
fn mixed_case(name: &str) -> String {
    let swap = |letter: char| match letter {
        'a'..='z' => letter.to_ascii_uppercase(),
        _ => letter.to_ascii_lowercase(),
    };
    name.chars().map(swap).collect()
}

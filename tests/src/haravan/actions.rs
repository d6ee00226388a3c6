//! What happens in the simulated shop, in process: each call changes the shop and queues the deliveries of its
//! topics (haravan.md §3.14, §8). Nothing is sent before [`Simulator::deliver_due`] or
//! [`Simulator::run_deliveries`].

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::clock::{earlier, later, whole_millis};
use super::customer_spec::{CustomerChange, CustomerSpec};
use super::delivery::{Delivery, DeliveryState};
use super::emit::Event;
use super::ids::{CustomerId, OrderId, OrgId, UserId};
use super::invent_order::invent_line;
use super::model::went_through;
use super::model::{Customer, Order};
use super::money::{push_payment, push_refund};
use super::refusal::Refusal;
use super::simulator::Simulator;
use super::spec::{Buyer, CancelSpec, OrderChange, OrderSpec, Payment, PaymentSpec, RefundPlace};
use super::state::State;

const CANCEL_REASONS: [&str; 5] = ["customer", "fraud", "inventory", "declined", "other"];

impl Simulator {
    /// Places an order. Queues `customers/create` for a new buyer, `orders/create`, `orders/updated` and, when it
    /// is paid, `orders/paid`, as far as the specification announces them.
    pub fn create_order(&self, spec: OrderSpec) -> Result<OrderId, Refusal> {
        let mut state = self.state();
        let org = state.org(spec.orgid)?;
        let order = state.place(org, &spec)?;
        let mut events = Vec::new();
        if let Some(customer) = &order.customer
            && spec.announce_customer
            && !matches!(spec.buyer, Buyer::Known(_))
        {
            events.push(Event::customer("customers/create", &before_first_order(customer)));
        }
        events.push(Event::order("orders/create", &order));
        let order = state.touch(org, order, spec.announce_updated)?;
        if spec.announce_updated {
            events.push(Event::order("orders/updated", &order));
        }
        if spec.announce_paid && order.payment == Payment::Paid {
            events.push(Event::order("orders/paid", &order));
        }
        state.emit(org, events);
        Ok(OrderId(order.id))
    }

    /// Records a payment: `orders/updated`, and `orders/paid` once nothing is owed. One that did not go through changes
    /// nothing else.
    pub fn pay_order(&self, id: OrderId, payment: PaymentSpec) -> Result<(), Refusal> {
        self.change(id, |state, order, now| {
            let owed = order.total() - order.received();
            if owed <= Decimal::ZERO && order.payment == Payment::Paid {
                return Err(Refusal::Invalid(format!("order {id} is already paid")));
            }
            let amount = payment.amount.map_or(owed, |amount| amount.amount().min(owed));
            push_payment(&mut state.generator, order, &payment, amount, now);
            record_user(order, payment.staff);
            if !went_through(payment.status.as_deref()) {
                return Ok(vec!["orders/updated"]);
            }
            let settled = amount == owed;
            order.payment = if settled { Payment::Paid } else { Payment::PartiallyPaid };
            Ok(if settled { vec!["orders/updated", "orders/paid"] } else { vec!["orders/updated"] })
        })
    }

    /// Cancels an order: `orders/cancelled` and `orders/updated`.
    pub fn cancel_order(&self, id: OrderId, cancel: CancelSpec) -> Result<(), Refusal> {
        let reason = cancel.reason.unwrap_or_else(|| "customer".to_owned());
        if !CANCEL_REASONS.contains(&reason.as_str()) {
            return Err(Refusal::Invalid(format!("reason {reason:?} is none of {CANCEL_REASONS:?}")));
        }
        self.change(id, |state, order, now| {
            if order.cancelled_at.is_some() {
                return Err(Refusal::Invalid(format!("order {id} is already cancelled")));
            }
            order.cancelled_at = Some(now);
            order.cancel_reason = Some(reason);
            let received = order.received();
            if cancel.refund && received > Decimal::ZERO {
                push_refund(&mut state.generator, order, received, RefundPlace::default(), now);
                order.payment = Payment::Refunded;
            }
            Ok(vec!["orders/cancelled", "orders/updated"])
        })
    }

    /// Changes an order: `orders/updated`, and `orders/fulfilled` when it is fulfilled.
    pub fn update_order(&self, id: OrderId, change: OrderChange) -> Result<(), Refusal> {
        self.change(id, |state, order, now| {
            change.note.change(&mut order.note);
            change.tags.change(&mut order.tags);
            if change.confirm {
                order.confirmed_at.get_or_insert(now);
                order.confirm_user = change.staff.map(|user| user.0).or(order.confirm_user);
            }
            if change.close {
                order.closed_at.get_or_insert(now);
            }
            if change.fulfil {
                order.fulfilled = true;
                order.lines.iter_mut().for_each(|line| line.fulfilled = true);
            }
            if change.drop_last_line && order.lines.len() > 1 {
                order.lines.pop();
            }
            let org = state.shop_of_order(id)?;
            let storefront = state.shop(org)?.storefront();
            for line in change.add_lines.iter().take(1000) {
                order.lines.push(invent_line(&mut state.generator, &storefront, line));
            }
            let most = order.subtotal() + order.shipping_price;
            for code in &mut order.codes {
                code.amount = code.amount.min(most);
            }
            Ok(if change.fulfil {
                vec!["orders/updated", "orders/fulfilled"]
            } else {
                vec!["orders/updated"]
            })
        })
    }

    /// Creates a customer: `customers/create`.
    pub fn create_customer(&self, spec: CustomerSpec) -> Result<CustomerId, Refusal> {
        let mut state = self.state();
        let org = state.org(spec.orgid)?;
        let now = state.now();
        let customer = state.generator.customer(now, &spec);
        state.shop_mut(org)?.customers.insert(customer.id, customer.clone());
        state.emit(org, vec![Event::customer("customers/create", &customer)]);
        Ok(CustomerId(customer.id))
    }

    /// Changes a customer: `customers/update`.
    pub fn update_customer(&self, id: CustomerId, change: CustomerChange) -> Result<(), Refusal> {
        let mut state = self.state();
        let org = state.shop_of_customer(id)?;
        let now = state.now();
        let shop = state.shop_mut(org)?;
        let customer = shop.customers.get_mut(&id.0).ok_or(Refusal::UnknownCustomer(id))?;
        change.first_name.change(&mut customer.first_name);
        change.last_name.change(&mut customer.last_name);
        change.email.change(&mut customer.email);
        change.phone.change(&mut customer.phone);
        change.gender.change(&mut customer.gender);
        change.birthday.change(&mut customer.birthday);
        change.tags.change(&mut customer.tags);
        change.note.change(&mut customer.note);
        if let Some(address) = customer.addresses.first_mut() {
            change.address1.change(&mut address.address1);
        }
        customer.updated_at = after(customer.updated_at, now);
        let event = Event::customer("customers/update", customer);
        state.emit(org, vec![event]);
        Ok(())
    }

    /// The shop removes the app: its tokens, refresh tokens and codes die, its subscription ends, what was still to be delivered is
    /// cancelled, `app/uninstalled` is queued, and what was held back for this moment comes due after it.
    pub fn uninstall(&self, org: Option<OrgId>, client_id: Option<&str>) -> Result<(), Refusal> {
        let mut state = self.state();
        let org = state.org(org)?;
        let client_id = state.app_or_first(client_id)?.client_id.clone();
        state.cancel_deliveries(org, &client_id);
        let event = Event::text("app/uninstalled", format!("{{\"org_id\":{org}}}"));
        if state.subscribers(org, &event.topic).contains(&client_id) {
            state.queue(org, &client_id, &event);
        }
        let now = state.now();
        for delivery in state.deliveries.select_mut(|delivery| delivery.is_for(org, &client_id)) {
            match delivery.state {
                DeliveryState::Held => {
                    delivery.state = DeliveryState::Waiting;
                    delivery.next_attempt_at = now;
                }
                // Earlier than what was held back, so that it goes first.
                DeliveryState::Waiting if delivery.next_attempt_at == now => {
                    delivery.next_attempt_at = earlier(now, Duration::from_millis(1));
                }
                _ => {}
            }
        }
        state.tokens.retain(|_, token| token.orgid != org || token.client_id != client_id);
        state.accounts.withdraw(org, &client_id);
        if let Some(subscription) = state.subscriptions.get_mut(&(org, client_id)) {
            subscription.deleted = Some("uninstalled".to_owned());
            subscription.records.clear();
        }
        Ok(())
    }

    /// Queues a delivery of any topic and body to one app, subscribed or not.
    pub fn send(
        &self,
        org: Option<OrgId>,
        client_id: Option<&str>,
        topic: &str,
        body: impl Into<Bytes>,
    ) -> Result<(), Refusal> {
        if topic.is_empty() || !topic.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::Invalid("topic must be printable ASCII".to_owned()));
        }
        let mut state = self.state();
        let org = state.org(org)?;
        let client_id = state.app_or_first(client_id)?.client_id.clone();
        state.queue(org, &client_id, &Event::text(topic, body));
        Ok(())
    }

    /// Applies `change` to a copy of the order; stores and announces the copy only when it succeeds.
    fn change(
        &self,
        id: OrderId,
        change: impl FnOnce(&mut State, &mut Order, Timestamp) -> Result<Vec<&'static str>, Refusal>,
    ) -> Result<(), Refusal> {
        let mut state = self.state();
        let org = state.shop_of_order(id)?;
        let found = state.shop(org)?.orders.get(&id.0).cloned();
        let mut order = found.ok_or(Refusal::UnknownOrder(id))?;
        let now = after(order.updated_at, state.now());
        let topics = change(&mut state, &mut order, now)?;
        let order = state.touch(org, order, true)?;
        let events = topics.into_iter().map(|topic| Event::order(topic, &order)).collect();
        state.emit(org, events);
        Ok(())
    }
}

impl State {
    /// Stores the order, with a later `updated_at` when it has changed.
    fn touch(&mut self, org: OrgId, mut order: Order, changed: bool) -> Result<Order, Refusal> {
        if changed {
            order.updated_at = after(order.updated_at, self.now());
        }
        self.shop_mut(org)?.orders.insert(order.id, order.clone());
        Ok(order)
    }

    /// Cancels what is still to be delivered to an app for a shop, apart from what is held for an uninstall.
    pub(super) fn cancel_deliveries(&mut self, org: OrgId, client_id: &str) {
        let waiting =
            |delivery: &Delivery| delivery.is_for(org, client_id) && delivery.state == DeliveryState::Waiting;
        for delivery in self.deliveries.select_mut(waiting) {
            delivery.state = DeliveryState::Cancelled;
        }
    }
}

/// The record as it was when only the person existed.
fn before_first_order(customer: &Customer) -> Customer {
    let mut customer = customer.clone();
    customer.orders_count = 0;
    customer.total_spent = Decimal::ZERO;
    customer.last_order = None;
    customer.updated_at = customer.created_at;
    customer
}

/// `now`, but in any case later than `last`: two changes never carry the same time.
fn after(last: Timestamp, now: Timestamp) -> Timestamp {
    whole_millis(now).max(later(whole_millis(last), Duration::from_millis(10)))
}

fn record_user(order: &mut Order, staff: Option<UserId>) {
    if let (Some(user), Some(transaction)) = (staff, order.transactions.last_mut()) {
        transaction.user_id = user.0;
    }
}

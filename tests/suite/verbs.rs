//! Verbs and looks that the tests by subject share.

use std::collections::HashSet;

use common::haravan::webhook::Topic;
use common::store::connections::{ConnectionRef, reason};
use common::store::inbox::{Event, EventKey, Status};
use connect_tests::getfly::{Account, Order, SeedAccount, User};
use connect_tests::haravan::{CustomerSpec, OrderSpec};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::harness::{World, fixture};

/// A member of the simulated shop's staff, and their e-mail (`Seed::demo`).
pub const STAFF: (i64, &str) = (200_001_038_977, "thuha@example.com");

/// The manager that the seeded tenant's settings name.
pub const DEFAULT_MANAGER: &str = "quanly.kinhdoanh";

/// The body, changed.
pub fn edited(body: &[u8], edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut read: Value = serde_json::from_slice(body).unwrap();
    edit(&mut read);
    serde_json::to_vec(&read).unwrap()
}

/// The fixture's paid order, placed by the buyer: it asks nobody who its staff are.
pub fn paid_order() -> Vec<u8> {
    edited(fixture::PAID_ORDER, |body| body["user_id"] = 0.into())
}

/// An amount, exactly.
pub fn dong(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A customer that was in the CRM before.
pub fn earlier_customer(code: &str, phone: &str, email: &str) -> SeedAccount {
    SeedAccount {
        account_code: Some(code.to_owned()),
        account_name: "Khách cũ".to_owned(),
        phone_office: phone.to_owned(),
        email: email.to_owned(),
        ..SeedAccount::default()
    }
}

/// An active CRM user.
pub fn crm_user(login: &str, email: &str) -> User {
    User {
        user_name: login.to_owned(),
        contact_name: login.to_owned(),
        email: email.to_owned(),
        valid: 1,
        ..User::default()
    }
}

/// That the event did its work and has nothing to tell.
#[track_caller]
pub fn assert_carried_over(event: &Event) {
    assert_done(event, None, &[]);
}

/// That the event is done, with this reason and exactly these warnings.
#[track_caller]
pub fn assert_done(event: &Event, reason: Option<&str>, warnings: &[&str]) {
    assert_eq!(event.status, Status::Done, "{event:?}");
    assert_eq!(event.reason.as_deref(), reason, "{event:?}");
    assert_eq!(event.warnings, warnings, "{event:?}");
}

/// That the event was set aside for this reason.
#[track_caller]
pub fn assert_parked(event: &Event, reason: &str) {
    assert_eq!((event.status, event.reason.as_deref()), (Status::Parked, Some(reason)), "{event:?}");
}

impl World {
    /// Posts a body as Haravan would and works it to its end; gives the event it became.
    pub async fn carry(&self, topic: &str, body: &[u8]) -> Event {
        let event = self.accept(topic, body).await;
        self.work_until_done().await;
        self.again(&event).await
    }

    /// Posts a body that must be stored as a new event, and gives that.
    pub async fn accept(&self, topic: &str, body: &[u8]) -> Event {
        let before: HashSet<EventKey> = self.events().await.into_iter().map(|event| event.key).collect();
        assert_eq!(self.post(topic, body).await, 200);
        let mut new: Vec<Event> =
            self.events().await.into_iter().filter(|event| !before.contains(&event.key)).collect();
        assert_eq!(new.len(), 1, "one new event of {topic}");
        new.remove(0)
    }

    /// The event as it stands now.
    pub async fn again(&self, event: &Event) -> Event {
        self.stack.store.inbox.get(&event.key).await.unwrap().unwrap()
    }

    /// Makes a parked event ready by hand and works it to its end.
    pub async fn retry(&self, event: &Event) -> Event {
        use common::clock::Clock;
        assert!(self.stack.store.inbox.retry(&event.key, self.clock.now()).await.unwrap(), "{event:?}");
        self.work_until_done().await;
        self.again(event).await
    }

    /// Disconnects the seeded shop and lets the caches notice.
    pub async fn disconnect(&self) {
        use common::clock::Clock;
        let shops = &self.stack.store.connections;
        for shop in shops.shops(&self.tenant()).await.unwrap() {
            assert!(shops.end(&shop.this(), reason::BY_ADMIN, self.clock.now()).await.unwrap());
            let ended = ConnectionRef { generation: shop.generation + 1, ..shop.this() };
            assert!(shops.finish_end(&ended).await.unwrap());
        }
        self.clock.advance(common::tenant::FRESH);
    }

    /// Places an order on the simulated shop, announced by `orders/create` alone, and works it to its end.
    pub async fn place(&self, spec: OrderSpec) -> Event {
        let id = self.haravan().create_order(spec.quietly()).unwrap().0;
        self.deliver_everything_due().await;
        self.event_of(Topic::OrderCreate, id).await
    }

    /// Creates a customer on the simulated shop and works it to its end.
    pub async fn register(&self, spec: CustomerSpec) -> Event {
        let id = self.haravan().create_customer(spec).unwrap().0;
        self.deliver_everything_due().await;
        self.event_of(Topic::CustomerCreate, id).await
    }

    /// The one event of this topic about this entity.
    pub async fn event_of(&self, topic: Topic, id: i64) -> Event {
        let events = self.events().await;
        let mut found: Vec<Event> =
            events.into_iter().filter(|event| event.topic == topic && event.key.id() == Some(id)).collect();
        assert_eq!(found.len(), 1, "events of {topic} about {id}");
        found.remove(0)
    }

    /// The CRM's only order of the event.
    #[track_caller]
    pub fn order_of(&self, event: &Event) -> Order {
        let code = event.crm_code.as_deref().unwrap_or_else(|| panic!("became nothing: {event:?}"));
        let mut orders = self.getfly().orders_coded(code);
        assert_eq!(orders.len(), 1, "orders of code {code}");
        orders.remove(0)
    }

    /// The CRM's customer of a customer event.
    #[track_caller]
    pub fn account_of(&self, event: &Event) -> Account {
        let code = event.crm_code.as_deref().unwrap_or_else(|| panic!("became nothing: {event:?}"));
        self.getfly().account(code).unwrap_or_else(|| panic!("no customer of code {code}"))
    }

    /// The CRM's customer of an order event.
    #[track_caller]
    pub fn buyer_of(&self, event: &Event) -> Account {
        let code = self.order_of(event).account_code;
        self.getfly().account(&code).unwrap_or_else(|| panic!("no customer of code {code}"))
    }

    /// The only customer in the CRM.
    #[track_caller]
    pub fn only_account(&self) -> Account {
        let mut accounts = self.getfly().accounts();
        assert_eq!(accounts.len(), 1, "{accounts:?}");
        accounts.remove(0)
    }

    /// The login of the person in charge of a customer.
    pub fn manager_of(&self, account: &Account) -> Option<String> {
        self.login(account.account_manager)
    }

    /// The login of an order's assignee.
    pub fn assignee_of(&self, order: &Order) -> Option<String> {
        self.login(order.assigned_user)
    }

    fn login(&self, id: u64) -> Option<String> {
        self.getfly().users().into_iter().find(|user| user.user_id == id).map(|user| user.user_name)
    }

    /// The names of a customer's sources.
    pub fn sources_of(&self, account: &Account) -> Vec<String> {
        let sources = self.getfly().account_sources();
        let named = |id: &u64| {
            sources.iter().find(|source| source.id == *id).map(|source| source.source_name.clone())
        };
        account.account_source.iter().filter_map(named).collect()
    }

    /// The payments of an order: method, amount, day.
    pub fn payments_of(&self, order: &Order) -> Vec<(String, Decimal, String)> {
        let payments = self.getfly().payments().into_iter().filter(|payment| payment.order_id == order.id);
        payments.map(|payment| (payment.method_name, payment.amount, payment.pay_date)).collect()
    }

    /// The bodies sent to a route of the CRM, such as `POST /api/v6.1/account`.
    pub fn sent_to(&self, route: &str) -> Vec<Value> {
        let requests = self.getfly().requests().into_iter().filter(|request| request.route() == route);
        requests.filter_map(|request| request.body).collect()
    }
}

/// The route that creates customers.
pub const CREATE_ACCOUNT: &str = "POST /api/v6.1/account";
/// The route that creates orders.
pub const CREATE_ORDER: &str = "POST /api/v6.1/sale_order";

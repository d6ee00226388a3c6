//! The story of one tenant in a deployed region.

use std::time::Duration;

use connect_tests::facebook::{self, SELLER, SHOP_PAGE};
use connect_tests::getfly::Fault;
use connect_tests::haravan::{Answer as HaravanAnswer, Choice, CustomerSpec, OrderId, OrderSpec};
use connect_tests::zalo;
use serde_json::{Value, json};

use crate::browser::{Browser, path_of};
use crate::cloud::Cloud;
use crate::edge::Edge;
use crate::providers::{APP, PAGES_URL, Providers};
use crate::until;

const TENANT: &str = "hat-mam";
const OWNER: &str = "minhanh@example.com";
/// How long the stream and a function may take, on a busy machine that emulates another processor.
const SOON: Duration = Duration::from_secs(60);
/// The schedule's minute, and what the emulator takes to look.
const NEXT_RUN: Duration = Duration::from_secs(200);

struct Region {
    cloud: Cloud,
    edge: Edge,
    providers: Providers,
    admin: Browser,
}

impl Region {
    /// Deployed, with one tenant whose admin has the console open.
    async fn open() -> Option<Self> {
        let edge = Edge::start().await;
        let providers = Providers::start(&edge.url).await;
        let cloud = Cloud::deploy(&providers).await?;
        edge.lead_to(cloud.url.clone(), cloud.outputs.clone());
        let (crm_url, public_url) = (providers.crm_url.as_str(), edge.url.as_str());
        let added = cloud.operate(&[
            "tenants",
            "add",
            TENANT,
            "--crm-url",
            crm_url,
            "--public-url",
            public_url,
            "--setting",
            "default_manager=quanly.kinhdoanh",
        ]);
        let key = added["api_key"].as_str().unwrap();
        let asked = json!({"admin": {"id": "7", "name": "Lan"}, "lang": "vi"});
        let asked =
            reqwest::Client::new().post(format!("{public_url}/api/sessions")).bearer_auth(key).json(&asked);
        let link: Value = asked.send().await.unwrap().json().await.unwrap();
        let mut admin = Browser::new(public_url);
        let entered = admin.submit(&path_of(link["url"].as_str().unwrap()), &[]).await;
        assert!(entered.to().ends_with("/console/haravan"), "{entered:?}");
        Some(Self { cloud, edge, providers, admin })
    }

    /// The app at Haravan, with what the guide says is to be pasted there, and its secret in the console.
    async fn set_up_the_app(&mut self) {
        let guide = self.admin.get("/console/haravan").await;
        let address = format!("{}/api/haravan/webhook/{TENANT}", self.edge.url);
        assert!(guide.html.contains(&address), "{guide:?}");
        let (_, token) = guide.html.split_once("hrv_verify_").unwrap();
        let verify_token = format!("hrv_verify_{}", token.split('<').next().unwrap());
        let haravan = &self.providers.haravan;
        let challenged = haravan.register_webhook(None, &address, &verify_token).await.unwrap();
        assert!(challenged.verified, "{challenged:?}");
        let csrf = guide.field("csrf");
        let fields =
            [("csrf", csrf.as_str()), ("client_id", APP.0), ("client_secret", APP.1), ("old_secret", "now")];
        let saved = self.admin.submit("/console/haravan/app", &fields).await;
        assert_eq!(saved.to(), "/console/haravan?done=saved");
    }

    /// From the button through both steps at Haravan.
    async fn connect_the_shop(&mut self) {
        let csrf = self.admin.get("/console/haravan").await.field("csrf");
        let led = self.admin.submit("/console/haravan/connect", &[("csrf", &csrf)]).await;
        let mut at = self.admin.get(led.to()).await;
        for _ in ["log in", "install"] {
            let answer = self.providers.haravan.authorize(at.to(), OWNER, Choice::accept()).unwrap();
            let HaravanAnswer::FormPost { action, .. } = &answer else { panic!("{answer:?}") };
            at = self.admin.post(action, answer.form_body(), "null").await;
        }
        assert!(at.to().contains("/console/haravan?connected="), "{at:?}");
    }

    /// The console's form and consent: where the browser is sent at the provider.
    async fn leave_for(&mut self, provider: &str) -> String {
        let form = self.admin.get("/console/pages/add").await;
        let ticket = form.field("ticket");
        let fields = [("ticket", ticket.as_str()), ("provider", provider), ("consent", "on")];
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let origin = self.edge.url.clone();
        let left = self.admin.post(&format!("{PAGES_URL}/api/pages/start"), form, &origin).await;
        left.to().to_owned()
    }

    async fn connect_a_fanpage(&mut self) {
        let url = self.leave_for("facebook").await;
        let answer = self.providers.facebook.authorize(&url, SELLER, &facebook::Choice::all()).unwrap();
        let choice = self.admin.get(answer.location().unwrap()).await.to().to_owned();
        let list = self.admin.get(&choice).await;
        assert!(list.html.contains("Cửa hàng Sim Một"), "{list:?}");
        let done = self.admin.post(&choice, format!("page={SHOP_PAGE}"), PAGES_URL).await;
        assert!(done.to().contains("/console/pages?connected=facebook-"), "{done:?}");
    }

    async fn connect_an_official_account(&mut self) {
        let url = self.leave_for("zalo").await;
        let answer = self.providers.zalo.authorize(&url, &zalo::Choice::allow(OA)).unwrap();
        let done = self.admin.get(answer.location().unwrap()).await;
        assert!(done.to().contains("/console/pages?connected=zalo-"), "{done:?}");
    }

    async fn disconnect_the_fanpage(&mut self) {
        let form = self.admin.get(&format!("/console/pages/facebook-{SHOP_PAGE}/disconnect")).await;
        let form = format!("ticket={}", form.field("ticket"));
        let origin = self.edge.url.clone();
        let done = self.admin.post(&format!("{PAGES_URL}/api/pages/disconnect"), form, &origin).await;
        let receipt = self.admin.get(done.to()).await;
        assert!(receipt.html.contains("Mã biên nhận"), "{receipt:?}");
    }

    /// That an order is in the CRM, once.
    async fn is_in_the_crm(&self, order: OrderId, within: Duration) {
        let code = format!("HRV-{order}");
        let coded = || self.providers.getfly.orders_coded(&code);
        until("the order is in the CRM", within, async || coded().pop()).await;
        assert_eq!(coded().len(), 1);
    }

    /// The tenant's events in a state.
    fn events(&self, state: &str) -> Vec<Value> {
        let listed = self.cloud.operate(&["events", "list", "--tenant", TENANT, "--state", state]);
        listed["events"].as_array().unwrap_or_else(|| panic!("{listed}")).clone()
    }
}

const CREATE_ORDER: &str = "POST /api/v6.1/sale_order";
const OA: &str = "4180000000000000001";

/// A webhook comes in, the stream wakes intake, and the order is in the CRM; so is the buyer, and a customer of their own.
async fn orders_and_customers_arrive(region: &Region) {
    let (haravan, getfly) = (&region.providers.haravan, &region.providers.getfly);
    let order = haravan.create_order(OrderSpec::default()).unwrap();
    region.is_in_the_crm(order, SOON).await;
    haravan.create_customer(CustomerSpec::default()).unwrap();
    until("both customers are in the CRM", SOON, async || (getfly.accounts().len() >= 2).then_some(())).await;
}

/// Pages are connected, and what one is sent is kept.
async fn pages_are_connected(region: &mut Region) {
    region.connect_a_fanpage().await;
    region.connect_an_official_account().await;
    region.providers.facebook.send_message(SHOP_PAGE, "Shop còn sổ tay không ạ?").unwrap().unwrap();
    until("the message is kept", SOON, async || {
        let kept = region.admin.get("/console/activity?filter=pages").await.html;
        kept.contains("Facebook").then_some(())
    })
    .await;
}

/// The CRM takes no more; the schedule wakes the order when it does again.
async fn the_schedule_wakes_what_waits(region: &Region) {
    let busy = Fault::TooManyRequests { retry_after: Some("30".to_owned()) };
    region.providers.getfly.push_fault(CREATE_ORDER, busy);
    let order = region.providers.haravan.create_order(OrderSpec::default()).unwrap();
    until("the order waits", SOON, async || region.events("waiting").pop()).await;
    assert!(region.providers.getfly.orders_coded(&format!("HRV-{order}")).is_empty());
    region.is_in_the_crm(order, NEXT_RUN).await;
}

/// What the CRM refuses is parked until the operator replays it.
async fn the_operator_replays(region: &Region) {
    region.providers.getfly.push_fault(CREATE_ORDER, Fault::Status(422));
    let order = region.providers.haravan.create_order(OrderSpec::default()).unwrap();
    until("the order is parked", SOON, async || region.events("parked").pop()).await;
    let replayed = region.cloud.operate(&["events", "replay", "--tenant", TENANT, "--yes"]);
    assert_eq!(replayed["replayed"].as_array().map(Vec::len), Some(1), "{replayed}");
    region.is_in_the_crm(order, SOON).await;
}

/// Without what its role allows the front door stores nothing and says so: the emulator does look at roles.
fn roles_are_looked_at(region: &Region) {
    region.cloud.take_away_the_role_of("WebhookRole");
    let refused = region.cloud.operator(&["trigger", "--tenant", TENANT, "--yes"]);
    let said = String::from_utf8_lossy(&refused.stdout);
    assert!(!refused.status.success() && said.contains("\"status\":503"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_is_deployed_and_does_its_work() {
    let Some(mut region) = Region::open().await else { return };
    region.set_up_the_app().await;
    region.connect_the_shop().await;
    orders_and_customers_arrive(&region).await;
    pages_are_connected(&mut region).await;
    the_schedule_wakes_what_waits(&region).await;
    the_operator_replays(&region).await;
    region.disconnect_the_fanpage().await;
    assert_eq!(region.providers.facebook.subscription(SHOP_PAGE), None);

    until("every event is done", SOON, async || {
        ["open", "parked"].iter().all(|state| region.events(state).is_empty()).then_some(())
    })
    .await;
    assert_eq!(region.providers.getfly.orders().len(), 3);
    region.cloud.add_the_edge();
    assert!(region.cloud.outputs["EdgeTarget"].ends_with(".cloudfront.net"), "{:?}", region.cloud.outputs);
    assert_eq!(region.cloud.outputs["HaravanLoginUrl"], "https://connect.example.com/api/haravan/login");
    roles_are_looked_at(&region);
}

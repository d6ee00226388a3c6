//! The story of one tenant in a deployed region.

use std::time::Duration;

use connect_tests::facebook::{self, SELLER, SHOP_PAGE};
use connect_tests::getfly::Fault;
use connect_tests::haravan::{Answer as HaravanAnswer, Choice, CustomerSpec, OrderSpec};
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

    /// The tenant's events in a state.
    fn events(&self, state: &str) -> Vec<Value> {
        let listed = self.cloud.operate(&["events", "list", "--tenant", TENANT, "--state", state]);
        listed
            .as_array()
            .or_else(|| listed["events"].as_array())
            .unwrap_or_else(|| panic!("{listed}"))
            .clone()
    }
}

const CREATE_ORDER: &str = "POST /api/v6.1/sale_order";
const OA: &str = "4180000000000000001";

#[tokio::test(flavor = "multi_thread")]
async fn a_region_is_deployed_and_does_its_work() {
    let Some(mut region) = Region::open().await else { return };
    region.set_up_the_app().await;
    region.connect_the_shop().await;
    let (haravan, getfly) = (region.providers.haravan.clone(), region.providers.getfly.clone());

    eprintln!("a webhook comes in; the stream wakes intake; the order is in the CRM, once");
    let order = haravan.create_order(OrderSpec::default()).unwrap();
    let code = format!("HRV-{order}");
    until("the order is in the CRM", SOON, async || getfly.orders_coded(&code).pop()).await;
    haravan.create_customer(CustomerSpec::default()).unwrap();
    until("both customers are in the CRM", SOON, async || (getfly.accounts().len() >= 2).then_some(())).await;

    eprintln!("pages are connected, and one is sent a message");
    region.connect_a_fanpage().await;
    region.connect_an_official_account().await;
    region.providers.facebook.send_message(SHOP_PAGE, "Shop còn sổ tay không ạ?").unwrap().unwrap();
    until("the message is kept", SOON, async || {
        let kept = region.admin.get("/console/activity?filter=pages").await.html;
        kept.contains("Facebook").then_some(())
    })
    .await;

    eprintln!("the CRM does not answer; the schedule wakes the order when it does");
    getfly.push_fault(CREATE_ORDER, Fault::TooManyRequests { retry_after: None });
    let late = haravan.create_order(OrderSpec::default()).unwrap();
    until("the order waits", SOON, async || region.events("waiting").pop()).await;
    let code = format!("HRV-{late}");
    assert!(getfly.orders_coded(&code).is_empty());
    until("the order is in the CRM after all", NEXT_RUN, async || getfly.orders_coded(&code).pop()).await;

    eprintln!("what the CRM refuses is parked, and replayed by the operator");
    getfly.push_fault(CREATE_ORDER, Fault::Status(422));
    let refused = haravan.create_order(OrderSpec::default()).unwrap();
    until("the order is parked", SOON, async || region.events("parked").pop()).await;
    let replayed = region.cloud.operate(&["events", "replay", "--tenant", TENANT, "--yes"]);
    eprintln!("{replayed}");
    let code = format!("HRV-{refused}");
    until("the order is in the CRM", SOON, async || getfly.orders_coded(&code).pop()).await;

    eprintln!("a page is disconnected");
    region.disconnect_the_fanpage().await;
    assert_eq!(region.providers.facebook.subscription(SHOP_PAGE), None);

    eprintln!("nothing is left over");
    until("every event is done", SOON, async || {
        ["open", "parked"].iter().all(|state| region.events(state).is_empty()).then_some(())
    })
    .await;
    assert_eq!(getfly.orders().len(), 3);
    eprintln!("{:?}", region.cloud.operator(&["doctor"]));

    eprintln!("roles are looked at: without its own the front door stores nothing");
    region.cloud.take_away_the_role_of("WebhookRole");
    let refused = region.cloud.operator(&["trigger", "--tenant", TENANT, "--yes"]);
    assert!(!refused.status.success(), "{refused:?}");
    eprintln!("{:?}", refused);
}

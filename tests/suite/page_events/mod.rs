//! What pages of Facebook and Zalo send, from the providers' addresses to the inbox (pages.md §1.16, §2.10).

pub mod cost;
mod doors;
mod logs;
mod owners;
mod simulated;
mod storing;

use common::channel::Apps;
use common::clock::{Clock, SharedClock};
use common::id::TenantId;
use common::seal::SecretSource;
use common::store::connections::page::Profile;
use common::store::connections::{
    ConnectionRef, NewPage, PageConnect, PageKey, Person, SealedTokens, Subject, reason,
};
use common::store::inbox::pages::PageEvent;
use connect_tests::{facebook, zalo};
use reqwest::StatusCode;
use serde_json::{Value, json};
use webhook::pages::PageDoor;

use crate::harness::World;

pub const FACEBOOK: &str = "/api/pages/facebook/webhook";
pub const ZALO: &str = "/api/pages/zalo/webhook";

/// The page and the account of the fixtures.
pub const SHOP_PAGE: &str = "104000000000001";
pub const SHOP_OA: &str = "4180000000000000001";

pub fn fb(page: &str) -> PageKey {
    PageKey::Facebook(page.parse().unwrap())
}

pub fn oa(oa: &str) -> PageKey {
    PageKey::Zalo(oa.parse().unwrap())
}

/// A door of an operator who has no apps.
pub fn door(clock: SharedClock) -> PageDoor {
    PageDoor::new(Apps::new(SecretSource::Text("{}".into()), String::new(), clock))
}

/// A door with the apps of the fixtures.
pub fn open_door(clock: SharedClock) -> PageDoor {
    let zalo = zalo::Seed::demo().app;
    let apps = json!({
        "facebook": {"app_id": facebook::APP_ID, "app_secret": facebook::APP_SECRET,
                     "verify_token": facebook::VERIFY_TOKEN},
        "zalo": {"app_id": zalo.app_id, "app_secret": zalo.app_secret, "oa_secret_key": zalo.oa_secret_key},
    });
    PageDoor::new(Apps::new(SecretSource::Text(apps.to_string().into()), "v26.0".to_owned(), clock))
}

pub fn fixture(name: &str) -> Value {
    let text = match name {
        "facebook" => include_str!("../../fixtures/fb_webhook.json"),
        _ => include_str!("../../fixtures/zalo_webhook.json"),
    };
    serde_json::from_str(text).unwrap()
}

/// The fixture's delivery of Facebook: body and signature.
pub fn facebook_vector() -> (String, String) {
    let event = &fixture("facebook")["event"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&event["raw_body"]), text(&event["headers"]["X-Hub-Signature-256"]))
}

/// One of the fixture's deliveries of Zalo: body and signature.
pub fn zalo_vector(name: &str) -> (String, String) {
    let event = &fixture("zalo")[name];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&event["raw_body"]), text(&event["headers"]["X-ZEvent-Signature"]))
}

/// A delivery of Facebook with a message to each of these pages.
pub fn messages(to: &[(&str, &str)]) -> String {
    let entry = |(page, text): &(&str, &str)| {
        json!({"id": page, "time": 1_795_500_200_123_i64, "messaging": [{
            "sender": {"id": "6300000000000001"}, "recipient": {"id": page},
            "timestamp": 1_795_500_200_000_i64, "message": {"mid": format!("m_{text}"), "text": text}}]})
    };
    json!({"object": "page", "entry": to.iter().map(entry).collect::<Vec<_>>()}).to_string()
}

pub fn signed_by_facebook(body: &str) -> (&'static str, String) {
    ("X-Hub-Signature-256", facebook::hub_signature(facebook::APP_SECRET, body.as_bytes()))
}

pub fn signed_by_zalo(body: &str) -> (&'static str, String) {
    let read: Value = serde_json::from_str(body).unwrap_or_default();
    let app = zalo::Seed::demo().app;
    let at = read["timestamp"].as_str().unwrap_or_default();
    let mac = zalo::event_mac(&app.app_id, body.as_bytes(), at, &app.oa_secret_key);
    ("X-ZEvent-Signature", format!("mac={mac}"))
}

impl World {
    pub async fn post_to(&self, path: &str, headers: &[(&str, String)], body: &str) -> StatusCode {
        self.post_raw(&format!("{}{path}", self.stack.addresses.base_url), headers, body.as_bytes()).await
    }

    /// Posts as Facebook would.
    pub async fn post_facebook(&self, body: &str) -> StatusCode {
        self.post_to(FACEBOOK, &[signed_by_facebook(body)], body).await
    }

    /// Posts as Zalo would.
    pub async fn post_zalo(&self, body: &str) -> StatusCode {
        self.post_to(ZALO, &[signed_by_zalo(body)], body).await
    }

    /// Connects a page to a tenant.
    pub async fn hold_page(&self, tenant: &TenantId, page: &PageKey) {
        let new = NewPage {
            tenant: tenant.clone(),
            page: page.clone(),
            profile: Profile { name: "Hạt Mầm".to_owned(), picture: None, kind: None },
            tokens: SealedTokens { access: b"sealed".to_vec(), refresh: None, expires_at: None },
            scopes: Vec::new(),
            account: "7".to_owned(),
            by: Person { id: "7".to_owned(), name: None, email: None },
            granted_by: None,
            warnings: Vec::new(),
        };
        let connections = &self.stack.store.connections;
        let before = connections.page(tenant, page).await.unwrap();
        let done = connections.connect_page(&new, before.as_ref(), 9, self.clock.now()).await.unwrap();
        assert!(matches!(done, PageConnect::Done(_)), "{done:?}");
    }

    /// Ends a page's connection; its claim is still there.
    pub async fn drop_page(&self, tenant: &TenantId, page: &PageKey) -> ConnectionRef {
        let connections = &self.stack.store.connections;
        let live = connections.page(tenant, page).await.unwrap().unwrap();
        assert!(connections.end_page(&live, reason::BY_ADMIN, None, "r", self.clock.now()).await.unwrap());
        let subject = Subject::Page(page.clone());
        ConnectionRef { tenant: tenant.clone(), subject, generation: live.generation + 1 }
    }

    /// Ends a page's connection and frees the page.
    pub async fn free_page(&self, tenant: &TenantId, page: &PageKey) {
        let ended = self.drop_page(tenant, page).await;
        assert!(self.stack.store.connections.finish_end(&ended).await.unwrap());
    }

    /// A tenant's events of pages, newest first.
    pub async fn page_events(&self, tenant: &TenantId) -> Vec<PageEvent> {
        let (events, more) = self.stack.store.inbox.newest_of_pages(tenant, None, 1000).await.unwrap();
        assert!(!more);
        events
    }

    /// What was written in them, as it was sent.
    pub async fn written(&self, tenant: &TenantId) -> Vec<String> {
        let mut texts = Vec::new();
        for event in self.page_events(tenant).await {
            let body = self.stack.store.inbox.page_body(&event).await.unwrap();
            texts.push(String::from_utf8(common::body::unpack(&body).unwrap()).unwrap());
        }
        texts.sort();
        texts
    }
}

//! What is not the tenant's, and what is nothing at all.

use common::id::TenantId;
use reqwest::Method;
use serde_json::json;

use super::FANPAGE;
use crate::console::Browser;
use crate::harness::World;

/// A second tenant and its key.
async fn other_tenant(world: &World) -> (TenantId, String) {
    let key = common::api_key::ApiKey::generate(&"other".parse().unwrap()).unwrap();
    let other = world.add_tenant("other", "its secret").await;
    let mut record = world.stack.store.tenants.get(&other).await.unwrap().unwrap();
    record.api_key_hash = Some(key.digest());
    assert!(world.stack.store.tenants.put(&record).await.unwrap());
    (other, secrecy::ExposeSecret::expose_secret(key.reveal()).to_owned())
}

#[tokio::test]
async fn another_tenants_page_and_garbage_are_not_found() {
    let world = World::start().await;
    let (other, key) = other_tenant(&world).await;
    world.connect_page(FANPAGE, |new| new.tenant = other).await;
    let mut browser = world.admin().await;
    browser.open("/console/pages").await.says("0/3").hides(FANPAGE);
    browser.open(&format!("/console/pages?connected={FANPAGE}")).await.hides("Kết nối thành công");
    let long = format!("facebook-{}", "1".repeat(41));
    let strange = [
        FANPAGE,
        "facebook-9",
        "x",
        "facebook-",
        "instagram-1",
        "%00",
        "%ff",
        "..%2f",
        "haravan-200000987654",
        &long,
    ];
    for slug in strange {
        for verb in ["reconnect", "disconnect"] {
            let status = browser.open(&format!("/console/pages/{slug}/{verb}")).await.status;
            assert!([400, 404].contains(&status.as_u16()), "{slug} {verb}: {status}");
        }
        if slug == "%ff" {
            continue;
        }
        let (status, problem) =
            world.call(Method::POST, &format!("/api/v1/pages/{slug}/disconnect"), None).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (404, Some("no_such_page")), "{slug}");
        let (status, _) =
            world.call(Method::POST, "/api/v1/pages/connect", Some(json!({"page_id": slug}))).await;
        assert_eq!(status, 404, "{slug}");
    }
    let (_, theirs) = world.call_as(&key, Method::GET, "/api/v1/pages", None).await;
    assert_eq!((theirs["pages"][0]["id"].as_str(), &theirs["used"]), (Some(FANPAGE), &json!(1)));
    let mut stranger = Browser::new(&world.stack.addresses.base_url);
    for path in ["", "/add", "/facebook-1/reconnect", "/facebook-1/disconnect"] {
        assert_eq!(stranger.open(&format!("/console/pages{path}")).await.status, 401, "{path}");
    }
}

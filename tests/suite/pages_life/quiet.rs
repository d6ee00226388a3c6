//! No token gets out: not into the log, not onto a page.

use common::pages::end::disconnect;
use common::store::connections::reason;
use connect_tests::facebook::{Fault, SELLER, SHOP_PAGE};
use connect_tests::zalo;

use super::{DAY, HOUR, Life, MINUTE, oa};
use crate::recording;

#[tokio::test]
async fn no_token_is_logged_or_shown_whatever_goes_wrong() {
    let life = Life::start().await;
    let (tape, recording) = recording::written("trace");
    let mut secrets = vec![
        connect_tests::facebook::APP_SECRET.to_owned(),
        zalo::Seed::demo().app.app_secret,
        zalo::Seed::demo().app.oa_secret_key,
    ];
    let mut pages = String::new();
    for round in 0..3 {
        let (page, account) = (life.fanpage().await, life.official_account().await);
        for one in [&page, &account] {
            let (access, refresh) = life.opened(one).await;
            secrets.push(access);
            secrets.extend(refresh);
        }
        match round {
            0 => {
                life.facebook.always(Fault::ServerError);
                life.zalo.always(zalo::Fault::Token502Html { committed: true });
            }
            1 => {
                life.facebook.change_password(SELLER).unwrap();
                life.zalo.remove_app(&super::OA.into()).unwrap();
            }
            _ => life.facebook.always(Fault::Graph {
                code: 190,
                subcode: None,
                message: Some(format!("Malformed access token {}", secrets.last().unwrap())),
            }),
        }
        life.visits_every(6 * HOUR, 2 * DAY).await;
        disconnect(&life.pages, &life.page(&page.page).await, reason::BY_ADMIN, None).await.unwrap();
        pages.push_str(&format!("{:?}", life.press_disconnect(&life.page(&oa()).await).await));
        pages.push_str(&format!("{:?}", life.hand_in("invented").await));
        life.visits_every(MINUTE, 3 * MINUTE).await;
        life.facebook.clear_faults();
        life.zalo.clear_faults();
        life.facebook
            .set_role(SELLER, SHOP_PAGE, Some(connect_tests::facebook::ClassicRole::Admin.into()))
            .unwrap();
    }
    drop(recording);
    let tape = tape.text();
    assert!(tape.contains("Facebook"), "something was recorded");
    for secret in secrets {
        assert!(!tape.contains(&secret), "a secret of {} characters was logged", secret.len());
        assert!(!pages.contains(&secret));
    }
}

//! No token gets out: not into the log, not onto a page.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use common::pages::end::disconnect;
use common::store::connections::reason;
use connect_tests::facebook::{Fault, SELLER, SHOP_PAGE};
use connect_tests::zalo;
use tracing::field::{Field, Visit};
use tracing::span;

use super::{DAY, HOUR, Life, MINUTE, oa};

/// Keeps every word of every event.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<String>>);

struct Words<'t>(&'t mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}

impl tracing::Subscriber for Tape {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        span.record(&mut Words(&mut self.0.lock().unwrap()));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Words(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Words(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn no_token_is_logged_or_shown_whatever_goes_wrong() {
    let life = Life::start().await;
    let tape = Tape::default();
    let _recording = tracing::subscriber::set_default(tape.clone());
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
    let tape = tape.0.lock().unwrap().clone();
    assert!(tape.contains("Facebook"), "something was recorded");
    for secret in secrets {
        assert!(!tape.contains(&secret), "a secret of {} characters was logged", secret.len());
        assert!(!pages.contains(&secret));
    }
}

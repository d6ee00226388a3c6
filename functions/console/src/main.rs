//! The console Lambda.

use std::sync::Arc;

use common::clock::SystemClock;
use common::config::{Env, process_env};
use common::haravan::{admin, subscription};
use common::runtime::{self, PagesSettings, Settings};
use common::wire::egress::Reach;
use console::{Console, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    common::telemetry::init_library_logs();
    let mut env = Env::new(&process_env);
    let settings = Settings::read(&mut env);
    let accounts_url = env.or("HARAVAN_ACCOUNTS_URL", "https://accounts.haravan.com".to_owned(), "a URL");
    let admin_url = env.or("HARAVAN_API_URL", admin::DEFAULT_BASE.to_owned(), "a URL");
    let webhook_url = env.or("HARAVAN_WEBHOOK_URL", subscription::DEFAULT_BASE.to_owned(), "a URL");
    let loopback = env.or("ALLOW_LOOPBACK", false, "true or false");
    let pages = PagesSettings::read(&mut env);
    let settings = env.finish(settings)?;
    let reach = if loopback { Reach::Loopback } else { Reach::Public };
    let clock = Arc::new(SystemClock);
    let (store, directory) = runtime::open(&settings, clock.clone());
    let http = reach.client()?;
    let admin = admin::Admin::new(http.clone(), reach.base_url(&admin_url)?);
    let subscription = subscription::Subscription::new(http.clone(), reach.base_url(&webhook_url)?);
    runtime::warm(&directory, &store).await;
    let (pages_url, providers) = (pages.pages_url, vec![pages.facebook_dialog_url, pages.zalo_oauth_url]);
    let console = Console {
        store,
        directory,
        http,
        reach,
        admin,
        subscription,
        accounts_url,
        pages_url,
        providers,
        clock,
    };
    lambda_http::run(router(Arc::new(console))).await
}

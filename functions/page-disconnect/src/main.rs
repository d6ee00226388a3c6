//! The page-disconnect Lambda.

use std::sync::Arc;

use common::aws;
use common::clock::SystemClock;
use common::config::{Env, process_env};
use common::haravan::token_endpoint::{DEFAULT_BASE, TokenEndpoint};
use common::pages::Pages;
use common::refresh::Refresher;
use common::runtime::{self, ProviderSettings, Settings};
use common::wire::egress::Reach;
use page_disconnect::PageDisconnect;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    common::telemetry::init_library_logs();
    let mut env = Env::new(&process_env);
    let (base, providers) = (Settings::read(&mut env), ProviderSettings::read(&mut env));
    let accounts = env.or("HARAVAN_ACCOUNTS_URL", DEFAULT_BASE.to_owned(), "a URL");
    let (pages_url, loopback) = (env.required("PAGES_URL"), env.or("ALLOW_LOOPBACK", false, "true or false"));
    let settings = env.finish(base)?;
    let reach = if loopback { Reach::Loopback } else { Reach::Public };
    let (http, clock, pages_url) = (reach.client()?, Arc::new(SystemClock), reach.base_url(&pages_url)?);
    let (store, directory) = runtime::open(&settings, clock.clone());
    runtime::warm(&directory, &store).await;
    let (directory, accounts) =
        (Arc::new(directory), TokenEndpoint::new(http.clone(), reach.base_url(&accounts)?));
    let providers = Arc::new(providers.open(&aws::in_lambda(), reach, http, clock.clone())?);
    let known = Some(Arc::clone(&providers));
    let refresher = Refresher::new(store.clone(), Arc::clone(&directory), accounts, known, clock.clone());
    let pages = Pages { store, directory, providers, refresher, clock };
    lambda_http::run(page_disconnect::router(Arc::new(PageDisconnect { pages, pages_url }))).await
}

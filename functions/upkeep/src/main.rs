//! The upkeep Lambda.

use std::sync::Arc;
use std::time::Duration;

use common::aws;
use common::clock::SystemClock;
use common::config::{Env, process_env};
use common::haravan::{admin, subscription, token_endpoint};
use common::pages::Pages;
use common::refresh::Refresher;
use common::runtime::{self, ProviderSettings, Settings};
use common::wire::egress::Reach;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use upkeep::{Limits, Upkeep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    common::telemetry::init_library_logs();
    let mut env = Env::new(&process_env);
    let settings = Settings::read(&mut env);
    let api = env.or("HARAVAN_API_URL", admin::DEFAULT_BASE.to_owned(), "a URL");
    let webhook = env.or("HARAVAN_WEBHOOK_URL", subscription::DEFAULT_BASE.to_owned(), "a URL");
    let accounts = env.or("HARAVAN_ACCOUNTS_URL", token_endpoint::DEFAULT_BASE.to_owned(), "a URL");
    let loopback = env.or("ALLOW_LOOPBACK", false, "true or false");
    let per_tenant = env.or("WAKE_PER_TENANT", Limits::default().per_tenant, "a number");
    let at_once = env.or("VISITS_AT_ONCE", Limits::default().at_once, "a number");
    let minutes = env.or("RECONCILE_MINUTES", 15_u32, "a number of minutes");
    let providers = ProviderSettings::read(&mut env);
    let settings = env.finish(settings)?;

    let clock = Arc::new(SystemClock);
    let (store, directory) = runtime::open(&settings, clock.clone());
    let directory = Arc::new(directory);
    let reach = if loopback { Reach::Loopback } else { Reach::Public };
    let http = reach.client()?;
    let accounts = token_endpoint::TokenEndpoint::new(http.clone(), reach.base_url(&accounts)?);
    let reconcile_every = Duration::from_secs(60 * u64::from(minutes.max(1)));
    let providers = Arc::new(providers.open(&aws::in_lambda(), reach, http.clone(), clock.clone())?);
    let known = Some(Arc::clone(&providers));
    let refresher = Refresher::new(store.clone(), Arc::clone(&directory), accounts, known, clock.clone());
    let upkeep = Upkeep {
        pages: Pages {
            store: store.clone(),
            directory: Arc::clone(&directory),
            providers,
            refresher: refresher.clone(),
            clock: clock.clone(),
        },
        refresher,
        subscription: subscription::Subscription::new(http.clone(), reach.base_url(&webhook)?),
        admin: admin::Admin::new(http, reach.base_url(&api)?),
        limits: Limits { at_once, per_tenant, reconcile_every, ..Limits::default() },
        store,
        directory,
        clock,
    };
    lambda_runtime::run(service_fn(async |_: LambdaEvent<serde_json::Value>| {
        Ok::<_, Error>(upkeep::handle(&upkeep).await?)
    }))
    .await
}

//! The page-connect Lambda.

use std::sync::Arc;

use common::aws;
use common::clock::SystemClock;
use common::config::{Env, process_env};
use common::facebook::role::UnknownRole;
use common::runtime::{self, PageConnectSettings};
use page_connect::Connecting;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    common::telemetry::init_library_logs();
    let mut env = Env::new(&process_env);
    let settings = PageConnectSettings::read(&mut env);
    let settings = env.finish(settings)?;
    let clock = Arc::new(SystemClock);
    let (store, directory) = runtime::open(&settings.base, clock.clone());
    let (http, pages_url) = (settings.reach.client()?, settings.address()?);
    let providers = settings.providers.open(&aws::in_lambda(), settings.reach, http, clock.clone())?;
    let unknown_role = if settings.accept_unknown_roles { UnknownRole::Accept } else { UnknownRole::Refuse };
    runtime::warm(&directory, &store).await;
    let (directory, providers) = (Arc::new(directory), Arc::new(providers));
    let connecting = Connecting { store, directory, providers, clock, pages_url, unknown_role };
    lambda_http::run(page_connect::router(Arc::new(connecting))).await
}

//! The webhook Lambda.

use std::sync::Arc;

use common::clock::SystemClock;
use common::config::{Env, process_env};
use common::runtime::{self, AppsSettings, Settings};
use webhook::pages::PageDoor;
use webhook::{Webhook, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    common::telemetry::init_library_logs();
    let mut env = Env::new(&process_env);
    let settings = Settings::read(&mut env);
    let apps = AppsSettings::read(&mut env);
    let settings = env.finish(settings)?;
    let clock = Arc::new(SystemClock);
    let (store, directory) = runtime::open(&settings, clock.clone());
    let pages = PageDoor::new(apps.open(clock.clone()));
    common::body::warm();
    runtime::warm(&directory, &store).await;
    lambda_http::run(router(Arc::new(Webhook { store, directory, pages, clock }))).await
}

//! The upkeep Lambda.

use std::sync::Arc;

use common::clock::SystemClock;
use common::config::{Env, process_env};
use common::runtime::{self, Settings};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use upkeep::{Limits, Upkeep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    common::telemetry::init_library_logs();
    let mut env = Env::new(&process_env);
    let settings = Settings::read(&mut env);
    let per_tenant = env.or("WAKE_PER_TENANT", Limits::default().per_tenant, "a number");
    let settings = env.finish(settings)?;
    let clock = Arc::new(SystemClock);
    let (store, _) = runtime::open(&settings, clock.clone()).await;
    let upkeep = Upkeep { store, clock, limits: Limits { per_tenant, ..Limits::default() } };
    lambda_runtime::run(service_fn(async |_: LambdaEvent<serde_json::Value>| {
        Ok::<_, Error>(upkeep::handle(&upkeep).await?)
    }))
    .await
}

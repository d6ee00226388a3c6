//! The oauth-grant Lambda.

use std::sync::Arc;

use common::clock::SystemClock;
use common::config::{Env, process_env};
use common::runtime::{self, GrantSettings};
use oauth_grant::Grant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    common::telemetry::init_library_logs();
    let mut env = Env::new(&process_env);
    let settings = GrantSettings::read(&mut env);
    let settings = env.finish(settings)?;
    let (http, clock) = (settings.connect.reach.client()?, Arc::new(SystemClock));
    let (admin, subscription) = settings.open_apis(http.clone())?;
    let connecting = runtime::open_connect(oauth_grant::FUNCTION, &settings.connect, http, clock)?;
    runtime::warm(&connecting.directory, &connecting.store).await;
    lambda_http::run(oauth_grant::router(Arc::new(Grant { connecting, admin, subscription }))).await
}

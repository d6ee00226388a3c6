//! The oauth-login Lambda.

use std::sync::Arc;

use common::clock::SystemClock;
use common::config::{Env, process_env};
use common::runtime::{self, ConnectSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    common::telemetry::init_library_logs();
    let mut env = Env::new(&process_env);
    let settings = ConnectSettings::read(&mut env);
    let settings = env.finish(settings)?;
    let http = settings.reach.client()?;
    let login = runtime::open_connect(oauth_login::FUNCTION, &settings, http, Arc::new(SystemClock))?;
    runtime::warm(&login.directory, &login.store).await;
    lambda_http::run(oauth_login::router(Arc::new(login))).await
}

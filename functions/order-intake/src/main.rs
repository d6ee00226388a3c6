//! The order-intake Lambda.

use std::sync::Arc;

use aws_lambda_events::event::dynamodb::Event;
use common::clock::SystemClock;
use common::config::{Env, process_env};
use common::runtime::{self, IntakeSettings};
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    common::telemetry::init_library_logs();
    let mut env = Env::new(&process_env);
    let settings = IntakeSettings::read(&mut env);
    let settings = env.finish(settings)?;
    let intake = runtime::open_intake(&settings, Arc::new(SystemClock))?;
    runtime::warm(&intake.directory, &intake.store).await;
    let intake = &intake;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Event>| {
        Ok::<_, Error>(order_intake::handle(event.payload, intake).await)
    }))
    .await
}

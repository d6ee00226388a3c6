//! How AWS is called: with explicit time-outs and attempts, because the SDK's defaults cost seconds against a dead endpoint
//! and Haravan hangs up after five (haravan.md §2.8). A repeated conditional put that had taken effect is answered as a
//! duplicate, which is what it is.

use std::time::Duration;

pub use aws_config::SdkConfig;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;

use crate::config::process_env;

/// In a function: Lambda says region and credentials in the environment. The places where a person's machine keeps them
/// would be a sixteenth of the program. `AWS_ENDPOINT_URL` leads elsewhere, for an emulator.
pub fn in_lambda() -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .timeout_config(timeouts())
        .retry_config(attempts());
    config.set_region(process_env("AWS_REGION").map(Region::new));
    config.set_endpoint_url(process_env("AWS_ENDPOINT_URL"));
    config.build()
}

/// For a person: the usual profiles, environment and sessions.
pub async fn at_a_desk() -> SdkConfig {
    let config = aws_config::defaults(BehaviorVersion::latest());
    config.timeout_config(timeouts()).retry_config(attempts()).load().await
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(700))
        .operation_attempt_timeout(Duration::from_millis(1200))
        .operation_timeout(Duration::from_millis(4000))
        .build()
}

fn attempts() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3)
}

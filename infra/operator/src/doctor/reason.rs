//! Why AWS did not do what it was asked for, for the operator's eyes.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use common::text::tidy;

/// One line: the service's code and message, or how far the call got.
pub(super) fn reason<E>(error: SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let words = match &error {
        SdkError::ServiceError(refusal) => match (refusal.err().code(), refusal.err().message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(word), None) | (None, Some(word)) => word.to_owned(),
            // An answer that is not DynamoDB's, such as a proxy's.
            (None, None) => format!("HTTP {} without a reason", refusal.raw().status().as_u16()),
        },
        _ => format!("{:#}", anyhow::Error::new(error)),
    };
    tidy(&words).unwrap_or_else(|| "no reason was given".to_owned())
}

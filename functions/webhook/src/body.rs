//! A request's body, read no further than it may be long.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use common::body::MAX_BODY_BYTES;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is longer than [`MAX_BODY_BYTES`].
    TooLarge,
    /// It broke off.
    Broken,
}

/// Reads the body, refusing by its announced length before reading and by its real length while reading.
pub(crate) async fn whole(headers: &HeaderMap, body: Body) -> Result<Bytes, Unread> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(Unread::TooLarge);
    }
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::Broken),
    }
}

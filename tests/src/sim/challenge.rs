//! The challenge by which a webhook is registered: a GET that the app has to answer with the text it was sent.

use serde::Serialize;
use url::Url;

use super::sender::Transport;

/// What came of registering a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Challenge {
    /// the answer was 200 with exactly the challenge
    pub verified: bool,
    /// the status answered
    pub status: Option<u16>,
    /// why the registration failed
    pub reason: Option<String>,
}

impl Challenge {
    /// Challenges the app at `url`, whose query holds what is its own.
    pub(crate) async fn perform(transport: &Transport, url: Url, challenge: &str) -> Self {
        match transport.get(url).await {
            Ok((200, body)) if body == challenge.as_bytes() => {
                Self { verified: true, status: Some(200), reason: None }
            }
            Ok((status, _)) => {
                let reason = "the answer is not 200 with exactly the challenge".to_owned();
                Self { verified: false, status: Some(status), reason: Some(reason) }
            }
            Err(reason) => Self { verified: false, status: None, reason: Some(reason) },
        }
    }
}

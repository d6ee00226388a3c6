//! Reading Zalo's answers, in which 200 says nothing (pages.md §2.8).

use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::answer::whole;
use crate::wire::lenient;

/// Longest answer read, in bytes: two tokens or one profile.
const MAX_ANSWER: usize = 1024 * 1024;

/// What Zalo says is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `error` as a number, written as one or as text.
    pub code: Option<i64>,
    /// `error_name`, or `error` where it is a word; lower case, without its full stop.
    pub name: Option<String>,
}

impl Fault {
    /// Reads what is wrong; `None` when `error` is absent or 0 and there is no `error_name`, or for no JSON object.
    pub fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Said {
            #[serde(default, deserialize_with = "shown")]
            error: Option<String>,
            #[serde(default, deserialize_with = "lenient::word")]
            error_name: Option<String>,
        }
        let said: Said = serde_json::from_slice(body).ok().filter(|_| is_object(body))?;
        let code = said.error.as_ref().and_then(|error| error.parse::<i64>().ok());
        let word = said.error.filter(|_| code.is_none());
        let fine = matches!(code, None | Some(0)) && word.is_none() && said.error_name.is_none();
        let name = said.error_name.or(word).map(|name| name.trim_end_matches('.').to_lowercase());
        (!fine).then_some(Self { code: code.filter(|code| *code != 0), name })
    }
}

/// A scalar as text; a list or an object, which is no code but no success either, as its JSON.
fn shown<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    let text = serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned());
    let text = text.trim().to_owned();
    Ok((!text.is_empty() && text != "null").then_some(text))
}

/// Whether these bytes begin as a JSON object: a list would be read as a struct's fields in their order.
pub(super) fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
}

/// Why there is no body to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoBody {
    /// The request never reached Zalo.
    NotSent,
    /// A time-out, a broken answer, a server error, a redirect.
    Lost,
}

/// Sends, and gives the body of any answer that is Zalo's own. An error of the HTTP client is dropped.
pub(super) async fn send(request: RequestBuilder) -> Result<Vec<u8>, NoBody> {
    let mut answer =
        request.send().await.map_err(|error| match error.is_connect() || error.is_builder() {
            true => NoBody::NotSent,
            false => NoBody::Lost,
        })?;
    let status = answer.status();
    if status.is_server_error() || status.is_redirection() {
        return Err(NoBody::Lost);
    }
    let body = whole(&mut answer, MAX_ANSWER).await.ok_or(NoBody::Lost)?;
    // A refusal has to say so itself; a gateway's page does not.
    if status.is_success() || Fault::read(&body).is_some() { Ok(body) } else { Err(NoBody::Lost) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(body: &str) -> Option<(Option<i64>, Option<String>)> {
        Fault::read(body.as_bytes()).map(|fault| (fault.code, fault.name))
    }

    #[test]
    fn only_no_error_and_zero_are_fine() {
        for fine in [
            "{}",
            r#"{"error":0}"#,
            r#"{"error":"0"}"#,
            r#"{"error":null,"error_name":""}"#,
            r#"{"error":""}"#,
        ] {
            assert_eq!(fault(fine), None, "{fine}");
        }
        assert_eq!(fault(r#"{"error":-216}"#), Some((Some(-216), None)));
        assert_eq!(fault(r#"{"error":"-14014"}"#), Some((Some(-14_014), None)));
        let named = Some("invalid refresh token".to_owned());
        assert_eq!(fault(r#"{"error_name":"Invalid refresh token."}"#), Some((None, named.clone())));
        assert_eq!(fault(r#"{"error":0,"error_name":"Invalid refresh token"}"#), Some((None, named)));
        assert_eq!(fault(r#"{"error":"Broken."}"#), Some((None, Some("broken".to_owned()))));
        for odd in ["{\"error\":{}}", "{\"error\":[]}", "{\"error\":true}", "{\"error\":1.5}"] {
            assert!(fault(odd).is_some(), "{odd}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_read(bytes: Vec<u8>, odd in "(\\{|\\}|\"error\"|\"error_name\"|:|,|0|-1|1e9|null|\"x\"){0,12}") {
            Fault::read(&bytes);
            Fault::read(odd.as_bytes());
        }
    }
}

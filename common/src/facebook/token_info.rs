//! What Facebook says about a token (pages.md §1.12).

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::app::Caller;
use super::dialog::REQUIRED;
use super::error::{Call, GraphError, Reconnect};
use super::graph::Graph;
use crate::id::{FbUserId, PageId};
use crate::wire::lenient;

/// A token, inspected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// The app it is for.
    pub app_id: Option<String>,
    /// `USER`, `PAGE`, `APP`, …
    pub kind: Option<String>,
    /// Whether it works.
    pub is_valid: bool,
    /// When it ends, in seconds since 1970; `None` is never, or not said.
    pub expires_at: Option<i64>,
    /// When access to data ends, about 90 days after the last log-in; worth a warning, no more (pages.md §1.19).
    pub data_access_expires_at: Option<i64>,
    /// Granted permissions.
    pub scopes: Vec<String>,
    /// What the permissions are for.
    pub granular: Vec<GranularScope>,
    /// The person behind it.
    pub user_id: Option<FbUserId>,
    /// The page, on page tokens.
    pub profile_id: Option<PageId>,
    /// Why it does not work, when it does not.
    pub dead: Option<Reconnect>,
}

/// A permission and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GranularScope {
    /// The permission.
    pub scope: String,
    /// The pages it is for; `None` is all.
    pub targets: Option<Vec<PageId>>,
}

/// Why a page's token is not the one it should be (pages.md §1.10).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It does not work.
    #[error("the token does not work: {0:?}")]
    Dead(Reconnect),
    /// It is no page's token.
    #[error("not a page's token")]
    NotAPage,
    /// It is another app's.
    #[error("another app's token")]
    OtherApp,
    /// It is another page's.
    #[error("another page's token")]
    OtherPage,
    /// Permissions are missing.
    #[error("permissions are missing: {0:?}")]
    Scopes(Vec<&'static str>),
}

impl TokenInfo {
    /// Whether it is our app's working token for `page` with every needed permission (pages.md §1.10).
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check(&self, app_id: &str, page: &PageId) -> Result<(), TokenFault> {
        if !self.is_valid {
            return Err(TokenFault::Dead(self.dead.unwrap_or(Reconnect::Unspecified)));
        }
        if self.kind.as_deref() != Some("PAGE") {
            return Err(TokenFault::NotAPage);
        }
        if self.app_id.as_deref() != Some(app_id) {
            return Err(TokenFault::OtherApp);
        }
        if self.profile_id.as_ref() != Some(page) {
            return Err(TokenFault::OtherPage);
        }
        let missing = |needed: &&str| !self.scopes.iter().any(|scope| scope == needed);
        let missing: Vec<&'static str> = REQUIRED.into_iter().filter(missing).collect();
        if missing.is_empty() { Ok(()) } else { Err(TokenFault::Scopes(missing)) }
    }

    /// The pages that listing and messaging were granted for, each once (pages.md §1.9).
    pub fn granted_pages(&self) -> Vec<PageId> {
        let about =
            |scope: &&GranularScope| ["pages_messaging", "pages_show_list"].contains(&scope.scope.as_str());
        let targets = self.granular.iter().filter(about).filter_map(|scope| scope.targets.as_ref());
        let mut pages: Vec<PageId> = targets.flatten().cloned().collect();
        pages.sort();
        pages.dedup();
        pages
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "lenient::object")]
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default, deserialize_with = "lenient::text")]
    app_id: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    is_valid: Option<bool>,
    #[serde(default, deserialize_with = "lenient::id")]
    expires_at: Option<i64>,
    #[serde(default, deserialize_with = "lenient::id")]
    data_access_expires_at: Option<i64>,
    #[serde(default, deserialize_with = "lenient::words")]
    scopes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "lenient::list")]
    granular_scopes: Vec<Granular>,
    #[serde(default, deserialize_with = "lenient::text")]
    user_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    profile_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct Granular {
    #[serde(default, deserialize_with = "lenient::text")]
    scope: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    target_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default, deserialize_with = "lenient::id")]
    subcode: Option<i64>,
}

impl Data {
    fn info(self) -> TokenInfo {
        let granular = self.granular_scopes.into_iter().filter_map(|granular| {
            let pages = |ids: Vec<String>| ids.iter().filter_map(|id| id.parse().ok()).collect();
            Some(GranularScope { scope: granular.scope?, targets: granular.target_ids.map(pages) })
        });
        TokenInfo {
            app_id: self.app_id,
            kind: self.kind,
            is_valid: self.is_valid.unwrap_or(false),
            expires_at: self.expires_at,
            data_access_expires_at: self.data_access_expires_at,
            scopes: self.scopes.unwrap_or_default(),
            granular: granular.collect(),
            user_id: self.user_id.and_then(|id| id.parse().ok()),
            profile_id: self.profile_id.and_then(|id| id.parse().ok()),
            dead: self.error.map(|fault| Reconnect::of(fault.subcode)),
        }
    }
}

impl Graph {
    /// Inspects a token in our app's name; a page's token cannot inspect itself (pages.md §1.12). A dead token is an
    /// answer, not an error.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn debug_token(&self, token: &SecretString) -> Result<TokenInfo, GraphError> {
        let query = [("input_token", token.expose_secret())];
        let answer: Answer = self.call(Method::GET, "debug_token", &query, Caller::App).await?;
        answer.data.map(Data::info).ok_or(GraphError::NoAnswer(Call::Other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(text: &str) -> TokenInfo {
        serde_json::from_str::<Answer>(text).unwrap().data.unwrap().info()
    }

    #[test]
    fn a_page_token_is_held_against_every_rule() {
        let page: PageId = "104000000000001".parse().unwrap();
        let good = info(include_str!("../../../tests/fixtures/fb_debug_token_page.json"));
        let check = |info: &TokenInfo| info.check("1180011800118001", &page);
        assert_eq!(check(&good), Ok(()));
        assert_eq!((good.expires_at, good.data_access_expires_at), (None, Some(1_803_076_000)));
        assert_eq!(good.user_id.as_ref().unwrap().as_str(), "10223344556677889");
        assert_eq!(good.check("17", &page), Err(TokenFault::OtherApp));
        assert_eq!(good.check("1180011800118001", &"17".parse().unwrap()), Err(TokenFault::OtherPage));
        let scopes = vec!["pages_show_list".to_owned(), "pages_messaging".to_owned()];
        let poor = TokenInfo { scopes, ..good };
        let missing = vec!["pages_read_engagement", "pages_manage_metadata"];
        assert_eq!(check(&poor), Err(TokenFault::Scopes(missing)));
        let user = info(include_str!("../../../tests/fixtures/fb_debug_token_user.json"));
        assert_eq!(check(&user), Err(TokenFault::NotAPage));
        let dead = info(include_str!("../../../tests/fixtures/fb_debug_token_invalid.json"));
        assert_eq!(check(&dead), Err(TokenFault::Dead(Reconnect::PasswordChanged)));
    }

    #[test]
    fn the_pages_of_a_grant_are_named_once() {
        let user = info(include_str!("../../../tests/fixtures/fb_debug_token_user.json"));
        let pages: Vec<String> = user.granted_pages().iter().map(PageId::to_string).collect();
        assert_eq!(pages, ["104000000000001", "104000000000002"]);
        let all = user.granular.iter().find(|scope| scope.scope == "business_management").unwrap();
        assert_eq!(all.targets, None);
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read_or_refused(
            key in "app_id|type|is_valid|expires_at|scopes|granular_scopes|user_id|profile_id|error",
            value in "null|7|-1|1\\.5|\"x\"|\\[\\]|\\{\\}|\\[7\\]|\\[\\{\"scope\":7,\"target_ids\":\\[7,null,\"x\"\\]\\}\\]|true",
        ) {
            let text = format!(r#"{{"data":{{"{key}":{value}}}}}"#);
            if let Ok(Answer { data: Some(data) }) = serde_json::from_str::<Answer>(&text) {
                let page = "1".parse().unwrap();
                assert!(data.info().check("1", &page).is_err());
            }
        }
    }
}

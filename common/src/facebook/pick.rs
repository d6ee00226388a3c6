//! A page, picked: its token, fetched now and checked (pages.md §1.10).

use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;

use super::app::{Caller, PageToken, UserToken};
use super::error::{Call, GraphError};
use super::graph::Graph;
use super::person::Picture;
use super::token_info::TokenFault;
use crate::id::{FbUserId, PageId};
use crate::wire::lenient;

/// A page that was picked. Whether the role allows it is for [`super::role::pickable`] to say.
#[derive(Debug, Clone)]
pub struct Picked {
    /// Its id: the one asked for.
    pub id: PageId,
    /// Its name.
    pub name: Option<String>,
    /// Address of its picture.
    pub picture: Option<String>,
    /// Its category, in Facebook's words.
    pub category: Option<String>,
    /// The person's tasks as Facebook tells them now; `None` when it does not.
    pub tasks: Option<Vec<String>>,
    /// Its token: ours, of this page, working, with every needed permission.
    pub token: PageToken,
    /// The person behind the token.
    pub user_id: Option<FbUserId>,
    /// When access to data ends, in seconds since 1970 (pages.md §1.19).
    pub data_access_expires_at: Option<i64>,
}

/// Why a picked page cannot be connected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PickError {
    /// A call failed; [`GraphError::action`] says what to do. A page that is gone is
    /// [`Action::NotVisible`](super::error::Action::NotVisible).
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Facebook gives no token for the page: it was not ticked.
    #[error("Facebook gives no token for the page")]
    NotTicked,
    /// The token is not the one it should be.
    #[error(transparent)]
    Token(#[from] TokenFault),
}

impl Graph {
    /// Fetches the page's own token with the person's, and checks it. The person's token is never taken for the page's.
    ///
    /// # Errors
    /// [`PickError`].
    pub async fn page_with_token(&self, page: &PageId, user: &UserToken) -> Result<Picked, PickError> {
        #[derive(Deserialize)]
        struct Node {
            #[serde(default, deserialize_with = "lenient::text")]
            id: Option<String>,
            #[serde(default, deserialize_with = "lenient::text")]
            name: Option<String>,
            #[serde(default, deserialize_with = "lenient::string")]
            access_token: Option<String>,
            #[serde(default, deserialize_with = "lenient::text")]
            category: Option<String>,
            #[serde(default, deserialize_with = "lenient::object")]
            picture: Option<Picture>,
        }
        let query = [("fields", "id,name,access_token,category,picture")];
        let node: Node = self.call(Method::GET, page.as_str(), &query, Caller::User(user)).await?;
        if node.id.as_deref() != Some(page.as_str()) {
            return Err(GraphError::NoAnswer(Call::Other).into());
        }
        let token = PageToken::new(SecretString::from(node.access_token.ok_or(PickError::NotTicked)?));
        let tasks = self.tasks_on(page, user).await?;
        let info = self.debug_token(token.secret()).await?;
        info.check(&self.app().id, page)?;
        Ok(Picked {
            id: page.clone(),
            name: node.name,
            picture: node.picture.and_then(Picture::url),
            category: node.category,
            tasks,
            token,
            user_id: info.user_id,
            data_access_expires_at: info.data_access_expires_at,
        })
    }
}

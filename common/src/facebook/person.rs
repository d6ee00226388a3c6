//! The person who logged in: who they are, what they granted, and taking all of it back (pages.md §1.6, §1.13).

use reqwest::Method;
use serde::Deserialize;

use super::app::{Caller, UserToken};
use super::dialog::REQUIRED;
use super::error::{Call, GraphError};
use super::graph::Graph;
use crate::id::FbUserId;
use crate::page::is_picture;
use crate::wire::lenient;

/// A person, as our app knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// Their app-scoped id.
    pub id: FbUserId,
    /// Their name.
    pub name: Option<String>,
    /// Address of their picture.
    pub picture: Option<String>,
}

/// What was asked of a person and what they answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// Granted ones; declined and expired ones are left out.
    pub granted: Vec<String>,
}

impl Permissions {
    /// Those of [`REQUIRED`] that were not granted; with any of them the person has to be asked again.
    pub fn missing(&self) -> Vec<&'static str> {
        REQUIRED.into_iter().filter(|needed| !self.granted.iter().any(|name| name == needed)).collect()
    }
}

/// `picture{data{url}}` (pages.md §1.7).
#[derive(Deserialize)]
pub(super) struct Picture {
    #[serde(default, deserialize_with = "lenient::object")]
    data: Option<PictureData>,
}

#[derive(Deserialize)]
struct PictureData {
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
}

impl Picture {
    /// Its address, if a browser may load it.
    pub fn url(self) -> Option<String> {
        self.data?.url.filter(|url| is_picture(url))
    }
}

impl Graph {
    /// What the person granted.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn permissions(&self, user: &UserToken) -> Result<Permissions, GraphError> {
        #[derive(Deserialize)]
        struct Row {
            #[serde(default, deserialize_with = "lenient::text")]
            permission: Option<String>,
            #[serde(default, deserialize_with = "lenient::word")]
            status: Option<String>,
        }
        let listed = self.list::<Row>("me/permissions", None, Caller::User(user)).await?;
        let granted = listed.rows.into_iter().filter(|row| row.status.as_deref() == Some("granted"));
        Ok(Permissions { granted: granted.filter_map(|row| row.permission).collect() })
    }

    /// Who the person is.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn me(&self, user: &UserToken) -> Result<Me, GraphError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default, deserialize_with = "lenient::text")]
            id: Option<String>,
            #[serde(default, deserialize_with = "lenient::text")]
            name: Option<String>,
            #[serde(default, deserialize_with = "lenient::object")]
            picture: Option<Picture>,
        }
        let query = [("fields", "id,name,picture")];
        let answer: Answer = self.call(Method::GET, "me", &query, Caller::User(user)).await?;
        let id = answer.id.and_then(|id| id.parse().ok()).ok_or(GraphError::NoAnswer(Call::Other))?;
        Ok(Me { id, name: answer.name, picture: answer.picture.and_then(Picture::url) })
    }

    /// Removes our app for the person: **every** page token they ever gave us dies, in every tenant, so it is for when
    /// no live connection has the same person (pages.md §1.13). Unsubscribe their pages first.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn revoke_permissions(&self, person: &FbUserId, caller: Caller<'_>) -> Result<(), GraphError> {
        self.act(Method::DELETE, &format!("{person}/permissions"), &[], caller).await
    }
}

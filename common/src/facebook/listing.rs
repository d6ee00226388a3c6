//! The pages of a person, from every place they can hide in (pages.md §1.7, §1.9).
//!
//! `/me/accounts` is the list to go by. Pages of a business portfolio and pages that only the token's own grants name are
//! added, as far as they can be read; a failure there leaves a [`Gap`] and never fails the list. A portfolio may tell the
//! person's tasks on its pages, too (pages.md §8): what the list does not tell is taken from there, and of a page that two
//! portfolios know the tasks of both count. No token is read in here: a row only says whether there is one.

use std::collections::BTreeMap;

use futures::StreamExt;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::app::{Caller, UserToken};
use super::error::{Action, GraphError, Reconnect};
use super::graph::Graph;
use super::paging::Listed;
use super::person::Picture;
use super::role::{Pickable, UnknownRole, can_message, pickable};
use crate::id::PageId;
use crate::wire::lenient;

/// What is asked of `/me/accounts` and of a portfolio's pages (pages.md §1.7, §8).
const FIELDS: &str = "id,name,access_token,category,tasks,picture";
/// What is asked of a portfolio that knows no tasks (pages.md §1.9).
const WITHOUT_TASKS: &str = "id,name,access_token,category,picture";
/// What is asked of pages by id (pages.md §1.9).
const GRANTED_FIELDS: &str = "id,name,picture,access_token";

/// Portfolios read at most; each takes two calls or more.
const MAX_PORTFOLIOS: usize = 25;
/// Portfolio lists read at the same time.
const AT_ONCE: usize = 4;
/// Ids in one call, and calls at most.
const IDS: usize = 50;
const MAX_ID_CALLS: usize = 10;

/// Where a row came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// `/me/accounts`.
    Accounts,
    /// A business portfolio.
    Portfolio,
    /// The token's granular scopes.
    Granular,
}

/// A page, as it may be shown in a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageRow {
    /// Its id.
    pub id: PageId,
    /// Its name.
    pub name: Option<String>,
    /// Address of its picture, https.
    pub picture: Option<String>,
    /// Its category, in Facebook's words.
    pub category: Option<String>,
    /// What the person may do on it; `None` when Facebook does not tell.
    pub tasks: Option<Vec<String>>,
    /// Whether Facebook gave a token for it.
    pub has_token: bool,
    /// Where it was found.
    pub source: Source,
}

impl PageRow {
    /// Whether it can be picked.
    pub fn pickable(&self, unknown: UnknownRole) -> Pickable {
        pickable(self.tasks.as_deref(), self.has_token, unknown)
    }

    /// Whether to warn that the person may not send messages on it.
    pub fn lacks_messaging(&self) -> bool {
        self.tasks.as_ref().is_some_and(|tasks| !can_message(tasks))
    }
}

/// What the list may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// There were more pages than are read.
    Cut,
    /// The person did not grant `business_management`: pages of portfolios are not seen.
    PortfolioNotGranted,
    /// Some portfolio's pages could not be read.
    Portfolio,
    /// The pages the grants name could not be read.
    Granular,
}

/// A person's pages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PageList {
    /// Each page once: those of `/me/accounts` first, in its order.
    pub rows: Vec<PageRow>,
    /// What may be missing, each kind once.
    pub gaps: Vec<Gap>,
}

impl PageList {
    /// Adds rows that are not there yet, and tasks that are not known yet. Among the other sources a row with a token wins;
    /// `/me/accounts` always does.
    fn merge(&mut self, rows: Vec<PageRow>) {
        for row in rows {
            let Some(known) = self.rows.iter_mut().find(|known| known.id == row.id) else {
                self.rows.push(row);
                continue;
            };
            let tasks = match (known.tasks.take(), row.tasks.clone()) {
                (Some(told), _) if known.source == Source::Accounts => Some(told),
                (Some(one), Some(other)) => Some(one.into_iter().chain(other).collect()),
                (told, untold) => told.or(untold),
            };
            if known.source != Source::Accounts && !known.has_token {
                *known = row;
            }
            known.tasks = tasks;
        }
    }

    fn gap(&mut self, gap: Gap) {
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    fn merge_part(&mut self, part: Self) {
        self.merge(part.rows);
        part.gaps.into_iter().for_each(|gap| self.gap(gap));
    }
}

#[derive(Deserialize)]
pub(super) struct Node {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    access_token: bool,
    #[serde(default, deserialize_with = "lenient::text")]
    category: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    tasks: Option<Vec<String>>,
    /// Their older name; never asked for.
    #[serde(default, deserialize_with = "lenient::words")]
    perms: Option<Vec<String>>,
    #[serde(default, deserialize_with = "lenient::object")]
    picture: Option<Picture>,
}

/// Whether a text is there, without keeping it.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    Ok(raw.starts_with('"') && raw != "\"\"")
}

impl Node {
    fn row(self, source: Source) -> Option<PageRow> {
        Some(PageRow {
            id: self.id?.parse().ok()?,
            name: self.name,
            picture: self.picture.and_then(Picture::url),
            category: self.category,
            tasks: self
                .tasks
                .or(self.perms)
                .map(|tasks| tasks.iter().map(|task| task.to_uppercase()).collect()),
            has_token: self.access_token,
            source,
        })
    }
}

fn part(listed: Listed<Node>, source: Source) -> PageList {
    let mut list = PageList::default();
    list.merge(listed.rows.into_iter().filter_map(|node| node.row(source)).collect());
    if listed.cut {
        list.gap(Gap::Cut);
    }
    list
}

impl Graph {
    /// Every page of the person, merged by id.
    ///
    /// # Errors
    /// [`GraphError`], of `/me/accounts` only.
    pub async fn list_pages(&self, user: &UserToken) -> Result<PageList, GraphError> {
        let mut list = self.accounts(user).await?;
        let known: Vec<PageId> = list.rows.iter().map(|row| row.id.clone()).collect();
        let (portfolio, granular) = futures::join!(self.portfolio(user), self.granular(user, &known));
        list.merge_part(portfolio);
        list.merge_part(granular);
        Ok(list)
    }

    /// The pages of `/me/accounts`, to the last (pages.md §1.7).
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn accounts(&self, user: &UserToken) -> Result<PageList, GraphError> {
        let listed = self.list("me/accounts", Some(FIELDS), Caller::User(user)).await?;
        Ok(part(listed, Source::Accounts))
    }

    /// The pages of the person's business portfolios, as far as they can be read.
    pub async fn portfolio(&self, user: &UserToken) -> PageList {
        #[derive(Deserialize)]
        struct Business {
            #[serde(default, deserialize_with = "lenient::text")]
            id: Option<String>,
        }
        let mut list = PageList::default();
        let businesses = self.list::<Business>("me/businesses", Some("id,name"), Caller::User(user)).await;
        let businesses = match businesses {
            Ok(businesses) => businesses,
            Err(error) if error.action() == Action::Reconnect(Reconnect::Scope) => {
                list.gap(Gap::PortfolioNotGranted);
                return list;
            }
            Err(error) => {
                tracing::warn!(%error, "business portfolios could not be read");
                list.gap(Gap::Portfolio);
                return list;
            }
        };
        if businesses.cut || businesses.rows.len() > MAX_PORTFOLIOS {
            list.gap(Gap::Cut);
        }
        // An id goes into a path.
        let digits = |id: &String| id.bytes().all(|b| b.is_ascii_digit());
        let ids = businesses.rows.into_iter().filter_map(|business| business.id).filter(digits);
        let paths = ids
            .take(MAX_PORTFOLIOS)
            .flat_map(|id| [format!("{id}/owned_pages"), format!("{id}/client_pages")])
            .map(|path| async move { self.portfolio_pages(&path, user).await });
        let mut answers = futures::stream::iter(paths).buffered(AT_ONCE);
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(listed) => list.merge_part(part(listed, Source::Portfolio)),
                Err(error) => {
                    tracing::warn!(%error, "a portfolio's pages could not be read");
                    list.gap(Gap::Portfolio);
                }
            }
        }
        list
    }

    /// The pages of one edge of a portfolio; without their tasks if it does not know the word.
    async fn portfolio_pages(&self, path: &str, user: &UserToken) -> Result<Listed<Node>, GraphError> {
        match self.list(path, Some(FIELDS), Caller::User(user)).await {
            Err(error) if error.action() == Action::ConfigError => {
                self.list(path, Some(WITHOUT_TASKS), Caller::User(user)).await
            }
            answer => answer,
        }
    }

    /// The person's tasks on a page as Facebook tells them now: in `/me/accounts`, else in a portfolio (pages.md §1.10, §8);
    /// `None` when it does not.
    ///
    /// # Errors
    /// [`GraphError`], of `/me/accounts` only.
    pub async fn tasks_on(&self, page: &PageId, user: &UserToken) -> Result<Option<Vec<String>>, GraphError> {
        let told =
            |list: PageList| list.rows.into_iter().find(|row| row.id == *page).and_then(|row| row.tasks);
        match told(self.accounts(user).await?) {
            Some(tasks) => Ok(Some(tasks)),
            None => Ok(told(self.portfolio(user).await)),
        }
    }

    /// The pages that the token's granular scopes name and that are not `known`, as far as they can be read.
    pub async fn granular(&self, user: &UserToken, known: &[PageId]) -> PageList {
        let mut list = PageList::default();
        let pages = match self.debug_token(user.secret()).await {
            Ok(info) => info.granted_pages(),
            Err(error) => {
                tracing::warn!(%error, "the user token could not be inspected");
                list.gap(Gap::Granular);
                return list;
            }
        };
        let pages: Vec<&str> =
            pages.iter().filter(|page| !known.contains(page)).map(PageId::as_str).collect();
        if pages.len() > IDS * MAX_ID_CALLS {
            list.gap(Gap::Cut);
        }
        for ids in pages.chunks(IDS).take(MAX_ID_CALLS) {
            let ids = ids.join(",");
            let query = [("ids", ids.as_str()), ("fields", GRANTED_FIELDS)];
            match self
                .call::<BTreeMap<String, Box<RawValue>>>(Method::GET, "", &query, Caller::User(user))
                .await
            {
                Ok(nodes) => {
                    let nodes = nodes.values().map(|node| node.get()).filter(|node| node.starts_with('{'));
                    let nodes = nodes.filter_map(|node| serde_json::from_str::<Node>(node).ok());
                    list.merge(nodes.filter_map(|node| node.row(Source::Granular)).collect());
                }
                Err(error) => {
                    tracing::warn!(%error, "the pages a grant names could not be read");
                    list.gap(Gap::Granular);
                }
            }
        }
        list
    }
}

#[cfg(test)]
mod tests;

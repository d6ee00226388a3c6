//! Haravan's Admin REST, as far as the connector calls it (haravan.md §5).

use reqwest::Method;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::api::{Answer, Api, ApiError};
use super::webhook::Entity;
use crate::id::{OrgId, StaffId};
use crate::text::fold;
use crate::wire::lenient;

/// The public base URL (haravan.md §1.1).
pub const DEFAULT_BASE: &str = "https://apis.haravan.com/";

/// Most rows in a page (haravan.md §5.4, §10.22).
pub const PAGE: usize = 50;

/// A client of the Admin REST.
#[derive(Debug, Clone)]
pub struct Admin(Api);

/// A shop's own facts (haravan.md §5.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShopFacts {
    /// Its organisation id.
    pub id: Option<OrgId>,
    /// Its name.
    pub name: Option<String>,
    /// Its `…myharavan.com` domain, without scheme and path.
    pub domain: Option<String>,
}

/// A member of a shop's staff (haravan.md §5.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Their id.
    pub id: StaffId,
    /// Their name.
    pub name: String,
    /// Their e-mail in lower case.
    pub email: Option<String>,
}

/// One page of rows.
#[derive(Debug)]
pub struct Listing {
    /// The rows, each as the text it came in.
    pub rows: Vec<Box<RawValue>>,
    /// How many calls are in the bucket that leaks four a second and holds eighty (haravan.md §5.2); `None` when not
    /// said.
    pub calls: Option<u32>,
}

/// The first number of `X-Haravan-Api-Call-Limit: 32/80` (haravan.md §5.2).
fn calls(headers: &HeaderMap) -> Option<u32> {
    headers.get("x-haravan-api-call-limit")?.to_str().ok()?.split('/').next()?.trim().parse().ok()
}

impl Admin {
    /// A client that calls below `base`.
    pub fn new(http: reqwest::Client, base: Url) -> Self {
        Self(Api::new(http, base))
    }

    /// The shop of the token: `GET /com/shop.json`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn shop(&self, token: &SecretString) -> Result<ShopFacts, ApiError> {
        #[derive(Deserialize)]
        struct Answer {
            shop: Shop,
        }
        #[derive(Deserialize)]
        struct Shop {
            #[serde(default, deserialize_with = "lenient::text")]
            id: Option<String>,
            #[serde(default, deserialize_with = "lenient::text")]
            name: Option<String>,
            #[serde(default, deserialize_with = "lenient::text")]
            myharavan_domain: Option<String>,
            #[serde(default, deserialize_with = "lenient::text")]
            domain: Option<String>,
        }
        let shop = self.get("com/shop.json", &[], token).await?.json::<Answer>()?.shop;
        let host = |text: String| {
            let text = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
            text.split('/').next().map(str::to_owned).filter(|host| !host.is_empty())
        };
        Ok(ShopFacts {
            id: shop.id.and_then(|id| id.parse().ok()),
            name: shop.name,
            domain: shop.myharavan_domain.or(shop.domain).and_then(host),
        })
    }

    /// One page of orders or customers, each as the text it came in: `GET /com/{orders|customers}.json`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn page(
        &self,
        token: &SecretString,
        entity: Entity,
        query: &[(&str, &str)],
    ) -> Result<Vec<Box<RawValue>>, ApiError> {
        Ok(self.listing(token, entity, query).await?.rows)
    }

    /// The same, with how full the bucket of calls is.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn listing(
        &self,
        token: &SecretString,
        entity: Entity,
        query: &[(&str, &str)],
    ) -> Result<Listing, ApiError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(alias = "orders", alias = "customers")]
            rows: Vec<Box<RawValue>>,
        }
        let path = match entity {
            Entity::Order => "com/orders.json",
            Entity::Customer => "com/customers.json",
        };
        let answer = self.get(path, query, token).await?;
        Ok(Listing { calls: calls(&answer.headers), rows: answer.json::<Answer>()?.rows })
    }

    /// How many orders or customers a query matches: `GET /com/{orders|customers}/count.json`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn count(
        &self,
        token: &SecretString,
        entity: Entity,
        query: &[(&str, &str)],
    ) -> Result<i64, ApiError> {
        #[derive(Deserialize)]
        struct Answer {
            count: i64,
        }
        let path = match entity {
            Entity::Order => "com/orders/count.json",
            Entity::Customer => "com/customers/count.json",
        };
        Ok(self.get(path, query, token).await?.json::<Answer>()?.count)
    }

    /// The newest orders, newest first, at most [`PAGE`].
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn recent_orders(
        &self,
        token: &SecretString,
        limit: usize,
    ) -> Result<Vec<Box<RawValue>>, ApiError> {
        let limit = limit.clamp(1, PAGE).to_string();
        let query = [("status", "any"), ("order", "created_at desc"), ("limit", limit.as_str())];
        self.page(token, Entity::Order, &query).await
    }

    /// The shop's staff: `GET /com/users.json`, which only Plus shops have (haravan.md §5.7).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn staff(&self, token: &SecretString) -> Result<Vec<Staff>, ApiError> {
        #[derive(Deserialize)]
        struct Answer {
            users: Vec<User>,
        }
        let answer: Answer = self.get("com/users.json", &[], token).await?.json()?;
        Ok(answer.users.into_iter().filter_map(User::known).collect())
    }

    /// The e-mail of a member of staff in lower case, `None` when they have none: `GET /com/users/{id}.json`
    /// (haravan.md §5.7).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn staff_email(&self, token: &SecretString, id: StaffId) -> Result<Option<String>, ApiError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default, deserialize_with = "lenient::object")]
            user: Option<User>,
        }
        let answer: Answer = self.get(&format!("com/users/{id}.json"), &[], token).await?.json()?;
        Ok(answer.user.and_then(|user| user.email).map(|email| fold(&email)))
    }

    async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        token: &SecretString,
    ) -> Result<Answer, ApiError> {
        self.0.call(Method::GET, path, query, token).await
    }
}

#[derive(Deserialize)]
struct User {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    first_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    last_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    email: Option<String>,
}

impl User {
    fn known(self) -> Option<Staff> {
        let name = [self.last_name, self.first_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
        Some(Staff { id: self.id?.parse().ok()?, name, email: self.email.map(|email| fold(&email)) })
    }
}

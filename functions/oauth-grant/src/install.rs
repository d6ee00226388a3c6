//! Haravan's answer to INSTALL, and connecting the shop.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use common::attempt::{Attempt, support_id};
use common::connect::Connecting;
use common::connect::callback::Callback;
use common::connect::flow::Step;
use common::connect::proof::Proven;
use common::connect::refusal::{Refusal, back};
use common::form::Fields;
use common::haravan::admin::ShopFacts;
use common::haravan::api::ApiError;
use common::haravan::subscription::missing;
use common::id::OrgId;
use common::page::redirect;
use common::seal::{Place, SealError};
use common::store::connections::{Connect, NewShop, Person, SealedTokens, Subject};
use common::store::schema::connections::{ACCESS_TOKEN, REFRESH_TOKEN};
use common::telemetry::Metric;
use common::tenant::connection_place;
use secrecy::SecretString;

use crate::{FUNCTION, Grant, page};

/// Longest wait for what the shop says of itself.
const FACTS_BUDGET: Duration = Duration::from_secs(12);

/// Longest wait for the webhooks: the shop is connected by then, and upkeep tries again.
const SUBSCRIBE_BUDGET: Duration = Duration::from_secs(12);

/// Longest wait before asking for the shop once more.
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Checks the answer and connects the shop.
pub(crate) async fn answered(
    grant: &Grant,
    fields: &Fields,
    headers: &HeaderMap,
    attempt: &mut Attempt,
) -> Result<Response, Refusal> {
    let connecting = &grant.connecting;
    let proven = connecting.prove(Step::Install, Callback::read(fields)?, headers, attempt).await?;
    let facts = grant.facts(&proven).await?;
    let shop = new_shop(connecting, &proven, facts).await?;
    match connect(connecting, &shop).await? {
        Connect::Done => {}
        // Somebody was faster. The token is dropped here. It lives on at Haravan until the shop removes the app; ours it never
        // becomes.
        Connect::Elsewhere => {
            doubt_owner(connecting, shop.org).await;
            return Err(Refusal::Elsewhere);
        }
    }
    let line = attempt
        .line(FUNCTION, "connect.done")
        .with("refreshable", shop.tokens.refresh.is_some())
        .count(Metric::ConnectDone, 1);
    let subscribed = tokio::time::timeout(SUBSCRIBE_BUDGET, grant.subscribe(&proven, &shop)).await;
    let why = match subscribed {
        Ok(Ok(missing)) => {
            line.with("topics_missing", missing).emit();
            let to = format!("{}?connected={}", back(attempt).href, shop.org);
            return Ok(redirect(StatusCode::SEE_OTHER, &to, attempt.forget.clone()));
        }
        Ok(Err(error)) => word(&error),
        Err(_) => "unanswered",
    };
    let id = support_id();
    line.with("webhooks", why).with("id", id.as_str()).count(Metric::ConnectUnsubscribed, 1).emit();
    Ok(page::connected_without_webhooks(attempt, &shop, id))
}

impl Grant {
    /// The shop of the new token, in its own words. Haravan's limit may be used up by a backlog of ours: one more try.
    async fn facts(&self, proven: &Proven) -> Result<ShopFacts, Refusal> {
        let token = &proven.tokens.access;
        let asked = async {
            match self.admin.shop(token).await {
                Err(ApiError::Transient { after }) => {
                    self.connecting.clock.sleep(after.unwrap_or(MAX_PAUSE).min(MAX_PAUSE)).await;
                    self.admin.shop(token).await
                }
                answer => answer,
            }
        };
        let answer = tokio::time::timeout(FACTS_BUDGET, asked).await;
        let facts = answer.unwrap_or(Err(ApiError::Transient { after: None })).map_err(Refusal::NoShop)?;
        if facts.id == Some(proven.claims.org) { Ok(facts) } else { Err(Refusal::ForeignToken) }
    }

    /// Switches the webhooks on and notes what Haravan then sends; gives how many topics are missing.
    async fn subscribe(&self, proven: &Proven, shop: &NewShop) -> Result<usize, ApiError> {
        let token = &proven.tokens.access;
        self.subscription.subscribe(token).await?;
        let topics = self.subscription.topics(token).await?;
        let missing = missing(&topics).len();
        let shops = &self.connecting.store.connections;
        let noted = match shops.shop(&shop.tenant, shop.org).await {
            Ok(Some(stored)) => {
                shops.note_topics(&stored.this(), &topics, self.connecting.now()).await.map(drop)
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = noted {
            // Upkeep asks again.
            tracing::warn!(%error, "the topics of a new connection were not noted");
        }
        Ok(missing)
    }
}

async fn new_shop(connecting: &Connecting, proven: &Proven, facts: ShopFacts) -> Result<NewShop, Refusal> {
    let (claims, tokens) = (&proven.claims, &proven.tokens);
    let ring = connecting.directory.ring().await.map_err(Refusal::sealing)?;
    let key = connection_place(&proven.tenant.id, &Subject::Shop(claims.org));
    let seal = |field, token: &SecretString| -> Result<Vec<u8>, SealError> {
        ring.seal(Place { key: &key, field }, token)
    };
    let refresh = tokens.refresh.as_ref().map(|token| seal(REFRESH_TOKEN, token)).transpose();
    let by_sub = || claims.org_sub.as_ref().map(|sub| format!("{sub}.myharavan.com"));
    Ok(NewShop {
        tenant: proven.tenant.id.clone(),
        org: claims.org,
        shop_domain: facts.domain.or_else(by_sub),
        shop_name: facts.name.or_else(|| claims.org_name.clone()),
        tokens: SealedTokens {
            access: seal(ACCESS_TOKEN, &tokens.access).map_err(Refusal::sealing)?,
            refresh: refresh.map_err(Refusal::sealing)?,
            expires_at: tokens.lives.and_then(|lives| connecting.now().checked_add(lives).ok()),
        },
        scopes: tokens.scopes.clone(),
        by: Some(Person {
            id: claims.sub.to_string(),
            name: claims.name.clone(),
            email: claims.email.clone(),
        }),
    })
}

/// Stores the connection; whoever gets no answer does it again, which is harmless.
async fn connect(connecting: &Connecting, shop: &NewShop) -> Result<Connect, Refusal> {
    let shops = &connecting.store.connections;
    match shops.connect(shop, connecting.now()).await {
        Err(error) => {
            tracing::warn!(%error, "a shop is connected in a second try");
            Ok(shops.connect(shop, connecting.now()).await?)
        }
        done => Ok(done?),
    }
}

/// The tokens that were made may have ended those of the shop's owner, if both tenants have the same app at Haravan: upkeep
/// looks at its connection at once.
async fn doubt_owner(connecting: &Connecting, org: OrgId) {
    let (shops, shop) = (&connecting.store.connections, Subject::Shop(org));
    let doubted = match shops.owner(&shop).await {
        Ok(Some(owner)) => shops.suspect(&owner, &shop, connecting.now()).await.map(drop),
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = doubted {
        tracing::warn!(%error, "a shop is not looked at again at once");
    }
}

fn word(error: &ApiError) -> &'static str {
    match error {
        ApiError::Transient { .. } => "unanswered",
        ApiError::Unauthorized => "unauthorized",
        ApiError::Forbidden => "forbidden",
        ApiError::NotFound => "not_found",
        ApiError::Refused { .. } => "refused",
    }
}

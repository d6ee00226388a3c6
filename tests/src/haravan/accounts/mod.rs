//! The simulated `accounts.haravan.com`: OAuth 2.0 and OpenID Connect (haravan.md §1), as IdentityServer4 does it where
//! Haravan is silent.
//!
//! **Who acts.** An app sends a browser to `/connect/authorize`. What is wrong with the request itself (client, redirect
//! URI, response type and mode, scope, nonce) ends on a page here and never reaches the app. A person then signs in, picks
//! a shop and, for an INSTALL (`grant_service`), accepts the scopes; the answer goes to the app's redirect URI, by
//! form_post, query or fragment. The app redeems the code at `/connect/token`.
//!
//! **The pages** are forms without scripts whose actions are relative, so they work below any path prefix and for a plain
//! HTTP client. They hold no state of their own: each carries the whole authorize query, and every post is answered by a
//! redirect to the same query until nothing is left to ask. Only the answer of form_post runs a script, to submit itself.
//!
//! **Without pages.** [`Simulator::authorize`](super::Simulator::authorize) walks the same validation, the same steps and
//! the same issuing, with a person's choices given beforehand.
//!
//! **What a grant is.** A code, an access token and a refresh token stand for one grant: app, shop, person, scopes. With
//! `grant_service` the access token is the shop's (install) token, without it a short-lived user token that subscribes
//! nothing. A code works once, for 300 s, for its client and redirect URI. Uninstalling kills all of them.
//!
//! **Refresh.** With rotation, the default and the harder reading of §1.10, a refresh token is dead as soon as it was
//! used; without, it comes back unchanged. Refresh tokens do not expire.
//!
//! **Keys.** RSA-2048, generated when one is first needed and shared by all simulators of a process. After a rotation
//! the JWKS has the new key alone.
//!
//! **Issuer** is the simulator's own address: what [`Simulator::serve`](super::Simulator::serve) bound, or what
//! [`Simulator::set_public_url`](super::Simulator::set_public_url) said.
//!
//! What it leaves out: `/connect/checksession`, `/connect/revocation` and `/connect/introspect`, which discovery names
//! as IdentityServer4 does (404), PKCE (ignored, §1.3), and expiry of the single sign-on session.

mod answer;
mod authorize;
mod control;
mod discovery;
mod errors;
mod flow;
pub(crate) mod html;
mod id_token;
mod keys;
mod launch;
mod pages;
mod records;
mod request;
mod seed;
mod shortcuts;
mod signing;
mod sso;
mod token;
mod userinfo;

pub use answer::Answer;
pub use records::AccountsSettings;
pub use seed::{AccountSeed, MembershipSeed};
pub use shortcuts::Choice;

pub(super) use control::router as control_router;
pub(super) use records::Accounts;

use axum::Router;
use axum::routing::{get, post};

use super::simulator::Simulator;

/// Everything below `/.well-known`, `/connect` and `/account`.
pub(super) fn router() -> Router<Simulator> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::configuration))
        .route("/.well-known/openid-configuration/jwks", get(discovery::jwks))
        .route("/connect/authorize", get(authorize::open).post(authorize::go_on))
        .route("/connect/token", post(token::exchange))
        .route("/connect/userinfo", get(userinfo::show))
        .route("/connect/endsession", get(sso::logout))
        .route("/account/logout", get(sso::logout))
}

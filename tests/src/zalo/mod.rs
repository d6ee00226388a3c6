//! A simulated Zalo for Official Accounts: its permission pages, token endpoint, `getoa` and webhook sender.
//!
//! **Who acts.** An app sends a browser to `/v4/oa/permission`. A person logs in, picks one account, ticks the box and
//! presses "Cho phép"; the app is called back with a code and exchanges it at `/v4/oa/access_token` for a pair of tokens.
//! With the access token it reads the account's profile at `/v2.0/oa/getoa`; with the refresh token it turns the pair into
//! the next one. While an account has a grant, what happens at it is sent to the app's one webhook URL. The production
//! platform has two hosts; here one router is both.
//!
//! **Written from the protocol, not from a client.** Everything follows pages.md §2, so a misreading shows up as a
//! disagreement. Where the protocol is silent the simulator takes the reading that is hardest on the client, and says so
//! where it does.
//!
//! **The pair.** At most one pair of an account is alive. Exchanging a code and refreshing both replace it, and the
//! replaced tokens are dead at once: access −220, refresh −14014. An access token lives 25 h, a refresh token 90 days and
//! works once. A token that never was given is −216. A code works once, for 600 s, with the verifier of its challenge.
//!
//! **Errors** of the application travel with HTTP 200. What a person meets on the permission page stays on it
//! (`permission/error?error_code=-14003`) and never reaches the app.
//!
//! **Faults** ([`Fault`]) happen to the next calls or until cleared, one to a call. Lasting troubles of an account are its
//! [`Standing`]. What the protocol leaves to choose is a [`Settings`] switch.
//!
//! **Pages** are forms without scripts with relative actions: they work below any prefix and for a plain HTTP client.
//! Names of the fields: `admin`, `oa_id`, `consent`, `decision` (`allow`, `cancel`), `log_out`.
//!
//! **Time and chance come from outside.** A [`Clock`] drives every expiry, the rate window and the retries; a seed drives
//! what is random in codes and tokens.
//!
//! **Restarts.** A simulator made with `Simulator::persistent` writes each change to its file before anybody is
//! answered, so it survives `kill -9`.
//!
//! What it leaves out: sending messages and every API but `getoa`, apps per account, and limits of the token endpoint.

mod control;
mod delivery;
mod errors;
mod events;
mod faults;
mod ids;
mod log;
mod openapi;
mod pages;
mod permission;
mod records;
mod refusal;
mod seed;
mod sender;
mod settings;
mod sign;
mod simulator;
mod state;
mod token;
mod verbs;
mod visit;

#[cfg(test)]
mod tests;

pub use crate::sim::{Clock, Deliveries, ManualClock, Round, Server};
pub use delivery::{ANSWER_WITHIN, Attempt, Delivery, DeliveryState, Outcome, RETRY_PAUSES};
pub use events::DEMO_USER;
pub use faults::{Fault, Switch};
pub use ids::{AdminId, OaId, UserId};
pub use log::RecordedRequest;
pub use permission::{Answer, Choice};
pub use records::{LivePair, Standing, TokenCounts};
pub use refusal::Refusal;
pub use seed::{AdminSeed, AppSeed, DEMO_REDIRECT_URI, OaSeed, PackageSeed, Seed};
pub use settings::{OaIdField, OauthErrorStyle, Settings, SignatureStyle};
pub use sign::{NUM_RETRY, SIGNATURE, appsecret_proof, code_challenge, event_mac};
pub use simulator::Simulator;

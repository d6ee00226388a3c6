//! A simulated Facebook: its login dialog, the part of the Graph API that connects pages, and the calls it makes to an
//! app.
//!
//! **Who acts.** A person opens the dialog with a browser, or a test walks it with `Simulator::authorize`; the app
//! trades the code for tokens, lists pages, subscribes and revokes; a test or a page of the local stack turns the knobs,
//! in process or over `/control`. What the app is told (webhooks, deauthorize, data deletion) waits in a queue that
//! `Simulator::deliver_due` sends.
//!
//! **Written from the protocol, not from the client.** Everything follows pages.md §1 and the contract §1.20. Where the
//! protocol is silent the simulator takes the reading that is hardest on the client.
//!
//! **Invariants**
//! - A grant belongs to a person; a new one replaces the ticked pages and ends the page tokens of those left out. Without
//!   `auth_type=rerequest` a grant that covers what is asked for is used again and nobody sees a page.
//! - A code works once, for ten minutes, with the redirect URI it was made for.
//! - A page token is one per user token and page. From a short user token it ends with it, from a long one never.
//! - A token that was ended stays so. A lost role, an unticked page and a missing permission are looked at with each call.
//! - Whatever is changed is in the file, where there is one, before anybody is answered: a simulator made with
//!   `Simulator::persistent` survives `kill -9`. Settings, faults, the request log and the app's addresses do not.
//!
//! What it leaves out: more than one app, `/{app}/subscriptions`, messages sent by the app, feed reading, the legacy SHA-1
//! signature, system users.

mod answer;
mod call;
mod control;
mod delivery;
mod dialog;
mod error;
mod faults;
mod graph;
mod ids;
mod knobs;
mod model;
mod refusal;
mod request_log;
mod role;
mod seed;
mod sender;
mod settings;
mod shortcuts;
mod sign;
mod simulator;
mod state;
mod token;
mod webhook;

#[cfg(test)]
mod tests;

pub use crate::sim::{Challenge, Clock, Deliveries, ManualClock, Round, Server};
pub use delivery::{Attempt, Delivery, DeliveryKind, DeliveryState, GIVEN_UP_AFTER, pause_before_retry};
pub use dialog::{Answer, Choice};
pub use faults::{Fault, Switch};
pub use ids::{BusinessId, PageId, PersonId};
pub use model::{Business, Grant, Page, Person, Role, ScopeStatus, Subscription};
pub use refusal::Refusal;
pub use request_log::{RecordedRequest, TokenKind};
pub use role::{ClassicRole, NEW_PAGE_FULL_CONTROL};
pub use seed::{
    ADVERTISER_PAGE, AGENCY, ANALYST_PAGE, APP_ID, APP_SECRET, AppSeed, BUSY, CLIENT_PAGE, COMPANY,
    CONFIG_ID, DEMO_REDIRECT_URI, EDITOR_PAGE, MODERATOR_PAGE, NEW_PAGE, NOBODY, OWNED_PAGE, SCOPES, SELLER,
    SHOP_PAGE, Seed, VERIFY_TOKEN,
};
pub use settings::{Settings, TasksWritten};
pub use sign::{app_secret_proof, ascii_json, hub_signature, signed_request};
pub use simulator::Simulator;
pub use token::{LiveToken, TokenEnd};
pub use webhook::FIELDS;

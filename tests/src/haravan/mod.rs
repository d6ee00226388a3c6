//! A simulated Haravan: its accounts server, its webhook sender, its Admin REST API and a control API to make things
//! happen.
//!
//! **Who acts.** A test (in process) or a person (over `/__sim`) places and changes orders and customers of a
//! seeded shop. Each change is drawn as bodies and queued as deliveries to every app that has subscribed the shop.
//! The delivery engine sends what is due. The app under test reads the shop back over `/com`. People sign in and install
//! the app at the accounts server, with a browser or without; `accounts` tells how.
//!
//! **Written from the protocol, not from the client.** Everything follows haravan.md §1–§5, §8 and §10; nothing is
//! shared with the connector's own Haravan client, so a misreading shows up as a disagreement. Where the protocol is
//! silent the simulator takes the reading that is hardest on the client, and says so where it does.
//!
//! **Exact text.** The signature covers bytes, and numbers keep their digits (`89000.0000`). Bodies are therefore
//! written by `text`, never by re-serialising a parsed value.
//!
//! **Time and chance come from outside.** A [`Clock`] drives due times, the REST bucket and `updated_at`; a seed
//! drives everything invented. Two changes of one record never carry the same `updated_at`, even on a clock that
//! stands still.
//!
//! **Faults** are switched on per next-so-many or standing. A fault of a delivery is worked in when the delivery is
//! queued and stays with it through its retries; a fault of REST or of the accounts server happens when the call comes.
//!
//! **Restarts.** A simulator made with `Simulator::persistent` writes each change to its file before the lock on its
//! state is released, so before anybody is answered or sent anything: it survives `kill -9`. A delivery that was on its
//! way then is tried again, as one whose answer was lost.
//!
//! What it leaves out: writing over REST, topics other than orders, customers and `app/uninstalled`
//! (`Simulator::send` sends any other), and what the essay of `accounts` names. Apps registered while it runs are
//! forgotten when the process ends; their tokens are not.

pub(crate) mod accounts;
mod actions;
mod bucket;
mod buyers;
pub(crate) mod control;
mod customer_body;
mod customer_spec;
mod delivery;
mod emit;
mod faults;
pub mod generate;
mod given;
mod ids;
mod invent_order;
mod invented;
mod listing;
mod model;
mod money;
mod order_body;
mod refusal;
mod rest;
mod seed;
mod sender;
mod shop_body;
mod sign;
mod simulator;
mod spec;
mod state;
mod style;
mod subscribe;
mod switches;
mod text;
mod wire;

#[cfg(test)]
mod tests;

use crate::sim::clock;
pub use crate::sim::{Challenge, Clock, Deliveries, ManualClock, Round, Server};
pub use accounts::{AccountSeed, AccountsSettings, Answer, Choice, MembershipSeed};
pub use customer_spec::{CustomerChange, CustomerSpec};
pub use delivery::{Attempt, Delivery, DeliveryState, FAILURES_BEFORE_DELETION, RETRIES, pause_before_retry};
pub use faults::Fault;
pub use given::{Dong, Given};
pub use ids::{CustomerId, OrderId, OrgId, UserId};
pub use refusal::Refusal;
pub use seed::{
    AppSeed, DEMO_REDIRECT_URIS, INSTALL_SCOPES, LocationSeed, OrgSeed, Plan, Seed, TOPICS, TokenSeed,
    UserSeed, WebhookSeed,
};
pub use sign::{ORDER, ORG, SIGNATURE, TEST, TOPIC, sign, signed_request};
pub use simulator::Simulator;
pub use spec::{
    Buyer, CancelSpec, Coupon, CouponKind, Gateway, LineSpec, OrderChange, OrderSpec, Payment, PaymentSpec,
    RefundPlace, RefundSpec,
};
pub use state::{Subscription, SubscriptionRecord};
pub use style::{BodyStyle, KeySet, NumberStyle, TimeStyle, Wrapper};
pub use switches::Switch;

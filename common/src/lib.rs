//! What every Haravan Connect function shares.
//!
//! The rooms, from the edge inwards:
//!
//! - [`haravan`]: what Haravan sends (webhooks, orders, customers) and its Admin REST.
//! - [`store`]: the four DynamoDB tables and the state machines that live in them.
//! - [`connect`]: connecting a shop, shared by the two functions that take Haravan's callbacks.
//! - [`pages`]: connecting pages, shared by the functions around them.
//! - [`attempt`], [`browser`], [`form`]: what all connecting shares: who tries, in which browser, and what it sends.
//! - [`tenant`]: a tenant's opened record, cached; who may send what.
//! - [`settings`], [`fault`]: how a tenant wants things done, the one way to change it, what is wrong with what was entered.
//! - [`intake`]: the path from a stored event to its effect in the CRM, shared by the intake functions.
//! - [`getfly`]: the Getfly CRM client.
//! - [`facebook`], [`zalo`]: the providers of pages: their log-in, their APIs, their webhooks; [`channel`]: our apps there.
//! - [`page`], [`words`], [`reason`]: what people see, in two languages.
//! - [`refresh`], [`backfill`], [`import`]: a shop's tokens kept alive; what webhooks did not bring.
//! - [`phone`], [`email`]: who somebody is, read from what people type.
//! - [`seal`]: secrets at rest under a rotatable key ring.
//! - [`wire`], [`aws`], [`telemetry`], [`trace`], [`config`], [`clock`]: the world outside.

pub mod api_key;
pub mod attempt;
pub mod aws;
pub mod backfill;
pub mod body;
pub mod browser;
pub mod channel;
pub mod clock;
pub mod config;
pub mod connect;
pub mod email;
pub mod facebook;
pub mod fault;
pub mod form;
pub mod getfly;
pub mod haravan;
pub mod id;
pub mod import;
pub mod intake;
pub mod money;
pub mod page;
pub mod pages;
pub mod phone;
pub mod reason;
pub mod refresh;
pub mod runtime;
pub mod seal;
pub mod settings;
pub mod store;
#[cfg(test)]
mod stub;
pub mod telemetry;
pub mod tenant;
pub mod text;
pub mod trace;
pub mod wire;
pub mod words;
pub mod zalo;

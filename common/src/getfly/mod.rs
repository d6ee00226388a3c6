//! The Getfly CRM, API v6.1 (getfly.md).
//!
//! [`client::Getfly`] makes the calls, [`error::CrmError`] says what an answer means, [`account`] and [`order`] are the
//! bodies. Nothing in here knows Haravan.
//!
//! Answers are read with great tolerance (getfly.md §2.4, §6.1) but never trusted to be about what was asked: every
//! found record is compared with the question, because a server that ignores an unknown filter answers with its newest
//! records, and linking to those would put an order on a stranger.

pub mod account;
pub mod answer;
pub mod client;
pub mod error;
pub mod order;
pub mod user;

//! What Haravan sends and answers (haravan.md).
//!
//! A webhook body becomes a domain type in two steps. The front door reads only a [`webhook::Head`] (identity, version,
//! shape), enough to store the raw bytes under the right key. The intake functions read the whole [`order::Order`] or
//! [`customer::Customer`] from those stored bytes. Both readings are lenient, because two key generations and several
//! textual styles of the same value are met in the wild (haravan.md §3.1); what *decides* something (a line's price and
//! quantity, an id) is never guessed.

pub mod admin;
pub mod api;
pub mod customer;
pub mod gateway;
pub mod id_token;
pub mod jwks;
pub mod order;
pub mod payment;
pub mod rows;
pub mod subscription;
pub mod token_endpoint;
pub mod transaction;
pub mod webhook;

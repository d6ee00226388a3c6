//! Zalo and its Official Accounts (pages.md §2).
//!
//! The administrator chooses one Official Account on Zalo's own pages and comes back with a code. [`oauth::Oauth`] turns
//! it into a pair of tokens; [`openapi::OpenApi`] says which account it is, because the address they come back with only
//! hints at it.
//!
//! Both tokens of a pair die the moment the next pair is made, and a refresh token works once (pages.md §2.5). So a
//! refresh with no usable answer has an *unknown outcome*, which is its own error, and whoever calls [`oauth::Oauth`]
//! holds the only right to refresh and stores what comes back before anything else.
//!
//! Zalo answers 200 for its errors, in shapes that a careless reader takes for a success (pages.md §2.8). Here an answer
//! is one only without `error`, without `error_name`, and with the fields it was asked for.

pub mod answer;
pub mod app;
pub mod error;
pub mod oauth;
pub mod openapi;
pub mod pkce;
pub mod signature;
pub mod webhook;

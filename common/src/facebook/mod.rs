//! Facebook and its pages (pages.md §1).
//!
//! A person comes back from the log-in dialog ([`dialog`]) with a code. [`graph::Graph`] turns it into a long-lived
//! [`app::UserToken`], lists the person's pages from every place they can hide in ([`listing`]), and, once one is
//! picked, fetches and checks its [`app::PageToken`] ([`pick`]). Only the page token is worth keeping: it does not
//! expire, and nothing later needs the user token (pages.md §1.19).
//!
//! User and page tokens are different types, because a user token stored for a page looks healthy and fails every call
//! (pages.md §1.9). Tokens travel in the `Authorization` header with their `appsecret_proof`; what is listed for a
//! browser only says whether a page *has* a token.
//!
//! What an error asks for is decided from its code and subcode ([`error`]), never from its status or its words: those
//! vary, and deciding by them has both raised false alarms and missed real ones (pages.md §1.17).

pub mod app;
pub mod dialog;
pub mod error;
pub mod grant;
pub mod graph;
pub mod listing;
pub mod paging;
pub mod person;
pub mod pick;
pub mod role;
pub mod signature;
pub mod signed_request;
pub mod subscription;
pub mod token_info;
pub mod usage;
pub mod webhook;

#[cfg(test)]
mod tests;

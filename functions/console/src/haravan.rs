//! Connecting Haravan: the app's client id and secret, the shops, their webhooks.

pub(crate) mod app;
pub(crate) mod connect;
pub(crate) mod disconnect;
pub(crate) mod entered;
pub(crate) mod page;
pub(crate) mod report;
pub(crate) mod setup;
pub(crate) mod subscribe;

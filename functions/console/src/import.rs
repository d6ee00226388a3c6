//! Importing a chosen period of a shop's history.

pub(crate) mod entered;
pub(crate) mod page;
pub(crate) mod report;
pub(crate) mod start;
pub(crate) mod stop;

//! What arrived, what became of it, and another try for what was set aside.

pub(crate) mod crm;
pub(crate) mod cursor;
pub(crate) mod event;
mod messages;
pub(crate) mod page;
pub(crate) mod report;
pub(crate) mod retry;
pub(crate) mod search;

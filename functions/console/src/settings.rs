//! How a tenant wants things done.

pub(crate) mod crm;
pub(crate) mod entered;
pub(crate) mod fields;
pub(crate) mod page;
pub(crate) mod save;
pub(crate) mod seen;

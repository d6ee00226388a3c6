//! The providers of pages: the operator's apps at Facebook and Zalo, and the clients that call in their name.

pub mod apps;
mod providers;

pub use apps::{Apps, NoProvider};
pub use providers::{Places, Providers, Zalo};

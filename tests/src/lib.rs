//! Simulators, the integration suite and the benches.

pub mod facebook;
pub mod getfly;
pub mod haravan;
mod sim;
pub mod zalo;

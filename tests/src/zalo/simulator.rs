//! The handle.

use super::state::State;

/// Cheap to clone; every clone is the same Zalo.
pub type Simulator = crate::sim::Simulator<State>;

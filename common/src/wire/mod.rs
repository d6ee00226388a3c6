//! What every outside party has in common on the wire, whoever it is.
//!
//! - [`egress`]: where calls may go.
//! - [`answer`]: answers, read within bounds, and how long they ask to wait.
//! - [`lenient`], [`repair`]: JSON as people's programs write it.
//! - [`proof`]: what a shared secret proves.

pub mod answer;
pub mod egress;
pub mod lenient;
pub mod proof;
pub mod repair;

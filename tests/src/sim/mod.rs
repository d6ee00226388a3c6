//! The chassis of every simulator. A simulator's own folder has its state, routes, faults and seed.
//!
//! **A simulator** is a [`Simulator`] of a state that says with [`Party`] how it starts, which of its parts outlive the
//! process and what it serves. It may also have faults ([`Faulty`]), a request log ([`Recorded`]) and deliveries to an app
//! ([`Sends`]); each trait brings the methods and control verbs that go with it.
//!
//! **One lock** guards the state and is never held while waiting. When it is released, what was changed is in the file of
//! a persistent simulator, so nobody is answered before.

mod challenge;
pub(crate) mod clock;
pub(crate) mod control;
pub(crate) mod cookie;
mod faults;
pub(crate) mod html;
mod log;
mod records;
mod sender;
mod server;
mod simulator;
mod store;

pub use challenge::Challenge;
pub use clock::{Clock, ManualClock};
pub use faults::{Faults, Switch};
pub use log::Log;
pub use records::{Kept, Parts, Table};
pub use sender::{Deliveries, Queued, Round, Sends};
pub(crate) use sender::{Transport, answer};
pub use server::{Addresses, Server};
pub use simulator::{Faulty, Party, Recorded, Simulator};

//! From a stored event to its effect in the CRM: what order and customer intake share.
//!
//! Who acts: the stream hands a batch of ready events to an intake function ([`delivery`]); `upkeep` makes due ones
//! ready again. One event goes: claim it → read tenant and body → decide → reserve a write slot → claim the identity →
//! look up → create → record → settle.
//!
//! What makes it exactly once, though the CRM has no idempotency keys:
//! 1. Codes are deterministic (`HRV-{id}`), and every create is preceded by a look-up of its code.
//! 2. An identity claim ([`crate::store::claims`]) lets one worker at a time do "look up, then create".
//! 3. After an outcome that is unknown the claims are kept until their leases end, so nobody looks up too early.
//!
//! What is *not* needed for correctness: the stream's order, its exactly-once-ness, or the inbox claim. Two workers on
//! one event meet at the identity claim; the inbox claim only saves work and fences results.

pub mod assignee;
pub mod buyer;
pub mod delivery;
pub mod draft;
pub mod job;
pub mod resolve;
pub mod retry;
pub mod stop;

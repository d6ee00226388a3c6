//! The one-machine stack: every function, an embedded DynamoDB, the pumps that play Lambda's event sources and the
//! simulators, in one process on one port.
//!
//! Nothing here is a second implementation of anything deployed: the functions are mounted as they are, the store is
//! reached through the AWS SDK, and the [`pump`] hands over stream records in the shape Lambda does. The integration
//! suite runs on this very stack with a clock it moves itself.

pub mod access;
mod connect;
pub mod embedded;
mod guard;
mod haravan_urls;
pub mod options;
mod page;
pub mod pages;
pub mod pump;
pub mod seed;
pub mod stack;

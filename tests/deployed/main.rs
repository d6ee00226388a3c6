//! The whole template as `sam deploy` deploys it, on an emulator of AWS, with the release binaries for arm64: the story is
//! told against the functions' own addresses.
//!
//! Needs what `.ci/deploy` installs and builds, and its folder of tools in `DEPLOY_TOOLS`; without it these tests say so
//! and pass. The emulator checks signatures and the functions' roles (`AUTH`), runs the binaries, feeds the stream and the
//! schedule. README.md, "Checks", lists what it cannot do.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets what it did not expect must fail there and then"
)]

mod browser;
mod cloud;
mod edge;
mod providers;
mod story;

use std::time::{Duration, Instant};

/// Looks again and again until something is there.
pub(crate) async fn until<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < within, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

//! Faults: one-shot, queued per route, and standing ones that strike at random (getfly.md §11, row "Faults").
//!
//! A dropped connection is a response whose body fails before its first byte. The HTTP server buffers the head until the
//! body is polled, so it closes the connection with nothing sent; this holds under `axum::serve` whether the router is
//! alone or nested in a larger one, and a client that did get the head still sees a broken answer.

use std::collections::VecDeque;
use std::io;

use axum::body::Body;
use axum::http::{Method, header};
use axum::response::Response;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// What goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// This status with the error body of §2.5, nothing written.
    Status(u16),
    /// The write happens, then this status is answered, as by a proxy that gave up.
    StatusAfterCommit(u16),
    /// 429, nothing written.
    TooManyRequests {
        /// The `Retry-After` header as it stands; it may be a decimal.
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// 200 with an HTML page, nothing written.
    #[serde(rename = "html_200")]
    Html200,
    /// 200 with `data.error` (fixture `getfly_error_in_200.json`), nothing written.
    #[serde(rename = "error_in_200")]
    ErrorIn200,
    /// Waits this many milliseconds, then handles the request, also when the client has left by then.
    Delay(u64),
    /// Handles the request, then waits this many milliseconds before answering.
    DelayAfterCommit(u64),
    /// The connection closes, nothing written.
    DropBefore,
    /// The request is handled, then the connection closes without an answer.
    DropAfterCommit,
}

impl Fault {
    /// Says whether the fault can be served as it stands.
    ///
    /// # Errors
    /// A text for people.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Status(code) | Self::StatusAfterCommit(code) if !(200..=599).contains(code) => {
                Err(format!("status {code} is not between 200 and 599"))
            }
            _ => Ok(()),
        }
    }
}

/// A fault that waits for its route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueuedFault {
    /// `METHOD /path` without query, or `*`; either half may be `*`, and the path may end with `*`.
    pub route: String,
    /// What goes wrong.
    pub fault: Fault,
}

/// Standing faults for soak runs; the same seed gives the same sequence of decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomFaults {
    /// Seed of the generator.
    pub seed: u64,
    /// Chance per request, 0 to 1.
    pub probability: f64,
    /// What may go wrong, each kind equally likely.
    pub kinds: Vec<Fault>,
    /// Which requests are in danger, as in [`QueuedFault::route`].
    #[serde(default = "every_route")]
    pub route: String,
}

impl RandomFaults {
    /// Says whether the faults can be served as they stand.
    ///
    /// # Errors
    /// A text for people.
    pub fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.probability) {
            return Err("random_faults.probability must be between 0 and 1".to_owned());
        }
        check_route(&self.route)?;
        self.kinds.iter().try_for_each(Fault::check)
    }
}

fn every_route() -> String {
    "*".to_owned()
}

/// The queue and the generator behind the random faults.
#[derive(Default)]
pub(super) struct Faults {
    queue: VecDeque<QueuedFault>,
    generator: Option<fastrand::Rng>,
}

impl Faults {
    pub(super) fn push(&mut self, fault: QueuedFault) {
        self.queue.push_back(fault);
    }

    pub(super) fn queued(&self) -> Vec<QueuedFault> {
        self.queue.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }

    /// Starts the random sequence anew; called when the standing faults change.
    pub(super) fn reseed(&mut self, random: Option<&RandomFaults>) {
        self.generator = random.map(|random| fastrand::Rng::with_seed(random.seed));
    }

    /// The fault for this request: the oldest queued one that fits, else perhaps a random one.
    pub(super) fn take(
        &mut self,
        random: Option<&RandomFaults>,
        method: &Method,
        path: &str,
    ) -> Option<Fault> {
        if let Some(at) = self.queue.iter().position(|queued| fits(&queued.route, method, path)) {
            return self.queue.remove(at).map(|queued| queued.fault);
        }
        let random = random.filter(|random| fits(&random.route, method, path))?;
        let generator = self.generator.as_mut()?;
        if random.kinds.is_empty() || generator.f64() >= random.probability {
            return None;
        }
        let kind = generator.usize(0..random.kinds.len());
        random.kinds.get(kind).cloned()
    }
}

/// Refuses a route that could never fit a request.
pub(super) fn check_route(route: &str) -> Result<(), String> {
    let fits_form = route == "*"
        || route.split_once(' ').is_some_and(|(method, path)| {
            !method.is_empty() && (path == "*" || path.starts_with('/')) && !path.contains(['?', ' '])
        });
    fits_form
        .then_some(())
        .ok_or_else(|| format!("route {route:?} must be * or METHOD /path without a query"))
}

fn fits(route: &str, method: &Method, path: &str) -> bool {
    if route == "*" {
        return true;
    }
    let Some((wanted_method, wanted_path)) = route.split_once(' ') else { return false };
    let method_fits = wanted_method == "*" || wanted_method.eq_ignore_ascii_case(method.as_str());
    let path_fits = match wanted_path.strip_suffix('*') {
        Some(start) => path.starts_with(start),
        None => path == wanted_path,
    };
    method_fits && path_fits
}

/// A response that makes the server close the connection instead of answering.
pub(super) fn closed_connection() -> Response {
    let broken = futures::stream::once(async {
        Err::<Bytes, _>(io::Error::new(io::ErrorKind::ConnectionReset, "the simulator drops this connection"))
    });
    let mut response = Response::new(Body::from_stream(broken));
    response.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("1024"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(route: &str, fault: Fault) -> QueuedFault {
        QueuedFault { route: route.to_owned(), fault }
    }

    #[test]
    fn a_fault_waits_for_its_route_and_strikes_once() {
        let mut faults = Faults::default();
        faults.push(queued("POST /api/v6.1/account", Fault::Html200));
        faults.push(queued("*", Fault::DropBefore));
        assert_eq!(faults.take(None, &Method::GET, "/api/v6.1/account"), Some(Fault::DropBefore));
        assert_eq!(faults.take(None, &Method::GET, "/api/v6.1/account"), None);
        assert_eq!(faults.take(None, &Method::POST, "/api/v6.1/account"), Some(Fault::Html200));
        assert_eq!(faults.take(None, &Method::POST, "/api/v6.1/account"), None);
    }

    #[test]
    fn faults_of_one_route_strike_in_the_order_they_were_queued() {
        let mut faults = Faults::default();
        faults.push(queued("POST /api/v6.1/*", Fault::Status(500)));
        faults.push(queued("* /api/v6.1/account", Fault::Status(502)));
        assert_eq!(faults.take(None, &Method::POST, "/api/v6.1/account"), Some(Fault::Status(500)));
        assert_eq!(faults.take(None, &Method::POST, "/api/v6.1/account"), Some(Fault::Status(502)));
    }

    #[test]
    fn the_same_seed_gives_the_same_random_faults() {
        let random = RandomFaults {
            seed: 7,
            probability: 0.4,
            kinds: vec![Fault::DropBefore, Fault::Status(503)],
            route: "*".to_owned(),
        };
        let run = || {
            let mut faults = Faults::default();
            faults.reseed(Some(&random));
            (0..200).map(|_| faults.take(Some(&random), &Method::GET, "/")).collect::<Vec<_>>()
        };
        let first = run();
        assert_eq!(first, run());
        let struck = first.iter().flatten().count();
        assert!((40..=120).contains(&struck), "{struck} of 200");
    }

    #[test]
    fn routes_and_statuses_that_could_never_be_served_are_refused() {
        for route in ["", "POST", "POST account", "POST /a?b=1", " /a"] {
            assert!(check_route(route).is_err(), "{route:?}");
        }
        for route in ["*", "POST *", "* /a", "POST /a", "POST /a*"] {
            assert!(check_route(route).is_ok(), "{route:?}");
        }
        assert!(Fault::Status(101).check().is_err());
        assert!(Fault::Status(503).check().is_ok());
    }

    #[test]
    fn faults_are_written_as_the_protocol_file_names_them() {
        let names = [
            (Fault::Status(503), r#"{"status":503}"#),
            (Fault::Html200, r#""html_200""#),
            (Fault::ErrorIn200, r#""error_in_200""#),
            (Fault::Delay(5), r#"{"delay":5}"#),
            (Fault::DropBefore, r#""drop_before""#),
            (Fault::DropAfterCommit, r#""drop_after_commit""#),
        ];
        for (fault, name) in names {
            assert_eq!(serde_json::to_string(&fault).unwrap(), name);
            assert_eq!(serde_json::from_str::<Fault>(name).unwrap(), fault);
        }
    }
}

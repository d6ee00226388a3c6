//! Trace ids: what joins the lines about one event, from the webhook that brought it to the CRM calls it led to.
//!
//! An id is 16 bytes, as in W3C Trace Context, and written as 32 hexadecimal digits. X-Ray's root
//! `1-5759e988-bd862e3fe1be46a994272793` is the same digits without its version, so that a line, X-Ray's console and the
//! CRM's own log can be searched for one text. An event keeps the id of the delivery that brought it
//! ([`crate::store::inbox`]); whoever works on it later has an invocation, and so an id, of their own as well.
//!
//! What a stranger sends (`traceparent`, `X-Request-Id`) is never taken over: it is not signed, and would let anybody
//! mix their lines with another tenant's. Haravan's deliveries carry no id of their own (haravan.md §2.4).

use std::fmt;

/// Where the Lambda runtime leaves X-Ray's header of the invocation under way.
const XRAY_VARIABLE: &str = "_X_AMZN_TRACE_ID";

/// The header of W3C Trace Context.
pub const HEADER: &str = "traceparent";

/// A trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

impl TraceId {
    /// That of the invocation under way; a fresh one outside of Lambda.
    pub fn of_invocation() -> Self {
        Self::current().unwrap_or_else(Self::fresh)
    }

    /// That of the invocation under way; `None` outside of Lambda.
    pub fn current() -> Option<Self> {
        Self::from_xray(&std::env::var(XRAY_VARIABLE).ok()?)
    }

    /// A new one. It is no secret, so any randomness does.
    pub fn fresh() -> Self {
        Self(fastrand::u128(1..).to_be_bytes())
    }

    /// The root in X-Ray's header, `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…;Sampled=1`.
    pub fn from_xray(header: &str) -> Option<Self> {
        let root = header.split(';').find_map(|part| part.trim().strip_prefix("Root="))?;
        let (time, rest) = root.strip_prefix("1-")?.split_once('-')?;
        if time.len() != 8 || rest.len() != 24 {
            return None;
        }
        let digits = format!("{time}{rest}");
        let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(&digits, 16).ok().filter(|number| plain && *number != 0)?;
        Some(Self(number.to_be_bytes()))
    }

    /// From its 16 bytes, as they are stored.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its 16 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The value of [`HEADER`] for a call made on behalf of this trace, each with a span of its own. It does not ask the
    /// other side to record anything.
    pub fn traceparent(&self) -> String {
        format!("00-{self}-{:016x}-00", fastrand::u64(1..))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_of_x_ray_is_the_same_digits() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let trace = TraceId::from_xray(header).unwrap();
        assert_eq!(trace.to_string(), "5759e988bd862e3fe1be46a994272793");
        assert_eq!(TraceId::from_xray("Self=1-1; Root=1-5759e988-bd862e3fe1be46a994272793"), Some(trace));
        for other in [
            "",
            "Root=",
            "Root=1-5759e988-bd862e3fe1be46a99427279",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-+759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e988-bd862e3fe1be46a99427279đ",
            "Root=1-00000000-000000000000000000000000",
            "Parent=53995c3f42cd8ad8",
        ] {
            assert_eq!(TraceId::from_xray(other), None, "{other}");
        }
    }

    #[test]
    fn a_call_has_the_trace_and_a_span_of_its_own() {
        let trace = TraceId::fresh();
        let (one, other) = (trace.traceparent(), trace.traceparent());
        assert_ne!(one, other);
        let parts: Vec<&str> = one.split('-').collect();
        assert_eq!(
            (parts[0], parts[1], parts[2].len(), parts[3]),
            ("00", trace.to_string().as_str(), 16, "00")
        );
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let trace = TraceId::fresh();
        assert_eq!(TraceId::read(trace.as_bytes()), Some(trace));
        assert_eq!(TraceId::read(b"short"), None);
        assert_ne!(trace, TraceId::fresh());
    }
}

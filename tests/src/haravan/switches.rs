//! Which faults are switched on, and where they strike.

use super::faults::Fault;
use crate::sim::Faults;

/// A fault that is switched on. `on` is a topic of deliveries; of the faults of tokens, `authorize` or a grant type of the token
/// endpoint (`authorization_code`, `refresh_token`).
pub type Switch = crate::sim::Switch<Fault>;

impl Faults<Fault> {
    /// The faults of one delivery of `topic`, used up where they are counted.
    pub(super) fn take_for_delivery(&mut self, topic: &str) -> Vec<Fault> {
        self.take(|switch| switch.fault.concerns_delivery(topic) && switch.is_at(topic))
    }

    /// The faults of these that happen now at a place of the accounts server, used up where they are counted.
    pub(super) fn take_at(&mut self, place: &str, wanted: impl Fn(&Fault) -> bool) -> Vec<Fault> {
        self.take(|switch| wanted(&switch.fault) && switch.is_at(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_orders_waits_for_an_order() {
        let mut faults = Faults::default();
        faults.add(Switch::next(Fault::CustomerNull, 1));
        faults.add(Switch::next(Fault::BadHmac, 1).on("orders/paid"));
        assert!(faults.take_for_delivery("customers/create").is_empty());
        assert_eq!(faults.take_for_delivery("orders/create"), [Fault::CustomerNull]);
        assert_eq!(faults.take_for_delivery("orders/paid"), [Fault::BadHmac]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_fault_of_tokens_waits_for_its_place() {
        let mut faults = Faults::default();
        faults.add(Switch::next(Fault::IdTokenExpired, 1).on("refresh_token"));
        let expired = |fault: &Fault| *fault == Fault::IdTokenExpired;
        assert!(faults.take_for_delivery("refresh_token").is_empty());
        assert!(faults.take_at("authorize", expired).is_empty());
        assert_eq!(faults.take_at("refresh_token", expired), [Fault::IdTokenExpired]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn switches_have_a_json_form() {
        let text = r#"{"fault":{"late":{"seconds":3600}},"times":1,"topic":"orders/create"}"#;
        let switch: Switch = serde_json::from_str(text).unwrap();
        assert_eq!(switch, Switch::next(Fault::Late { seconds: 3600 }, 1).on("orders/create"));
        let switch: Switch = serde_json::from_str(r#"{"fault":"rest_502_html"}"#).unwrap();
        assert_eq!(switch, Switch::standing(Fault::Rest502Html));
        let held: Switch = serde_json::from_str(r#"{"fault":{"token_held":{"millis":9}}}"#).unwrap();
        assert_eq!(held.fault, Fault::TokenHeld { millis: 9, committed: false });
        assert_eq!(serde_json::to_string(&Fault::IdTokenWrongCHash).unwrap(), "\"id_token_wrong_c_hash\"");
        let huge: Switch = serde_json::from_str(r#"{"fault":{"huge_body":{"bytes":1100000}}}"#).unwrap();
        assert_eq!(huge.fault, Fault::HugeBody { bytes: 1_100_000, noise: false });
    }
}

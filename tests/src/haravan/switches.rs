//! Which faults are switched on, and how often still.

use serde::{Deserialize, Serialize};

use super::faults::Fault;

/// A fault that is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// what goes wrong
    pub fault: Fault,
    /// how often still; until cleared when absent
    #[serde(default)]
    pub times: Option<u32>,
    /// only on deliveries of this topic; of the faults of tokens, only at `authorize` or on this grant type of the
    /// token endpoint (`authorization_code`, `refresh_token`)
    #[serde(default)]
    pub topic: Option<String>,
}

impl Switch {
    /// Until cleared.
    pub fn standing(fault: Fault) -> Self {
        Self { fault, times: None, topic: None }
    }

    /// The next `times` times it applies.
    pub fn next(fault: Fault, times: u32) -> Self {
        Self { fault, times: Some(times), topic: None }
    }

    /// The same, on deliveries of `topic` alone; of the faults of tokens, at this place alone.
    pub fn on(mut self, topic: &str) -> Self {
        self.topic = Some(topic.to_owned());
        self
    }
}

/// The faults that are switched on, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Vec<Switch>);

impl Faults {
    pub(super) fn add(&mut self, switch: Switch) {
        self.0.push(switch);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn list(&self) -> &[Switch] {
        &self.0
    }

    /// The faults of one delivery of `topic`, used up where they are counted.
    pub(super) fn take_for_delivery(&mut self, topic: &str) -> Vec<Fault> {
        self.take(|switch| {
            switch.fault.concerns_delivery(topic) && switch.topic.as_deref().is_none_or(|only| only == topic)
        })
    }

    /// Whether `fault` happens now, used up where it is counted.
    pub(super) fn take_one(&mut self, fault: &Fault) -> bool {
        !self.take(|switch| switch.fault == *fault).is_empty()
    }

    /// The faults of these that happen now at a place of the accounts server, used up where they are counted.
    pub(super) fn take_at(&mut self, place: &str, wanted: impl Fn(&Fault) -> bool) -> Vec<Fault> {
        self.take(|switch| wanted(&switch.fault) && switch.topic.as_deref().is_none_or(|only| only == place))
    }

    fn take(&mut self, concerned: impl Fn(&Switch) -> bool) -> Vec<Fault> {
        let mut taken = Vec::new();
        for switch in self.0.iter_mut().filter(|switch| concerned(switch)) {
            if taken.contains(&switch.fault) || switch.times == Some(0) {
                continue;
            }
            taken.push(switch.fault.clone());
            switch.times = switch.times.map(|times| times - 1);
        }
        self.0.retain(|switch| switch.times != Some(0));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_is_used_up_and_a_standing_one_stays() {
        let mut faults = Faults::default();
        faults.add(Switch::next(Fault::BadHmac, 2));
        faults.add(Switch::standing(Fault::LowerCaseHeaders));
        for expected in [2, 2, 1, 1] {
            assert_eq!(faults.take_for_delivery("orders/create").len(), expected);
        }
        assert_eq!(faults.list().len(), 1);
    }

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

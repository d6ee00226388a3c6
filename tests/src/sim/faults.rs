//! Which faults are switched on, and how often still.

use serde::{Deserialize, Serialize};

/// A fault that is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch<F> {
    /// what goes wrong
    pub fault: F,
    /// how often still; until cleared when absent
    #[serde(default)]
    pub times: Option<u32>,
    /// only there: a topic of deliveries, a grant type of the token endpoint or a call of an API, as the simulator's
    /// faults say
    #[serde(default, alias = "topic", alias = "grant_type")]
    pub on: Option<String>,
}

impl<F> Switch<F> {
    /// Until cleared.
    pub fn standing(fault: F) -> Self {
        Self { fault, times: None, on: None }
    }

    /// The next `times` times it applies.
    pub fn next(fault: F, times: u32) -> Self {
        Self { fault, times: Some(times), on: None }
    }

    /// The same there alone.
    pub fn on(self, place: &str) -> Self {
        Self { on: Some(place.to_owned()), ..self }
    }

    /// Whether it may strike at this place.
    pub(crate) fn is_at(&self, place: &str) -> bool {
        self.on.as_deref().is_none_or(|only| only == place)
    }
}

/// The faults that are switched on, oldest first.
#[derive(Clone, Debug)]
pub struct Faults<F>(Vec<Switch<F>>);

impl<F> Default for Faults<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<F: Clone + PartialEq> Faults<F> {
    pub(crate) fn add(&mut self, switch: Switch<F>) {
        self.0.push(switch);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> &[Switch<F>] {
        &self.0
    }

    /// Whether `fault` happens now, used up where it is counted.
    pub(crate) fn take_one(&mut self, fault: &F) -> bool {
        self.take_first(|switch| switch.fault == *fault).is_some()
    }

    /// The oldest concerned fault, used up where it is counted.
    pub(crate) fn take_first(&mut self, concerned: impl Fn(&Switch<F>) -> bool) -> Option<F> {
        let mut found = false;
        let taken = self.take(|switch| {
            let first = !found && concerned(switch);
            found |= first;
            first
        });
        taken.into_iter().next()
    }

    /// The concerned faults, each once, used up where they are counted.
    pub(crate) fn take(&mut self, mut concerned: impl FnMut(&Switch<F>) -> bool) -> Vec<F> {
        let mut taken = Vec::new();
        for switch in &mut self.0 {
            if switch.times == Some(0) || taken.contains(&switch.fault) || !concerned(switch) {
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
        faults.add(Switch::next("slow", 2));
        faults.add(Switch::standing("broken"));
        for expected in [2, 2, 1, 1] {
            assert_eq!(faults.take(|_| true).len(), expected);
        }
        assert_eq!(faults.list().len(), 1);
    }

    #[test]
    fn of_equal_faults_the_oldest_is_taken_alone() {
        let mut faults = Faults::default();
        faults.add(Switch::next("slow", 1));
        faults.add(Switch::next("slow", 1));
        assert_eq!(faults.take(|_| true), ["slow"]);
        assert!(faults.take_one(&"slow"));
        assert!(!faults.take_one(&"slow"));
    }

    #[test]
    fn a_place_has_three_names_in_json_and_one_in_answers() {
        for name in ["on", "topic", "grant_type"] {
            let text = format!(r#"{{"fault":"slow","times":1,"{name}":"there"}}"#);
            let switch: Switch<String> = serde_json::from_str(&text).unwrap();
            assert_eq!(switch, Switch::next("slow".to_owned(), 1).on("there"));
            assert_eq!(serde_json::to_string(&switch).unwrap(), text.replace(name, "on"));
        }
    }
}

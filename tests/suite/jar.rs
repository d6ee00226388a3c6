//! The cookies of a browser.

use axum::http::{HeaderMap, header};

/// Cookies by name, in the order in which a browser sends them: the oldest first (RFC 6265 §5.4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Jar(Vec<(String, String)>);

impl Jar {
    /// With one cookie.
    pub fn with(name: &str, value: &str) -> Self {
        Self(vec![(name.to_owned(), value.to_owned())])
    }

    /// The header with all of them.
    pub fn header(&self) -> Option<String> {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Does what an answer says.
    pub fn obey(&mut self, answer: &HeaderMap) {
        for line in answer.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let known = self.0.iter().position(|(known, _)| known == name);
            match (known, line.contains("Max-Age=0")) {
                (Some(at), true) => drop(self.0.remove(at)),
                (None, true) => {}
                // One that is set anew keeps its age.
                (Some(at), false) => value.clone_into(&mut self.0[at].1),
                (None, false) => self.0.push((name.to_owned(), value.to_owned())),
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Every order in which tabs with so many steps each can take them: the tab of each step.
pub fn interleavings(steps: &[usize]) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    for tab in (0..steps.len()).filter(|tab| steps[*tab] > 0) {
        let mut rest = steps.to_vec();
        rest[tab] -= 1;
        let orders = interleavings(&rest);
        all.extend(orders.into_iter().map(|order| [vec![tab], order].concat()));
    }
    if all.is_empty() { vec![Vec::new()] } else { all }
}

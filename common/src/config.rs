//! Settings from environment variables; every missing or unreadable name is reported at once.

use std::fmt;
use std::str::FromStr;

/// What is wrong with a function's environment, one line per name.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {}", self.0.join("; "))
    }
}

impl std::error::Error for ConfigError {}

/// Collects settings and their faults, so that one start shows them all.
pub struct Env<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<String>,
}

impl<'a> Env<'a> {
    /// Reads through `read`, which gives a variable's text by its name.
    pub fn new(read: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { read, faults: Vec::new() }
    }

    /// A setting that must be there. A missing one is noted and stands in as empty until [`Env::finish`].
    pub fn required(&mut self, name: &str) -> String {
        match (self.read)(name).filter(|value| !value.trim().is_empty()) {
            Some(value) => value,
            None => {
                self.faults.push(format!("{name} is not set"));
                String::new()
            }
        }
    }

    /// A setting that may be left out.
    pub fn optional(&mut self, name: &str) -> Option<String> {
        (self.read)(name).filter(|value| !value.trim().is_empty())
    }

    /// A setting that may be left out; a text that cannot be read as `T` is a fault that names what was expected.
    pub fn optional_as<T: FromStr>(&mut self, name: &str, expected: &str) -> Option<T> {
        let read = self.optional(name)?.parse().ok();
        if read.is_none() {
            self.faults.push(format!("{name} is not {expected}"));
        }
        read
    }

    /// A setting with a default; a text that cannot be read as `T` is a fault that names what was expected.
    pub fn or<T: FromStr>(&mut self, name: &str, default: T, expected: &str) -> T {
        self.optional_as(name, expected).unwrap_or(default)
    }

    /// The value built from the settings, unless one was at fault.
    ///
    /// # Errors
    /// Every fault met since [`Env::new`].
    pub fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.faults.is_empty() { Ok(value) } else { Err(ConfigError(self.faults)) }
    }
}

/// Reads the process's own environment.
pub fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_reported_at_once() {
        let read = |name: &str| (name == "PORT").then(|| "many".to_owned());
        let mut env = Env::new(&read);
        let values = (env.required("A"), env.required("B"), env.or("PORT", 1_u16, "a port number"));
        assert_eq!(
            env.finish(values).unwrap_err().to_string(),
            "configuration: A is not set; B is not set; PORT is not a port number"
        );
    }
}

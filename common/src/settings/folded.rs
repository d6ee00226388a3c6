//! Maps whose keys are names that people type in one program and look up from another.
//!
//! Haravan, the admin's keyboard and the operator's shell spell one name in several ways: composed or decomposed
//! accents, capitals, double or trailing spaces, full-width letters. [`fold`] makes them one. A map keeps the spelling
//! that was typed, to show it again, and compares folded names only.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

/// A name as it is compared: compatibility forms made one (NFKC), lower case, white space collapsed, characters that
/// nobody sees left out. Folding twice gives the same.
pub fn fold(name: &str) -> String {
    let seen = name.chars().filter(|char| !is_invisible(*char));
    let lower = seen.nfkc().collect::<String>().to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    words.join(" ").nfkc().collect()
}

/// Zero-width characters, byte order marks and soft hyphens, which copying from a web page brings along.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// A map from names to values that compares names as [`fold`] makes them.
///
/// Of several spellings of one name in a stored map the one that is folded already wins, else the first in byte order;
/// [`super::change`] lets no such map in.
#[derive(Debug, Clone)]
pub struct Folded<V>(BTreeMap<String, (String, V)>);

impl<V> Folded<V> {
    /// The value of a name, however it is spelled.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.0.get(&fold(name)).map(|(_, value)| value)
    }

    /// Puts a value under a name; gives the value that was there.
    pub fn insert(&mut self, name: String, value: V) -> Option<V> {
        self.0.insert(fold(&name), (name, value)).map(|(_, value)| value)
    }

    /// Names as they were typed, and their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.values().map(|(name, value)| (name.as_str(), value))
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<V> Default for Folded<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// Maps are equal that give every name the same value, whatever the spelling.
impl<V: PartialEq> PartialEq for Folded<V> {
    fn eq(&self, other: &Self) -> bool {
        self.0
            .iter()
            .map(|(key, (_, value))| (key, value))
            .eq(other.0.iter().map(|(key, (_, value))| (key, value)))
    }
}

impl<V> FromIterator<(String, V)> for Folded<V> {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(pairs: I) -> Self {
        let pairs: BTreeMap<String, V> = pairs.into_iter().collect();
        let mut folded = Self::default();
        for (name, value) in pairs {
            let key = fold(&name);
            if key == name || !folded.0.contains_key(&key) {
                folded.0.insert(key, (name, value));
            }
        }
        folded
    }
}

impl<V, const N: usize> From<[(String, V); N]> for Folded<V> {
    fn from(pairs: [(String, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<V: Serialize> Serialize for Folded<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Folded<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::<String, V>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(name in "\\PC*") {
            let once = fold(&name);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn a_map_comes_back_from_its_text(pairs: BTreeMap<String, String>) {
            let map: Folded<String> = pairs.into_iter().collect();
            let read: Folded<String> = serde_json::from_str(&serde_json::to_string(&map).unwrap()).unwrap();
            prop_assert_eq!(&read, &map);
            for (name, value) in map.iter() {
                prop_assert_eq!(read.get(name), Some(value));
            }
        }
    }

    #[test]
    fn the_spelling_that_was_typed_is_kept() {
        let map: Folded<i32> = [("Facebook".to_owned(), 1), ("WEB".to_owned(), 2)].into();
        assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"Facebook":1,"WEB":2}"#);
        assert_eq!(map, [("facebook".to_owned(), 1), ("web".to_owned(), 2)].into());
        assert_ne!(map, [("facebook".to_owned(), 1)].into());
    }
}

//! Reading and writing single attributes.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::StoreError;

/// An item as DynamoDB hands it over.
pub type Item = HashMap<String, AttributeValue>;

/// A text attribute's value.
pub fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute's value.
pub fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A binary attribute's value.
pub fn b(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// A list of texts.
pub fn list(texts: &[String]) -> AttributeValue {
    AttributeValue::L(texts.iter().map(s).collect())
}

/// Reads attributes of one item.
pub trait ItemExt {
    /// Text, if there.
    fn text(&self, name: &str) -> Option<&str>;
    /// A whole number, if there.
    fn number(&self, name: &str) -> Option<i64>;
    /// Bytes, if there.
    fn bytes(&self, name: &str) -> Option<&[u8]>;
    /// An instant stored as unix milliseconds, if there.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a number that is no instant.
    fn instant(&self, name: &'static str) -> Result<Option<Timestamp>, StoreError>;
    /// A list of texts; empty when absent.
    fn texts(&self, name: &str) -> Vec<String>;
    /// Text that must be there.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with the attribute's name.
    fn must_text(&self, name: &'static str) -> Result<&str, StoreError>;
    /// A number that must be there.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with the attribute's name.
    fn must_number(&self, name: &'static str) -> Result<i64, StoreError>;
}

impl ItemExt for Item {
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_s().ok().map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_n().ok()?.parse().ok()
    }

    fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.get(name)?.as_b().ok().map(AsRef::as_ref)
    }

    fn instant(&self, name: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let read = |millis| Timestamp::from_millisecond(millis).map_err(|_| StoreError::Corrupt(name));
        self.number(name).map(read).transpose()
    }

    fn texts(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(AttributeValue::L(list)) => {
                list.iter().filter_map(|text| text.as_s().ok().cloned()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn must_text(&self, name: &'static str) -> Result<&str, StoreError> {
        self.text(name).ok_or(StoreError::Corrupt(name))
    }

    fn must_number(&self, name: &'static str) -> Result<i64, StoreError> {
        self.number(name).ok_or(StoreError::Corrupt(name))
    }
}

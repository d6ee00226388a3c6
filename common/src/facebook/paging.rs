//! Lists in parts (pages.md §1.7).

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::app::Caller;
use super::error::{Call, GraphError};
use super::graph::Graph;
use crate::wire::lenient;

/// Rows asked for at a time.
const LIMIT: &str = "100";

/// Parts read at most; a server that always says "more" must not hold us (pages.md §1.7).
const MAX_PARTS: usize = 20;

/// A whole list.
#[derive(Debug)]
pub(super) struct Listed<T> {
    /// Its rows; one that cannot be read is left out.
    pub rows: Vec<T>,
    /// Whether there was more than [`MAX_PARTS`] hold.
    pub cut: bool,
}

#[derive(Deserialize)]
struct Part {
    data: Vec<Box<RawValue>>,
    #[serde(default, deserialize_with = "lenient::object")]
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    /// Only whether it is there counts: it holds the token, so it is never followed, kept or logged.
    #[serde(default, deserialize_with = "lenient::text")]
    next: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    cursors: Option<Cursors>,
}

#[derive(Deserialize)]
struct Cursors {
    #[serde(default, deserialize_with = "lenient::text")]
    after: Option<String>,
}

impl Part {
    /// The cursor of the next part. A list ends where `next` is missing; short parts in the middle are usual.
    fn after(&mut self) -> Option<String> {
        let paging = self.paging.take()?;
        paging.next?;
        paging.cursors?.after
    }
}

impl Graph {
    /// Reads a list to its end, by our own `after` cursor.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        fields: Option<&str>,
        caller: Caller<'_>,
    ) -> Result<Listed<T>, GraphError> {
        let mut rows = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MAX_PARTS {
            let fields = fields.map(|fields| ("fields", fields));
            let cursor = after.as_deref().map(|after| ("after", after));
            let query: Vec<(&str, &str)> =
                fields.into_iter().chain([("limit", LIMIT)]).chain(cursor).collect();
            let mut part: Part = self.call(Method::GET, path, &query, caller).await?;
            let next = part.after();
            let objects = part.data.iter().map(|row| row.get()).filter(|row| row.starts_with('{'));
            rows.extend(objects.filter_map(|row| serde_json::from_str::<T>(row).ok()));
            match next {
                None => return Ok(Listed { rows, cut: false }),
                // The same cursor again would bring the same rows for ever.
                Some(next) if after.as_ref() == Some(&next) => return Err(GraphError::NoAnswer(Call::Other)),
                Some(next) => after = Some(next),
            }
        }
        Ok(Listed { rows, cut: true })
    }
}

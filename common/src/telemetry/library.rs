//! What goes through `tracing`: the odd sentence of our own, and where a library complained.
//!
//! A library prints what it carries: at TRACE the AWS SDK prints requests and answers whole, a warning of hyper's holds the
//! value of a header, a panic's report holds whatever the panic said. No level is known to be free of it. So what a library
//! says is never written, whatever `RUST_LOG` asks for: of a warning or an error of a library the log has only the place in
//! its source, and of the rest nothing. Its spans, whose fields would stand in lines of ours, do not exist.
//!
//! What is ours is known by the name of its crate. Our own sentences follow `common/LOGGING.md` at every level.

use std::fmt;

use serde_json::{Map, Value};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::fmt::format::{Format, Json, JsonFields, Writer, format};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

/// The crates whose words may be written. A test holds them against the workspace.
const OURS: [&str; 13] = [
    "common",
    "connect_tests",
    "console",
    "customer_intake",
    "local",
    "oauth_grant",
    "oauth_login",
    "operator",
    "order_intake",
    "page_connect",
    "page_disconnect",
    "upkeep",
    "webhook",
];

/// Sends what [`lines`] lets through to standard error, as `RUST_LOG` asks.
pub fn init_library_logs() {
    let asked = std::env::var("RUST_LOG").ok();
    // A second initialisation, as in tests, keeps the first.
    drop(lines(asked.as_deref(), std::io::stderr).try_init());
}

/// Writes sentences of ours, and where a library complained, as lines of JSON. `asked` widens or narrows them in the manner
/// of `RUST_LOG`; without it, or when it cannot be read, they are what is at WARN or above.
pub fn lines<W>(asked: Option<&str>, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let asked = asked.and_then(|text| text.parse::<Targets>().ok()).unwrap_or_else(|| {
        Targets::new().with_default(LevelFilter::WARN).with_target("dynoxide::server", LevelFilter::ERROR)
    });
    let lines = tracing_subscriber::fmt::layer()
        // The span is the event at work: its trace.
        .event_format(Lines(format().json().with_span_list(false)))
        .fmt_fields(JsonFields::new())
        .with_writer(to);
    let written = move |metadata: &Metadata<'_>| {
        may_be_written(metadata) && asked.would_enable(metadata.target(), metadata.level())
    };
    tracing_subscriber::registry().with(lines.with_filter(filter_fn(written)))
}

/// Whether anything of it may be written, the place at least.
fn may_be_written(metadata: &Metadata<'_>) -> bool {
    is_ours(metadata) || (metadata.is_event() && *metadata.level() <= Level::WARN)
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    let of = metadata.target().split("::").next().unwrap_or_default();
    OURS.contains(&of)
}

/// Writes our events whole and of a library's the place.
struct Lines(Format<Json>);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        if is_ours(metadata) {
            return self.0.format_event(context, writer, event);
        }
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), jiff::Timestamp::now().to_string().into());
        line.insert("level".to_owned(), metadata.level().as_str().into());
        line.insert("target".to_owned(), metadata.target().into());
        line.insert("line".to_owned(), metadata.line().into());
        // Only spans of ours are there.
        if let Some(span) = context.lookup_current()
            && let Some(fields) = span.extensions().get::<FormattedFields<N>>()
            && let Ok(fields) = serde_json::from_str(&fields.fields)
        {
            line.insert("span".to_owned(), fields);
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_crate_of_the_workspace_and_no_other_is_ours() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut folders = vec![root.join("common"), root.join("tests")];
        for parent in ["functions", "infra"] {
            folders.extend(std::fs::read_dir(root.join(parent)).unwrap().map(|entry| entry.unwrap().path()));
        }
        let manifests =
            folders.iter().filter_map(|folder| std::fs::read_to_string(folder.join("Cargo.toml")).ok());
        let names: BTreeSet<String> = manifests
            .map(|text| {
                let name = text.lines().find_map(|line| line.strip_prefix("name = \"")).unwrap();
                name.trim_end_matches('"').replace('-', "_")
            })
            .collect();
        assert_eq!(names, OURS.map(str::to_owned).into());
    }
}

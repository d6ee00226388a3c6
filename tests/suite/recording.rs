//! What is said through `tracing`, kept word by word.
//!
//! A place that says something ("callsite") asks once, for the whole process, whether anybody listens. While a single
//! listener is there it asks the thread that comes by first, and a thread of another test has none: the place is then silent
//! for all. So before anybody records, the process gets a listener that wants everything and keeps nothing; from then on
//! every place asks each time, and what is recorded does not depend on what else runs.

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber, span};

/// What was said.
#[derive(Clone, Default)]
pub struct Tape(Arc<Mutex<Vec<u8>>>);

impl Tape {
    /// All of it.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Records what the product would write if its `RUST_LOG` said this, on this thread and until the guard is dropped.
pub fn written(rust_log: &str) -> (Tape, DefaultGuard) {
    let tape = Tape::default();
    let to = tape.clone();
    (tape, record(common::telemetry::lines(Some(rust_log), move || to.clone())))
}

/// Records everything that anybody says, events and the fields of spans, in the same way.
pub fn said() -> (Tape, DefaultGuard) {
    let tape = Tape::default();
    let guard = record(Listener(Some(tape.clone())));
    (tape, guard)
}

fn record(listener: impl Subscriber + Send + Sync) -> DefaultGuard {
    static EVERYWHERE: Once = Once::new();
    // Where there is one for the process already, it serves as well.
    EVERYWHERE.call_once(|| drop(tracing::subscriber::set_global_default(Listener(None))));
    tracing::subscriber::set_default(listener)
}

/// Wants everything, and keeps it if there is a tape.
struct Listener(Option<Tape>);

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}

impl Listener {
    fn keep(&self, record: impl FnOnce(&mut Words)) {
        if let Some(tape) = &self.0 {
            let mut words = Words(String::new());
            record(&mut words);
            tape.0.lock().unwrap().extend_from_slice(words.0.as_bytes());
        }
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        self.keep(|words| span.record(words));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        self.keep(|words| values.record(words));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        self.keep(|words| event.record(words));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

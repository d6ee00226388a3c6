//! The stream pump: plays Lambda's DynamoDB event source.
//!
//! What it keeps of the original, because the functions must live with it:
//! - one consumer per function, with a filter on the new image; records that do not match are never handed over;
//! - batches; within a key, in order; keys side by side in lanes (`ParallelizationFactor`);
//! - partial failures: a batch comes again from the first failed record on, a bounded number of times, then is let go
//!   (Lambda's on-failure queue; here a line in the log — the watch list still has the event);
//! - at least once: on request records are handed over twice, and a restart begins at the last checkpoint, which lies
//!   behind everything still at work.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use dynoxide::Database;
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// A function as an event source sees it.
pub type Handler =
    Arc<dyn Fn(Event) -> Pin<Box<dyn Future<Output = DynamoDbEventResponse> + Send>> + Send + Sync>;

/// Which records a function wants.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Attribute and the text it must equal.
    pub equals: (&'static str, &'static str),
    /// Attribute and the text it must begin with.
    pub prefix: (&'static str, &'static str),
}

impl Filter {
    fn matches(&self, record: &Value) -> bool {
        let text =
            |name: &str| record.pointer(&format!("/dynamodb/NewImage/{name}/S")).and_then(Value::as_str);
        text(self.equals.0) == Some(self.equals.1)
            && text(self.prefix.0).is_some_and(|text| text.starts_with(self.prefix.1))
    }
}

/// How records are handed over.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Records in a batch.
    pub batch: usize,
    /// Lanes.
    pub lanes: usize,
    /// How often a failed batch comes again.
    pub retries: usize,
    /// Every how many records one is handed over twice; 0 is never.
    pub repeat_every: usize,
    /// Pause between looks at the stream.
    pub poll: Duration,
    /// Where the position is kept over restarts.
    pub checkpoint: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch: 10,
            lanes: 4,
            retries: 5,
            repeat_every: 0,
            poll: Duration::from_millis(25),
            checkpoint: None,
        }
    }
}

/// A running pump; dropping it stops it.
pub struct Pump {
    progress: Arc<Progress>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

#[derive(Default)]
struct Progress {
    /// Sequence numbers, which need more than 64 bits.
    at_work: Mutex<BTreeSet<u128>>,
    /// Looks at the stream that found nothing, since records were last found.
    empty_looks: AtomicUsize,
    handed_over: AtomicU64,
    paused: AtomicBool,
    last_seen: Mutex<u128>,
}

impl Progress {
    fn at_work(&self) -> std::sync::MutexGuard<'_, BTreeSet<u128>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_seen(&self) -> std::sync::MutexGuard<'_, u128> {
        self.last_seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything up to here is finished.
    fn checkpoint(&self) -> u128 {
        let last = *self.last_seen();
        self.at_work().first().map_or(last, |oldest| oldest.saturating_sub(1).min(last))
    }
}

impl Pump {
    /// Starts handing the records of a stream to `handler`.
    ///
    /// # Errors
    /// A stream that cannot be read.
    pub fn start(
        db: Database,
        stream_arn: String,
        filter: Filter,
        settings: Settings,
        handler: Handler,
    ) -> Result<Self> {
        let progress = Arc::new(Progress::default());
        let mut position: Option<u128> = settings
            .checkpoint
            .as_ref()
            .and_then(|path| std::fs::read_to_string(path).ok()?.trim().parse().ok());
        *progress.last_seen() = position.unwrap_or_default();
        let shard = shard_id(&db, &stream_arn)?;
        let mut lanes = Vec::new();
        let mut tasks = Vec::new();
        for _ in 0..settings.lanes.max(1) {
            let (sender, receiver) = mpsc::channel(256);
            lanes.push(sender);
            tasks.push(tokio::spawn(lane(
                receiver,
                Arc::clone(&progress),
                Arc::clone(&handler),
                settings.clone(),
            )));
        }
        let reader_progress = Arc::clone(&progress);
        tasks.push(tokio::spawn(async move {
            let mut saved: Option<u128> = None;
            loop {
                if reader_progress.paused.load(Ordering::SeqCst) {
                    tokio::time::sleep(settings.poll).await;
                    continue;
                }
                match read(&db, &stream_arn, &shard, position) {
                    Ok(records) if !records.is_empty() => {
                        reader_progress.empty_looks.store(0, Ordering::SeqCst);
                        for record in records {
                            match hand_out(&record, &filter, &lanes, &reader_progress).await {
                                Some(sequence) => position = Some(sequence),
                                None => tracing::error!("a stream record has no sequence number"),
                            }
                        }
                        tokio::task::yield_now().await;
                    }
                    Ok(_) => {
                        reader_progress.empty_looks.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(settings.poll).await;
                    }
                    Err(error) => {
                        // The position is gone from the stream (24 hours): begin at its oldest record.
                        tracing::warn!(%error, "the stream is read from its beginning");
                        position = None;
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
                let checkpoint = reader_progress.checkpoint();
                if let Some(path) = &settings.checkpoint
                    && saved != Some(checkpoint)
                {
                    let draft = path.with_extension("new");
                    let written = std::fs::write(&draft, checkpoint.to_string())
                        .and_then(|()| std::fs::rename(&draft, path));
                    match written {
                        Ok(()) => saved = Some(checkpoint),
                        Err(error) => tracing::warn!(%error, "the stream's position was not saved"),
                    }
                }
            }
        }));
        Ok(Self { progress, tasks })
    }

    /// Whether everything in the stream was handed over and finished, as of the last two looks.
    pub fn is_quiet(&self) -> bool {
        self.progress.empty_looks.load(Ordering::SeqCst) >= 2 && self.progress.at_work().is_empty()
    }

    /// Forgets the looks so far, so that [`Pump::is_quiet`] speaks of what was written before this call.
    pub fn look_again(&self) {
        self.progress.empty_looks.store(0, Ordering::SeqCst);
    }

    /// Stops or resumes reading, as disabling and enabling an event source does; its place in the stream is kept.
    pub fn pause(&self, paused: bool) {
        self.progress.paused.store(paused, Ordering::SeqCst);
    }

    /// How many records were handed over, repeats included.
    pub fn handed_over(&self) -> u64 {
        self.progress.handed_over.load(Ordering::SeqCst)
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

fn shard_id(db: &Database, arn: &str) -> Result<String> {
    let request = serde_json::from_value(json!({"StreamArn": arn}))?;
    let described = serde_json::to_value(db.describe_stream(request).map_err(|error| anyhow!("{error}"))?)?;
    let shard = described.pointer("/StreamDescription/Shards/0/ShardId").and_then(Value::as_str);
    Ok(shard.context("the stream has no shard")?.to_owned())
}

fn read(db: &Database, arn: &str, shard: &str, position: Option<u128>) -> Result<Vec<Value>> {
    let request = match position.filter(|position| *position > 0) {
        None => json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}),
        Some(position) => json!({
            "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position.to_string(),
        }),
    };
    let iterator =
        db.get_shard_iterator(serde_json::from_value(request)?).map_err(|error| anyhow!("{error}"))?;
    let iterator = serde_json::to_value(iterator)?;
    let iterator = iterator.get("ShardIterator").context("the stream gave no iterator")?;
    let records = db
        .get_records(serde_json::from_value(json!({"ShardIterator": iterator, "Limit": 200}))?)
        .map_err(|error| anyhow!("{error}"))?;
    match serde_json::to_value(records)? {
        Value::Object(mut answer) => match answer.remove("Records") {
            Some(Value::Array(records)) => Ok(records),
            _ => Ok(Vec::new()),
        },
        _ => Ok(Vec::new()),
    }
}

/// Gives a record to its key's lane, waiting while the lane is full. Gives the record's sequence number.
async fn hand_out(
    record: &Value,
    filter: &Filter,
    lanes: &[mpsc::Sender<(u128, Value)>],
    progress: &Progress,
) -> Option<u128> {
    let sequence: u128 = record.pointer("/dynamodb/SequenceNumber")?.as_str()?.parse().ok()?;
    if filter.matches(record) {
        progress.at_work().insert(sequence);
        let key = record.pointer("/dynamodb/Keys").map(Value::to_string).unwrap_or_default();
        let hash = key.bytes().fold(5381_usize, |hash, byte| hash.wrapping_mul(33) ^ usize::from(byte));
        if let Some(lane) = lanes.get(hash % lanes.len()) {
            drop(lane.send((sequence, record.clone())).await);
        }
    }
    *progress.last_seen() = sequence;
    Some(sequence)
}

async fn lane(
    mut records: mpsc::Receiver<(u128, Value)>,
    progress: Arc<Progress>,
    handler: Handler,
    settings: Settings,
) {
    while let Some(first) = records.recv().await {
        let mut batch = vec![first];
        while batch.len() < settings.batch
            && let Ok(next) = records.try_recv()
        {
            batch.push(next);
        }
        let sequences: Vec<u128> = batch.iter().map(|(sequence, _)| *sequence).collect();
        let mut left: VecDeque<Value> = batch.into_iter().map(|(_, record)| record).collect();
        for _ in 0..=settings.retries {
            left = deliver(left, &progress, &handler, settings.repeat_every).await;
            if left.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        if !left.is_empty() {
            tracing::error!(
                records = left.len(),
                "records are let go after their retries; the watch list has their events"
            );
        }
        let mut at_work = progress.at_work();
        for sequence in sequences {
            at_work.remove(&sequence);
        }
    }
}

/// Hands a batch over; gives back what has to come again: everything from the first failed record on.
async fn deliver(
    batch: VecDeque<Value>,
    progress: &Progress,
    handler: &Handler,
    repeat_every: usize,
) -> VecDeque<Value> {
    let mut records: Vec<EventRecord> = Vec::new();
    for record in &batch {
        let Ok(read) = serde_json::from_value::<EventRecord>(record.clone()) else {
            tracing::error!("a stream record has an unexpected shape");
            continue;
        };
        let count = progress.handed_over.fetch_add(1, Ordering::SeqCst) + 1;
        if repeat_every > 0 && count.is_multiple_of(u64::try_from(repeat_every).unwrap_or(u64::MAX)) {
            records.push(read.clone());
        }
        records.push(read);
    }
    let mut event = Event::default();
    event.records = records;
    let response = handler(event).await;
    let failed: BTreeSet<String> =
        response.batch_item_failures.into_iter().filter_map(|failure| failure.item_identifier).collect();
    let first = batch.iter().position(|record| {
        record
            .pointer("/dynamodb/SequenceNumber")
            .and_then(Value::as_str)
            .is_some_and(|sequence| failed.contains(sequence))
    });
    match first {
        Some(first) => batch.into_iter().skip(first).collect(),
        None => VecDeque::new(),
    }
}

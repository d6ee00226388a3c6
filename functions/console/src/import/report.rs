//! What is known of an import, in facts and in words.

use common::id::OrgId;
use common::import::room;
use common::page::Lang;
use common::store::imports::{Import, ImportStatus};
use common::words;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::when::{day, day_of, moment, time_left};

/// An import.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ImportReport {
    /// Shop.
    pub org_id: OrgId,
    /// `running`, `done`, `cancelled` or `failed`.
    pub status: &'static str,
    /// Why it failed, a code.
    pub reason: Option<String>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Whether orders are imported.
    pub orders: bool,
    /// Whether customers are imported.
    pub customers: bool,
    /// How many records there are, about; nothing before Haravan was asked.
    pub total: Option<i64>,
    /// Looked at.
    pub seen: i64,
    /// Stored as events.
    pub stored: i64,
    /// Known before.
    pub skipped: i64,
    /// Who started it: name, else e-mail, else the CRM's id.
    pub started_by: Option<String>,
    /// When.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    #[serde(skip)]
    facts: Import,
}

impl ImportReport {
    /// The facts of an import.
    pub(crate) fn of(import: Import) -> Self {
        let by = import.started_by.as_ref();
        // The end of the period is the first instant that is not in it.
        let last = import.to.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(import.to);
        Self {
            org_id: import.org,
            status: import.status.as_str(),
            reason: import.reason.clone(),
            from: day_of(import.from),
            to: day_of(last),
            orders: import.orders,
            customers: import.customers,
            total: import.total,
            seen: import.counts.seen,
            stored: import.counts.stored,
            skipped: import.counts.skipped,
            started_by: by
                .map(|by| by.name.clone().or_else(|| by.email.clone()).unwrap_or_else(|| by.id.clone())),
            started_at: import.started_at,
            ended_at: import.ended_at,
            facts: import,
        }
    }

    /// Whether upkeep works on it.
    pub(crate) fn is_running(&self) -> bool {
        self.facts.status == ImportStatus::Running
    }

    /// Tone and words of where it stands.
    pub(crate) fn state(&self, lang: Lang) -> (&'static str, &'static str) {
        match self.facts.status {
            ImportStatus::Running => ("warn", lang.of("Đang nhập", "Running")),
            ImportStatus::Done => ("good", lang.of("Đã nhập xong", "Done")),
            ImportStatus::Cancelled => ("warn", lang.of("Đã dừng", "Cancelled")),
            ImportStatus::Failed => ("bad", lang.of("Không nhập được", "Failed")),
        }
    }

    /// Why it failed, in words.
    pub(crate) fn why(&self, lang: Lang) -> Option<String> {
        let reason = self.reason.as_deref()?;
        Some(words::of_import_reason(reason).map_or(reason, |(vi, en)| lang.of(vi, en)).to_owned())
    }

    /// First and last day, in words.
    pub(crate) fn period(&self) -> String {
        format!("{} – {}", day(self.from), day(self.to))
    }

    /// The kinds of records, in words.
    pub(crate) fn kinds(&self, lang: Lang) -> String {
        let kinds = [
            (self.orders, lang.of("đơn hàng", "orders")),
            (self.customers, lang.of("khách hàng", "customers")),
        ];
        let kinds: Vec<&str> =
            kinds.into_iter().filter(|(wanted, _)| *wanted).map(|(_, kind)| kind).collect();
        kinds.join(", ")
    }

    /// Who started it and when, in words.
    pub(crate) fn by_whom(&self, lang: Lang) -> String {
        let by = self.started_by.as_deref().unwrap_or(lang.of("không rõ", "not known"));
        format!("{by}, {}", moment(self.started_at))
    }

    /// When it ended, in words.
    pub(crate) fn ended(&self) -> Option<String> {
        self.ended_at.map(moment)
    }

    /// How far it is, as value and maximum; nothing before Haravan said how many there are.
    pub(crate) fn bar(&self) -> Option<(i64, i64)> {
        // The total is about right only: more may be seen than were counted.
        self.total.map(|total| (self.seen, total.max(self.seen).max(1)))
    }

    /// How far it is, in words.
    pub(crate) fn progress(&self, lang: Lang) -> String {
        let total = self.total.map_or_else(|| "?".to_owned(), |total| total.to_string());
        let (seen, stored, skipped) = (self.seen, self.stored, self.skipped);
        match lang {
            Lang::Vi => format!("{seen}/{total} đã xem · {stored} đã lưu · {skipped} bỏ qua vì đã có"),
            Lang::En => format!("{seen}/{total} seen · {stored} stored · {skipped} skipped as known"),
        }
    }

    /// How long what is left takes at most, in words, while it runs.
    pub(crate) fn left(&self, lang: Lang, writes_per_second: f64, now: Timestamp) -> Option<String> {
        let left = self.total.filter(|_| self.is_running())?.saturating_sub(self.seen);
        let room = i64::try_from(room(writes_per_second, self.facts.stage)).ok()?;
        let minutes = left.max(0).checked_div(room)?.saturating_add(1);
        let end = now.saturating_add(SignedDuration::from_secs(minutes.saturating_mul(60))).ok()?;
        time_left(lang, now, end)
    }
}

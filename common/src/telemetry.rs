//! What the functions say about themselves.
//!
//! One JSON line per event, with dotted field names and the metrics inside in CloudWatch's embedded metric format, so
//! that counting costs nothing extra. The rules are in `common/LOGGING.md`, with every event and field there is, and a
//! test holds the code against it: ids, codes, counts and durations only; never a body, a secret, a phone number, an
//! e-mail address or a name, and never an error's text unless it is known to hold none of these.

use std::io::Write;

use serde_json::{Map, Value, json};

use crate::trace::TraceId;

mod library;

pub use library::{init_library_logs, lines};

/// The CloudWatch namespace of all metrics.
pub const NAMESPACE: &str = "HaravanConnect";

/// Every metric there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// A webhook was stored.
    WebhookStored,
    /// A webhook was there already.
    WebhookDuplicate,
    /// A webhook was acknowledged and left alone: test, unknown topic, disconnected shop.
    WebhookIgnored,
    /// A webhook was refused: bad signature, unknown tenant, malformed.
    WebhookRefused,
    /// A webhook could not be stored.
    WebhookFailed,
    /// An event was finished.
    EventDone,
    /// An event was put off.
    EventDelayed,
    /// An event was set aside for a person.
    EventParked,
    /// A late worker's result was dropped.
    ClaimLost,
    /// An event was made ready again by upkeep.
    EventWoken,
    /// The CRM refused the tenant's key.
    CrmKeyRefused,
    /// A person was sent to Haravan to connect a shop.
    ConnectStarted,
    /// A shop was connected.
    ConnectDone,
    /// A connect ended without a shop.
    ConnectRefused,
    /// A shop was connected, and its webhooks could not be switched on.
    ConnectUnsubscribed,
    /// A shop's tokens were replaced in time.
    TokenRefreshed,
    /// A refresh got no answer, or the app's id or secret was refused; it is tried again while the token lives.
    TokenNotRefreshed,
    /// A shop's admin has to connect it again.
    ShopNeedsReconnect,
    /// A person was sent to Facebook or Zalo to connect a page.
    PageConnectStarted,
    /// A page was connected.
    PageConnected,
    /// A connect ended without a page.
    PageConnectRefused,
    /// A page's admin has to connect it again.
    PageNeedsReconnect,
    /// A page was asked about at its provider and is well.
    PageVerified,
    /// A page was not subscribed to all it should be and was subscribed again.
    PageResubscribed,
    /// A page was disconnected.
    PageDisconnected,
    /// A provider did not unsubscribe a page that has ended; it is tried again.
    PageNotUnsubscribed,
    /// A provider did not unsubscribe an ended page for a day; it is not tried any more.
    PageLeftSubscribed,
    /// A request in a provider's name was not signed by it.
    ProviderRequestRefused,
    /// Haravan says that the app was removed from a shop.
    ShopSuspected,
    /// The app is gone from a shop: its tokens are wiped.
    ShopUninstalled,
    /// A shop's webhooks were not all switched on and were switched on again.
    SubscriptionLost,
    /// Haravan does not send all a shop's wanted topics.
    TopicsMissing,
    /// Reconciliation stored an event that no webhook had brought.
    EventRecovered,
    /// An import stored an event.
    EventImported,
    /// Haravan's Admin REST refused a page for good.
    RestRefused,
    /// A page's event was stored.
    PageEventStored,
    /// A page's event was there already.
    PageEventDuplicate,
    /// A page's event was acknowledged and left alone: nobody has connected the page, or it cannot be read.
    PageEventDropped,
    /// A delivery of page events was refused: bad signature, malformed, too large.
    PageEventRefused,
    /// Page events could not be stored.
    PageEventFailed,
    /// A Facebook page that nobody has connected was unsubscribed.
    OrphanUnsubscribed,
}

impl Metric {
    /// Every metric, each once.
    pub const ALL: [Self; 41] = [
        Self::WebhookStored,
        Self::WebhookDuplicate,
        Self::WebhookIgnored,
        Self::WebhookRefused,
        Self::WebhookFailed,
        Self::EventDone,
        Self::EventDelayed,
        Self::EventParked,
        Self::ClaimLost,
        Self::EventWoken,
        Self::CrmKeyRefused,
        Self::ConnectStarted,
        Self::ConnectDone,
        Self::ConnectRefused,
        Self::ConnectUnsubscribed,
        Self::TokenRefreshed,
        Self::TokenNotRefreshed,
        Self::ShopNeedsReconnect,
        Self::PageConnectStarted,
        Self::PageConnected,
        Self::PageConnectRefused,
        Self::PageNeedsReconnect,
        Self::PageVerified,
        Self::PageResubscribed,
        Self::PageDisconnected,
        Self::PageNotUnsubscribed,
        Self::PageLeftSubscribed,
        Self::ProviderRequestRefused,
        Self::ShopSuspected,
        Self::ShopUninstalled,
        Self::SubscriptionLost,
        Self::TopicsMissing,
        Self::EventRecovered,
        Self::EventImported,
        Self::RestRefused,
        Self::PageEventStored,
        Self::PageEventDuplicate,
        Self::PageEventDropped,
        Self::PageEventRefused,
        Self::PageEventFailed,
        Self::OrphanUnsubscribed,
    ];

    /// The name in CloudWatch.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebhookStored => "WebhookStored",
            Self::WebhookDuplicate => "WebhookDuplicate",
            Self::WebhookIgnored => "WebhookIgnored",
            Self::WebhookRefused => "WebhookRefused",
            Self::WebhookFailed => "WebhookFailed",
            Self::EventDone => "EventDone",
            Self::EventDelayed => "EventDelayed",
            Self::EventParked => "EventParked",
            Self::ClaimLost => "ClaimLost",
            Self::EventWoken => "EventWoken",
            Self::CrmKeyRefused => "CrmKeyRefused",
            Self::ConnectStarted => "ConnectStarted",
            Self::ConnectDone => "ConnectDone",
            Self::ConnectRefused => "ConnectRefused",
            Self::ConnectUnsubscribed => "ConnectUnsubscribed",
            Self::TokenRefreshed => "TokenRefreshed",
            Self::TokenNotRefreshed => "TokenNotRefreshed",
            Self::ShopNeedsReconnect => "ShopNeedsReconnect",
            Self::PageConnectStarted => "PageConnectStarted",
            Self::PageConnected => "PageConnected",
            Self::PageConnectRefused => "PageConnectRefused",
            Self::PageNeedsReconnect => "PageNeedsReconnect",
            Self::PageVerified => "PageVerified",
            Self::PageResubscribed => "PageResubscribed",
            Self::PageDisconnected => "PageDisconnected",
            Self::PageNotUnsubscribed => "PageNotUnsubscribed",
            Self::PageLeftSubscribed => "PageLeftSubscribed",
            Self::ProviderRequestRefused => "ProviderRequestRefused",
            Self::ShopSuspected => "ShopSuspected",
            Self::ShopUninstalled => "ShopUninstalled",
            Self::SubscriptionLost => "SubscriptionLost",
            Self::TopicsMissing => "TopicsMissing",
            Self::EventRecovered => "EventRecovered",
            Self::EventImported => "EventImported",
            Self::RestRefused => "RestRefused",
            Self::PageEventStored => "PageEventStored",
            Self::PageEventDuplicate => "PageEventDuplicate",
            Self::PageEventDropped => "PageEventDropped",
            Self::PageEventRefused => "PageEventRefused",
            Self::PageEventFailed => "PageEventFailed",
            Self::OrphanUnsubscribed => "OrphanUnsubscribed",
        }
    }
}

/// The trace that a line is about.
const TRACE: &str = "trace.id";

/// The trace of the invocation that said it, where that is another one.
const INVOCATION: &str = "invocation.trace";

/// One line about one event.
pub struct Line {
    function: &'static str,
    fields: Map<String, Value>,
    metrics: Vec<(Metric, i64)>,
}

impl Line {
    /// A line said by `function` about `what`.
    pub fn new(function: &'static str, what: &'static str) -> Self {
        let mut fields = Map::new();
        fields.insert("event".to_owned(), what.into());
        Self { function, fields, metrics: Vec::new() }
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Says which delivery it is about. Without this a line has the trace of its own invocation.
    #[must_use]
    pub fn trace(self, trace: TraceId) -> Self {
        self.with(TRACE, trace.to_string())
    }

    /// Counts.
    #[must_use]
    pub fn count(mut self, metric: Metric, by: i64) -> Self {
        self.metrics.push((metric, by));
        self
    }

    /// Writes the line: to standard output in a Lambda, where CloudWatch reads metrics, else to standard error.
    pub fn emit(self) {
        let text = self.into_json(jiff::Timestamp::now().as_millisecond(), TraceId::current()).to_string();
        let written = if std::env::var_os("AWS_LAMBDA_FUNCTION_NAME").is_some() {
            writeln!(std::io::stdout().lock(), "{text}")
        } else {
            writeln!(std::io::stderr().lock(), "{text}")
        };
        // A closed standard stream leaves nowhere to complain to.
        drop(written);
    }

    fn into_json(self, millis: i64, invocation: Option<TraceId>) -> Value {
        let mut line = self.fields;
        if let Some(own) = invocation.map(|own| Value::from(own.to_string())) {
            match line.get(TRACE) {
                None => drop(line.insert(TRACE.to_owned(), own)),
                Some(about) if *about != own => drop(line.insert(INVOCATION.to_owned(), own)),
                Some(_) => {}
            }
        }
        line.insert("function".to_owned(), self.function.into());
        for (metric, by) in &self.metrics {
            line.insert(metric.name().to_owned(), (*by).into());
        }
        if self.metrics.is_empty() {
            line.insert("timestamp".to_owned(), millis.into());
        } else {
            let metrics: Vec<Value> = self
                .metrics
                .iter()
                .map(|(metric, _)| json!({"Name": metric.name(), "Unit": "Count"}))
                .collect();
            line.insert(
                "_aws".to_owned(),
                json!({"Timestamp": millis, "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["function"]], "Metrics": metrics}]}),
            );
        }
        Value::Object(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_carries_its_metrics_in_the_embedded_format() {
        let line = Line::new("webhook", "stored")
            .with("tenant", "hat-mam")
            .count(Metric::WebhookStored, 1)
            .into_json(5, None);
        assert_eq!(
            line,
            json!({
                "event": "stored", "tenant": "hat-mam", "function": "webhook", "WebhookStored": 1,
                "_aws": {"Timestamp": 5, "CloudWatchMetrics": [{"Namespace": "HaravanConnect", "Dimensions": [["function"]],
                    "Metrics": [{"Name": "WebhookStored", "Unit": "Count"}]}]}
            })
        );
    }

    #[test]
    fn a_line_has_the_trace_it_is_about_and_that_of_its_own_invocation() {
        let (delivery, own) = (TraceId::fresh(), TraceId::fresh());
        let line = || Line::new("order-intake", "event.done");
        let said = |line: Line, invocation| {
            let json = line.into_json(5, invocation);
            [TRACE, INVOCATION].map(|name| json.get(name).and_then(Value::as_str).map(str::to_owned))
        };
        let (about, mine) = (Some(delivery.to_string()), Some(own.to_string()));
        assert_eq!(said(line().trace(delivery), Some(own)), [about.clone(), mine.clone()]);
        assert_eq!(said(line().trace(delivery), None), [about, None]);
        assert_eq!(said(line().trace(own), Some(own)), [mine.clone(), None]);
        assert_eq!(said(line(), Some(own)), [mine, None]);
        assert_eq!(said(line(), None), [None, None]);
    }

    #[test]
    fn every_metric_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
    }
}

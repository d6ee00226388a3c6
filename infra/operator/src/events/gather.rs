//! Which events are meant, and finding them.

use anyhow::Result;
use clap::{Args, ValueEnum};
use common::id::TenantId;
use common::store::inbox::listing::{Place, Which};
use common::store::inbox::{Inbox, Status};
use jiff::Timestamp;

use super::found::Found;
use crate::show::past;

/// Events read at a time.
const PAGE: usize = 100;

#[derive(Debug, Args)]
pub(crate) struct FilterOptions {
    /// The tenant
    #[arg(long)]
    pub tenant: TenantId,

    /// Where they stand
    #[arg(long)]
    pub state: Option<State>,

    /// Why they stand there, a code such as crm_refused
    #[arg(long, value_name = "CODE")]
    pub reason: Option<String>,

    /// Done with warnings, or with this one, a code such as total_differs_in_crm
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "")]
    pub warnings: Option<String>,

    /// Received since: 90m, 2h or 3d ago, a day, or an RFC 3339 instant
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,

    /// Received before
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// Where events stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// All
    All,
    /// Still to be worked on: ready, working and waiting
    Open,
    /// To be worked on at once
    Ready,
    /// At a worker
    Working,
    /// Put off
    Waiting,
    /// Set aside for a person
    Parked,
    /// Finished
    Done,
    /// Sent to pages: kept for the CRM, nobody works on it
    Kept,
}

impl State {
    /// Whether events in it are among the open ones, and on which lists.
    fn lists(self) -> (bool, &'static [Which]) {
        match self {
            Self::All => (true, &[Which::Failed, Which::Done]),
            Self::Open | Self::Ready | Self::Working | Self::Waiting => (true, &[]),
            Self::Parked => (false, &[Which::Failed]),
            Self::Done => (false, &[Which::Done]),
            Self::Kept => (false, &[]),
        }
    }

    fn has_pages(self) -> bool {
        matches!(self, Self::All | Self::Kept)
    }

    fn takes(self, status: Status) -> bool {
        match self {
            Self::All => true,
            Self::Open => !matches!(status, Status::Done | Status::Parked | Status::Kept),
            Self::Ready => status == Status::Ready,
            Self::Working => status == Status::Working,
            Self::Waiting => status == Status::Waiting,
            Self::Parked => status == Status::Parked,
            Self::Done => status == Status::Done,
            Self::Kept => status == Status::Kept,
        }
    }
}

/// Which events.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    state: State,
    reason: Option<String>,
    warnings: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Filter {
    /// Everything in a state.
    pub fn of(state: State) -> Self {
        Self { state, reason: None, warnings: None, since: None, until: None }
    }

    /// What the options say; `unsaid` is the state where they say none.
    pub fn read(options: &FilterOptions, unsaid: State, now: Timestamp) -> Result<Self> {
        let time = |text: &Option<String>| {
            text.as_deref().map(|text| past(text, now).map_err(anyhow::Error::msg)).transpose()
        };
        Ok(Self {
            state: options.state.unwrap_or(unsaid),
            reason: options.reason.clone(),
            warnings: options.warnings.clone(),
            since: time(&options.since)?,
            until: time(&options.until)?,
        })
    }

    fn takes(&self, event: &Found) -> bool {
        self.state.takes(event.status())
            && self.reason.as_deref().is_none_or(|reason| event.reason() == Some(reason))
            && self.warnings.as_deref().is_none_or(|code| match code {
                "" => !event.warnings().is_empty(),
                code => event.warnings().iter().any(|warning| warning == code),
            })
            && self.since.is_none_or(|since| event.received_at() >= since)
            && self.until.is_none_or(|until| event.received_at() < until)
    }

    fn has_pages(&self) -> bool {
        self.warnings.is_none() && self.state.has_pages()
    }

    /// Whether nothing that comes after this one in the order of arrival is taken.
    fn ends_at(&self, event: &Found) -> bool {
        self.since.is_some_and(|since| event.received_at() < since)
    }
}

/// A tenant's events of this kind, the newest first, at most `limit`.
pub(crate) async fn gather(
    inbox: &Inbox,
    tenant: &TenantId,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<Found>> {
    let (open, lists) = match (&filter.warnings, filter.state) {
        // Only these have warnings, and lie on a list of their own.
        (Some(_), State::All | State::Done) => (false, [Which::Warned].as_slice()),
        _ => filter.state.lists(),
    };
    let mut found: Vec<Found> = Vec::new();
    if open {
        let events = inbox.of_keys(&inbox.open_of(tenant).await?).await?;
        found.extend(events.into_iter().map(Found::from).filter(|event| filter.takes(event)));
    }
    let lists = lists.iter().copied().map(List::Shops);
    for list in lists.chain(filter.has_pages().then_some(List::Pages)) {
        let mut after: Option<Place> = None;
        let mut taken = 0_usize;
        loop {
            let (events, more) = list.page(inbox, tenant, after.as_ref()).await?;
            after = events.last().map(Found::place);
            let old = events.last().is_some_and(|event| filter.ends_at(event));
            let before = found.len();
            found.extend(events.into_iter().filter(|event| filter.takes(event)));
            taken = taken.saturating_add(found.len().saturating_sub(before));
            if !more || old || taken >= limit {
                break;
            }
        }
    }
    found.sort_by_cached_key(Found::place);
    found.dedup_by(|one, other| one.key() == other.key());
    found.truncate(limit);
    Ok(found)
}

/// A list in the order of arrival.
#[derive(Clone, Copy)]
enum List {
    Shops(Which),
    Pages,
}

impl List {
    /// The events after this one, and whether there are more.
    async fn page(
        self,
        inbox: &Inbox,
        tenant: &TenantId,
        after: Option<&Place>,
    ) -> Result<(Vec<Found>, bool)> {
        Ok(match self {
            Self::Shops(which) => {
                let listed = inbox.newest(tenant, which, after, PAGE).await?;
                (listed.events.into_iter().map(Found::from).collect(), listed.more)
            }
            Self::Pages => {
                let (events, more) = inbox.newest_of_pages(tenant, after, PAGE).await?;
                (events.into_iter().map(Found::from).collect(), more)
            }
        })
    }
}

//! What is known so far of somebody's attempt to connect something: for the page they see and the line in the log.

use axum::http::{HeaderMap, HeaderValue};

use crate::id::TenantId;
use crate::page::Lang;
use crate::seal::random;
use crate::store::connections::Subject;
use crate::telemetry::Line;

/// An attempt.
#[derive(Debug, Default)]
pub struct Attempt {
    /// The language of its pages.
    pub lang: Lang,
    /// Whose it is.
    pub tenant: Option<TenantId>,
    /// That tenant's address, without a slash at its end.
    pub public_url: Option<String>,
    /// Which shop or page it is about.
    pub subject: Option<Subject>,
    /// With this header the browser forgets the attempt, should it end here.
    pub forget: Option<HeaderValue>,
}

impl Attempt {
    /// Nothing known yet but what the browser says of its language.
    pub fn of(headers: &HeaderMap) -> Self {
        Self { lang: Lang::of_request(headers), ..Self::default() }
    }

    /// Whose it is.
    pub fn is_of(&mut self, tenant: &TenantId, public_url: &str) {
        self.tenant = Some(tenant.clone());
        self.public_url = Some(public_url.trim_end_matches('/').to_owned());
    }

    /// A line about it.
    pub fn line(&self, function: &'static str, what: &'static str) -> Line {
        let mut line = Line::new(function, what);
        if let Some(tenant) = &self.tenant {
            line = line.with("tenant", tenant.as_str());
        }
        match &self.subject {
            Some(Subject::Shop(org)) => line.with("org", org.0),
            Some(Subject::Page(page)) => line.with("page", page.slug()),
            None => line,
        }
    }
}

/// Ten random characters under which the operator finds the line.
pub fn support_id() -> String {
    const ALPHABET: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
        'x', 'y', 'z', '2', '3', '4', '5', '6', '7', '8', '9', '1',
    ];
    let bytes: [u8; 10] = random().unwrap_or_default();
    bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).collect()
}

//! `POST /console/haravan/app`: client id and client secret.
//!
//! The secret signs webhooks. Haravan may send with the old one for a while after it was changed, so the admin chooses
//! how long the old one is accepted.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use common::store::schema;
use common::store::tenants::TenantRecord;
use common::telemetry::Line;
use secrecy::SecretString;

use super::entered::{Entered, OLD_SECRET, field};
use super::page;
use crate::form::Fault;
use crate::refusal::Trouble;
use crate::session::Submission;
use crate::{Console, FUNCTION};

/// Longest id or secret, in characters; the official sample's secret has 64.
const MOST: usize = 200;

/// Saves, and leads back; shows what is wrong otherwise.
pub(crate) async fn submit(
    State(console): State<Arc<Console>>,
    Submission { visitor, form }: Submission,
) -> Result<Response, Trouble> {
    let entered = Entered {
        client_id: form.trimmed(field::CLIENT_ID),
        secret: form.trimmed(field::SECRET),
        old_secret: form.trimmed(field::OLD_SECRET),
    };
    match save(&console, &visitor.record, &entered).await? {
        Ok(_) => Ok(Redirect::to("/console/haravan?done=saved").into_response()),
        Err(faults) => page::with_faults(&console, &visitor, &entered, &faults).await,
    }
}

/// Saves client id and secret. `Err` names the fields that are wrong; nothing is changed then.
pub(crate) async fn save(
    console: &Console,
    record: &TenantRecord,
    entered: &Entered,
) -> Result<Result<TenantRecord, Vec<Fault>>, Trouble> {
    let faults = check(record, entered);
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    let (now, days) = (console.clock.now(), days(&entered.old_secret).unwrap_or_default());
    let until = now.saturating_add(Duration::from_secs(days * 24 * 3600)).unwrap_or(now);
    let new = Some(entered.secret.as_str()).filter(|secret| !secret.is_empty());
    let sealed = match new {
        None => None,
        Some(new) => Some(Sealed::of(console, record, new).await?),
    };
    let changed = console
        .change(record, |record| {
            record.client_id = Some(entered.client_id.clone());
            if let Some(sealed) = &sealed {
                record.previous_secret = sealed.previous.clone().filter(|_| until > now);
                record.previous_until = record.previous_secret.is_some().then_some(until);
                record.secret = Some(sealed.current.clone());
            }
        })
        .await?;
    Line::new(FUNCTION, "haravan.app_changed")
        .with("tenant", record.id.as_str())
        .with("secret_changed", new.is_some())
        .emit();
    Ok(Ok(changed))
}

/// A new secret and the one from before, sealed for their places.
struct Sealed {
    current: Vec<u8>,
    previous: Option<Vec<u8>>,
}

impl Sealed {
    async fn of(console: &Console, record: &TenantRecord, new: &str) -> Result<Self, Trouble> {
        let key = common::tenant::tenant_place(&record.id);
        let place = |field| common::seal::Place { key: &key, field };
        let current = console
            .directory
            .seal(place(schema::tenants::SECRET), &SecretString::from(new.to_owned()))
            .await?;
        let previous = match &record.secret {
            None => None,
            Some(blob) => {
                let old = console.secret(record, schema::tenants::SECRET, blob).await?;
                Some(console.directory.seal(place(schema::tenants::PREVIOUS_SECRET), &old).await?)
            }
        };
        Ok(Self { current, previous })
    }
}

fn days(word: &str) -> Option<u64> {
    OLD_SECRET.iter().find(|(known, _)| *known == word).map(|(_, days)| *days)
}

fn check(record: &TenantRecord, entered: &Entered) -> Vec<Fault> {
    let plain = |text: &str| text.chars().count() <= MOST && text.chars().all(|c| c.is_ascii_graphic());
    let mut faults = Vec::new();
    if entered.client_id.is_empty() {
        faults.push(Fault::new(
            field::CLIENT_ID,
            "Hãy dán Client ID (App Id) từ trang ứng dụng của Haravan.",
            "Please paste the Client ID (App Id) from the app's page at Haravan.",
        ));
    } else if !plain(&entered.client_id) {
        faults.push(Fault::new(
            field::CLIENT_ID,
            "Client ID chỉ gồm chữ và số, không có dấu cách. Hãy chép lại.",
            "A Client ID has letters and digits and no spaces. Please copy it again.",
        ));
    }
    if entered.secret.is_empty() && record.secret.is_none() {
        faults.push(Fault::new(
            field::SECRET,
            "Hãy dán Client Secret (App Secret) từ trang ứng dụng của Haravan.",
            "Please paste the Client Secret (App Secret) from the app's page at Haravan.",
        ));
    } else if !plain(&entered.secret) {
        faults.push(Fault::new(
            field::SECRET,
            "Client Secret chỉ gồm chữ và số, không có dấu cách. Hãy chép lại.",
            "A Client Secret has letters and digits and no spaces. Please copy it again.",
        ));
    }
    if !entered.secret.is_empty() && record.secret.is_some() && days(&entered.old_secret).is_none() {
        faults.push(Fault::new(
            field::OLD_SECRET,
            "Hãy chọn thời gian còn nhận secret cũ.",
            "Please choose how long the old secret is accepted.",
        ));
    }
    faults
}

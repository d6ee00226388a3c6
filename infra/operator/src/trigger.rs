//! `trigger`: a sample event, signed as Haravan signs (haravan.md §2.5), posted to the tenant's webhook address.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use common::haravan::webhook::{Entity, ORG_HEADER, SIGNATURE_HEADER, TOPIC_HEADER, Topic};
use common::id::{OrgId, TenantId};
use common::seal::Place;
use common::store::connections::ConnectionStatus;
use common::store::inbox::EventKey;
use common::store::inbox::address::event_id;
use common::store::schema::tenants::SECRET;
use common::store::tenants::TenantRecord;
use common::tenant::tenant_place;
use common::wire::egress::Reach;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::session::Session;

/// An invented order and an invented customer.
const SAMPLES: [(Entity, &str); 2] = [
    (Entity::Order, include_str!("../samples/order.json")),
    (Entity::Customer, include_str!("../samples/customer.json")),
];

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haravan-connect --local .local/connect.db trigger --tenant hat-mam\n  \
                  haravan-connect --local .local/connect.db trigger --tenant hat-mam --topic customers/create --duplicate\n\n\
                  A sample is a new order or customer each time, and goes on to the tenant's CRM like any other.")]
pub(crate) struct Options {
    /// The tenant
    #[arg(long)]
    tenant: TenantId,

    /// The shop's organisation id [default: the tenant's first connected shop]
    #[arg(long, value_name = "ORG")]
    org: Option<OrgId>,

    /// Topic
    #[arg(long, default_value = "orders/create", value_parser = topic)]
    topic: Topic,

    /// Post this file's bytes in place of the sample
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,

    /// Post it twice: the second must be answered as a duplicate and do nothing
    #[arg(long, conflicts_with = "bad_signature")]
    duplicate: bool,

    /// Sign it with a wrong secret: it must be refused with 401
    #[arg(long)]
    bad_signature: bool,

    /// Post it, then an older version of the same: the older one must not be applied
    #[arg(long, conflicts_with_all = ["duplicate", "bad_signature", "body"])]
    stale: bool,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

fn topic(text: &str) -> Result<Topic, String> {
    text.parse().map_err(|_| format!("there are {}", Topic::ALL.map(Topic::as_str).join(", ")))
}

pub(crate) async fn run(options: Options, session: &mut Session<'_, '_>) -> Result<()> {
    let record = session.tenant(&options.tenant).await?;
    let org = match options.org {
        Some(org) => org,
        None => connected_shop(&record.id, session).await?,
    };
    let secret = match options.bad_signature {
        true => SecretString::from("a secret that is nobody's"),
        false => client_secret(&record, session).await?,
    };
    if session.deployment.reach == Reach::Public {
        session.confirm(&format!("The sample goes on to the CRM of {}.", record.id), options.yes)?;
    }
    let now = session.now();
    let bodies = bodies(&options, now)?;
    let url = format!("{}/api/haravan/webhook/{}", record.public_url.trim_end_matches('/'), record.id);
    let (mut words, mut told, mut surprise) = (Vec::new(), Vec::new(), None);
    for body in &bodies {
        let request = session
            .deployment
            .http
            .post(&url)
            .header("content-type", "application/json; charset=utf-8")
            .header(TOPIC_HEADER, options.topic.as_str())
            .header(ORG_HEADER, org.to_string())
            .header(SIGNATURE_HEADER, sign(&secret, body)?)
            .body(body.clone());
        let answer =
            request.send().await.map_err(|error| anyhow!("{url} gave no answer: {}", error.without_url()))?;
        let status = answer.status().as_u16();
        let event = key(&record.id, options.topic, body).map(|key| event_id(&key));
        words.push(format!("{status}  {}", event.as_deref().unwrap_or("(not readable)")));
        told.push(json!({"status": status, "event": event}));
        let expected = if options.bad_signature { 401 } else { 200 };
        if status != expected {
            surprise = Some(format!("{url} answered {status}; {expected} was expected"));
        }
    }
    session.tell(&json!({"tenant": record.id, "url": url, "posted": told}), &words.join("\n"))?;
    match surprise {
        Some(surprise) => bail!(surprise),
        None => Ok(()),
    }
}

async fn connected_shop(tenant: &TenantId, session: &Session<'_, '_>) -> Result<OrgId> {
    let shops = session.store().connections.shops(tenant).await?;
    let shop = shops.into_iter().find(|shop| shop.status != ConnectionStatus::Disconnected);
    shop.map(|shop| shop.org).ok_or_else(|| anyhow!("{tenant} has no connected shop; name one with --org"))
}

async fn client_secret(record: &TenantRecord, session: &Session<'_, '_>) -> Result<SecretString> {
    let blob = record.secret.as_ref();
    let blob =
        blob.ok_or_else(|| anyhow!("{} has no Haravan client secret yet: its admin enters it", record.id))?;
    let place = Place { key: &tenant_place(&record.id), field: SECRET };
    Ok(session.deployment.directory.unseal(place, blob).await?)
}

fn sign(secret: &SecretString, body: &[u8]) -> Result<String> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
    let mut mac = mac.map_err(|_| anyhow!("the client secret cannot sign"))?;
    mac.update(body);
    Ok(STANDARD.encode(mac.finalize().into_bytes()))
}

fn bodies(options: &Options, now: Timestamp) -> Result<Vec<Vec<u8>>> {
    let first = match &options.body {
        Some(path) => {
            std::fs::read(path).with_context(|| format!("the file {} cannot be read", path.display()))?
        }
        None => sample(options.topic, now, now)?,
    };
    Ok(match (options.duplicate, options.stale) {
        (true, _) => vec![first.clone(), first],
        (_, true) => {
            let yesterday = now.checked_sub(SignedDuration::from_hours(24))?;
            vec![first, sample(options.topic, now, yesterday)?]
        }
        _ => vec![first],
    })
}

/// The sample with an id of its own, made of `now`, in its version of `updated`.
fn sample(topic: Topic, now: Timestamp, updated: Timestamp) -> Result<Vec<u8>> {
    let text = SAMPLES.iter().find(|(entity, _)| *entity == topic.entity()).map(|(_, text)| *text);
    let mut body: Value = serde_json::from_str(text.unwrap_or_default())?;
    let id = now.as_millisecond();
    if let Value::Object(fields) = &mut body {
        fields.insert("id".to_owned(), id.into());
        fields.insert("updated_at".to_owned(), updated.to_string().into());
        if topic.entity() == Entity::Order {
            fields.insert("name".to_owned(), format!("#T{id}").into());
            fields.insert("created_at".to_owned(), now.to_string().into());
        }
    }
    Ok(serde_json::to_vec(&body)?)
}

fn key(tenant: &TenantId, topic: Topic, body: &[u8]) -> Option<EventKey> {
    let body_value: Value = serde_json::from_slice(body).ok()?;
    let id = body_value.get("id").and_then(Value::as_i64)?;
    Some(EventKey::of(tenant, topic, id, body))
}

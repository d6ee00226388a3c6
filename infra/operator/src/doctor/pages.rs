//! What connecting pages needs: the operator's apps at Facebook and Zalo, and the host that both of them know.

use std::time::Duration;

use common::channel::NoProvider;
use common::seal::SealError;
use secrecy::ExposeSecret;

use super::{Finding, Patient};

const PATIENCE: Duration = Duration::from_secs(12);

const APPS: &str = "the apps at Facebook and Zalo";
const HOST: &str = "PAGES_URL";

pub(super) async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let side = &patient.deployment.pages;
    let half = |wrong: &str| {
        let todo = "set PAGES_URL and PROVIDER_APPS_SECRET together (stack parameters PagesUrl, ProviderAppsSecretArn)";
        vec![Finding::new("pages.half_set_up", APPS, wrong, todo)]
    };
    let url = match (&side.url, side.has_apps) {
        (None, false) => return Vec::new(),
        (Some(_), false) => {
            return half("PAGES_URL is set and the apps' secret is not: nobody can connect a page");
        }
        (None, true) => {
            return half("the apps' secret is set and PAGES_URL is not: the console offers no pages");
        }
        (Some(url), true) => url,
    };
    let (facebook, zalo) = (side.providers.facebook().await, side.providers.zalo().await);
    let mut found = Vec::new();
    let verify_token = match (facebook, zalo) {
        (Err(NoProvider::Secret(error)), _) => {
            let todo = match error {
                SealError::Source(_) => {
                    "check its name, and that you may read it (secretsmanager:GetSecretValue)"
                }
                _ => "correct it; README.md, Deploying, step 2 has its form",
            };
            return vec![Finding::new("pages.apps", APPS, error.to_string(), todo)];
        }
        (Err(_), Err(_)) => return half("the secret names no app, neither at Facebook nor at Zalo"),
        (facebook, _) => facebook.ok().map(|graph| graph.app().verify_token.clone()),
    };
    found.extend(address(patient, url, verify_token).await);
    found
}

/// Plays the challenge of Facebook (pages.md §1.16): whether the front door is there, and has this app.
async fn address(
    patient: &Patient<'_>,
    url: &str,
    verify_token: Option<secrecy::SecretString>,
) -> Option<Finding> {
    let base = match patient.deployment.reach.base_url(url) {
        Ok(base) => base,
        Err(error) => {
            let wrong = format!("{url} may not be called: {error}");
            return Some(Finding::new("pages.address", HOST, wrong, "correct the stack parameter PagesUrl"));
        }
    };
    let path = if verify_token.is_some() { "api/pages/facebook/webhook" } else { "api/pages/zalo/webhook" };
    let mut request = patient.deployment.http.get(base.join(path).ok()?).timeout(PATIENCE);
    if let Some(token) = &verify_token {
        let challenge = ("hub.challenge", "doctor");
        request = request.query(&[
            ("hub.mode", "subscribe"),
            ("hub.verify_token", token.expose_secret()),
            challenge,
        ]);
    }
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let wrong = format!("{url} gives no answer: {}", error.without_url());
            let todo = "start what serves it, or correct DNS and TLS there";
            return Some(Finding::new("pages.unreachable", HOST, wrong, todo));
        }
    };
    let status = answer.status();
    let echoed = answer.text().await.unwrap_or_default();
    let is_ours = if verify_token.is_some() { echoed == "doctor" } else { status.is_success() };
    (!is_ours).then(|| {
        let wrong = format!("{url} does not answer as our front door does (status {status})");
        let todo = "lead /api/pages/* there to the functions of this deployment; after a change of the apps' secret wait five minutes";
        Finding::new("pages.webhook_route", HOST, wrong, todo)
    })
}

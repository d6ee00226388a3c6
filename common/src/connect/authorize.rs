//! Sending a browser to Haravan (haravan.md §1.3).

use url::Url;
use url::form_urlencoded::Serializer;

use super::flow::{Flow, LIFETIME};
use super::refusal::Refusal;
use super::{Accounts, Connecting};
use crate::seal::random_text;
use crate::settings::ResponseMode;
use crate::store::ephemeral::Kind;
use crate::tenant::Tenant;

impl Connecting {
    /// Remembers the flow and gives the address at Haravan to send its browser to.
    ///
    /// # Errors
    /// [`Refusal::NotSetUp`] or [`Refusal::Unavailable`].
    pub async fn send_off(&self, tenant: &Tenant, flow: &Flow) -> Result<Url, Refusal> {
        let client_id = tenant.client_id.as_deref().ok_or(Refusal::NotSetUp)?;
        let state = random_text().map_err(Refusal::sealing)?;
        let address = authorize_url(&self.accounts, client_id, tenant, flow, &state)?;
        self.store.ephemeral.put(Kind::Flow, &state, flow, self.now() + LIFETIME).await?;
        Ok(address)
    }
}

fn authorize_url(
    accounts: &Accounts,
    client_id: &str,
    tenant: &Tenant,
    flow: &Flow,
    state: &str,
) -> Result<Url, Refusal> {
    let (response_mode, response_type) = match flow.mode {
        ResponseMode::FormPost => ("form_post", "code id_token"),
        ResponseMode::Query => ("query", "code"),
    };
    let redirect_uri = flow.step.redirect_uri(tenant);
    let mut query = Serializer::new(String::new());
    query.extend_pairs([
        ("response_mode", response_mode),
        ("response_type", response_type),
        ("scope", flow.step.scopes()),
        ("client_id", client_id),
        ("redirect_uri", &redirect_uri),
        ("state", state),
        ("nonce", &flow.nonce),
    ]);
    if let Some(org) = flow.suggested() {
        query.append_pair("orgid", &org.to_string());
    }
    let mut url =
        accounts.base.join("connect/authorize").map_err(|_| Refusal::Unavailable("address_not_built"))?;
    // A blank is `%20` in the protocol's examples; a `+` of a value is `%2B` by now.
    url.set_query(Some(&query.finish().replace('+', "%20")));
    Ok(url)
}

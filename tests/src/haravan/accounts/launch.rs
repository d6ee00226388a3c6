//! Opening an app from the shop's admin (haravan.md §1.14).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::keys::hex;
use crate::haravan::ids::OrgId;
use crate::haravan::refusal::Refusal;
use crate::haravan::simulator::Simulator;

impl Simulator {
    /// The address a person's browser gets when they click the app in the admin of a shop: the app's first redirect URI
    /// with `orgid`, `shop`, `timestamp` and `hmac`. It says nothing of who the person is.
    ///
    /// # Errors
    /// When the person does not work in the shop, or the app has no redirect URI.
    pub fn launch(
        &self,
        org: Option<OrgId>,
        client_id: Option<&str>,
        email: &str,
    ) -> Result<String, Refusal> {
        let state = self.state();
        let org = state.org(org)?;
        let app = state.app_or_first(client_id)?;
        let person = state.accounts.person_by_email(email);
        if person.and_then(|person| person.roles(org)).is_none() {
            return Err(Refusal::Invalid(format!("{email:?} does not work in the shop {org}")));
        }
        let place = app.redirect_uris.first();
        let place = place.ok_or_else(|| Refusal::Invalid("the app has no redirect URI".to_owned()))?;
        let subdomain = &state.shop(org)?.facts.orgsub;
        let query = launch_query(&app.client_secret, org, subdomain, state.now().as_second())?;
        let mark = if place.contains('?') { '&' } else { '?' };
        Ok(format!("{place}{mark}{query}"))
    }
}

/// The signature covers the query before it, in this order.
fn launch_query(secret: &str, org: OrgId, subdomain: &str, seconds: i64) -> Result<String, Refusal> {
    let query = format!("orgid={org}&shop={subdomain}.myharavan.com&timestamp={seconds}");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|_| Refusal::Invalid("the client secret is no key".to_owned()))?;
    mac.update(query.as_bytes());
    let signature = hex(&mac.finalize().into_bytes(), 32);
    Ok(format!("{query}&hmac={signature}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_launch_query_equals_the_published_vector() {
        let query =
            launch_query("hrv_test_client_secret", OrgId(200_000_987_654), "hat-mam-demo", 1_781_234_567);
        assert_eq!(
            query.unwrap(),
            "orgid=200000987654&shop=hat-mam-demo.myharavan.com&timestamp=1781234567\
             &hmac=825d2b9dc12df4754402392b3ab3bbaec4cd3753f34094fd29a96f08a6e04b31"
        );
    }
}

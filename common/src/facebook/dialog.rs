//! The log-in dialog's address (pages.md §1.2).

use url::Url;

use super::app::App;

/// The permissions without which a page cannot be connected (pages.md §1.2, §1.6).
pub const REQUIRED: [&str; 4] =
    ["pages_show_list", "pages_read_engagement", "pages_manage_metadata", "pages_messaging"];

/// Pages that are reachable only through a business portfolio need this one too (pages.md §1.9).
pub const PORTFOLIO: &str = "business_management";

/// Where the browser is sent. `redirect_uri` is registered with the app and is repeated byte for byte at the exchange.
///
/// `auth_type=rerequest` asks declined permissions again and reopens the screen on which pages are ticked; without it
/// Facebook silently reuses the old choice (pages.md §1.9).
pub fn dialog_url(base: &Url, app: &App, redirect_uri: &str, state: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{}/dialog/oauth", base.path(), app.version));
    url.query_pairs_mut()
        .append_pair("client_id", &app.id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", state)
        .append_pair("response_type", "code")
        .append_pair("auth_type", "rerequest");
    let (name, value) = match &app.config_id {
        Some(config_id) => ("config_id", config_id.clone()),
        None => ("scope", [&REQUIRED[..], &[PORTFOLIO]].concat().join(",")),
    };
    url.query_pairs_mut().append_pair(name, &value);
    url
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::app::DEFAULT_DIALOG_BASE;
    use super::super::app::tests::app;
    use super::*;

    fn query(app: &App) -> (String, BTreeMap<String, String>) {
        let base = DEFAULT_DIALOG_BASE.parse().unwrap();
        let url = dialog_url(&base, app, "https://crm.example.test/pages/facebook/callback?x=1", "st_7f3c");
        let start = url.as_str().split('?').next().unwrap().to_owned();
        (start, url.query_pairs().into_owned().collect())
    }

    #[test]
    fn a_classic_log_in_names_its_permissions() {
        let (start, query) = query(&app());
        assert_eq!(start, "https://www.facebook.com/v26.0/dialog/oauth");
        assert_eq!(query["client_id"], "1180011800118001");
        assert_eq!(query["redirect_uri"], "https://crm.example.test/pages/facebook/callback?x=1");
        assert_eq!((query["state"].as_str(), query["response_type"].as_str()), ("st_7f3c", "code"));
        assert_eq!(query["auth_type"], "rerequest");
        let scope =
            "pages_show_list,pages_read_engagement,pages_manage_metadata,pages_messaging,business_management";
        assert_eq!(query["scope"], scope);
        assert!(!query.contains_key("config_id"));
    }

    #[test]
    fn a_configuration_takes_the_place_of_the_permissions() {
        let (_, query) = query(&App { config_id: Some("990".to_owned()), ..app() });
        assert_eq!(query["config_id"], "990");
        assert!(!query.contains_key("scope"));
    }
}

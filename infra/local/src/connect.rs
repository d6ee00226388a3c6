//! The two functions that take Haravan's callbacks.

use std::sync::Arc;

use axum::Router;
use common::clock::SharedClock;
use common::connect::{Accounts, Connecting};
use common::haravan::admin::Admin;
use common::haravan::subscription::Subscription;
use common::store::Store;
use common::tenant::Directory;
use oauth_grant::Grant;

use crate::haravan_urls::HaravanUrls;

/// Both routers.
pub(crate) fn router(
    urls: &HaravanUrls,
    open: &dyn Fn(&'static str) -> (Store, Directory),
    http: &reqwest::Client,
    clock: &SharedClock,
) -> Router {
    let connecting = |function| {
        let (store, directory) = open(function);
        let accounts = Accounts::new(http.clone(), urls.accounts.clone(), clock.clone());
        Connecting { function, store, directory, accounts, clock: clock.clone() }
    };
    let grant = Grant {
        connecting: connecting(oauth_grant::FUNCTION),
        admin: Admin::new(http.clone(), urls.admin.clone()),
        subscription: Subscription::new(http.clone(), urls.webhook.clone()),
    };
    let login = connecting(oauth_login::FUNCTION);
    oauth_login::router(Arc::new(login)).merge(oauth_grant::router(Arc::new(grant)))
}

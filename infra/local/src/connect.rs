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

/// Both routers; each function has a directory of its own, as it has in the cloud.
pub(crate) fn router(
    urls: &HaravanUrls,
    directory: &dyn Fn() -> Directory,
    store: &Store,
    http: &reqwest::Client,
    clock: &SharedClock,
) -> Router {
    let connecting = |function| Connecting {
        function,
        store: store.clone(),
        directory: directory(),
        accounts: Accounts::new(http.clone(), urls.accounts.clone(), clock.clone()),
        clock: clock.clone(),
    };
    let grant = Grant {
        connecting: connecting(oauth_grant::FUNCTION),
        admin: Admin::new(http.clone(), urls.admin.clone()),
        subscription: Subscription::new(http.clone(), urls.webhook.clone()),
    };
    let login = connecting(oauth_login::FUNCTION);
    oauth_login::router(Arc::new(login)).merge(oauth_grant::router(Arc::new(grant)))
}

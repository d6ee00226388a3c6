//! Verbs about the seeded shop's connection.

use std::sync::Arc;
use std::time::Duration;

use common::channel::Providers;
use common::clock::Clock;
use common::connect::flow::Step;
use common::haravan::token_endpoint::{App, TokenEndpoint, Tokens};
use common::pages::Pages;
use common::refresh::Refresher;
use common::seal::Place;
use common::store::connections::{NewShop, SealedTokens, ShopConnection, Subject};
use common::store::inbox::Event;
use common::store::{Store, schema};
use common::tenant::{Directory, connection_place};
use common::wire::egress::Reach;
use connect_tests::haravan::{AccountsSettings, Choice, INSTALL_SCOPES, OrgId};
use local::seed::{CLIENT_ID, ORG};
use upkeep::Upkeep;

use crate::harness::World;

/// The seeded shop, as the simulator names it.
pub const SHOP: OrgId = OrgId(ORG.0);

/// The owner of the simulated shop.
const OWNER: &str = "minhanh@example.com";

impl World {
    /// The seeded shop's connection.
    pub async fn shop(&self) -> ShopConnection {
        self.stack.store.connections.shop(&self.tenant(), ORG).await.unwrap().unwrap()
    }

    /// Runs upkeep's visits once, so much later.
    pub async fn visits_after(&self, wait: Duration) -> usize {
        self.clock.advance(wait);
        upkeep::due::visit_due(&self.stack.upkeep).await.unwrap()
    }

    /// Installs the app in the shop as its owner would, with tokens that live for so long.
    pub async fn install(&self, lives: Duration, rotates: bool) -> ShopConnection {
        let tokens = self.fresh_tokens(lives, rotates).await;
        self.connect(&tokens).await
    }

    /// What an installation gives.
    pub async fn fresh_tokens(&self, lives: Duration, rotates: bool) -> Tokens {
        self.haravan().set_accounts_settings(AccountsSettings {
            rotate_refresh_tokens: rotates,
            install_expires_in: u32::try_from(lives.as_secs()).unwrap(),
            ..AccountsSettings::default()
        });
        let scopes = [&INSTALL_SCOPES[..], &["offline_access"]].concat().join(" ");
        let redirect = &format!("{}{}", self.stack.addresses.base_url, Step::Install.path());
        let mut url = url::Url::parse("http://haravan.invalid/connect/authorize").unwrap();
        url.query_pairs_mut()
            .append_pair("response_type", "code id_token")
            .append_pair("response_mode", "form_post")
            .append_pair("scope", &scopes)
            .append_pair("client_id", CLIENT_ID)
            .append_pair("redirect_uri", redirect)
            .append_pair("state", "s")
            .append_pair("nonce", "n");
        let answer = self.haravan().authorize(url.as_str(), OWNER, Choice::accept().shop(SHOP)).unwrap();
        let code = answer.field("code").unwrap_or_else(|| panic!("{answer:?}"));
        let client_secret = self.stack.addresses.client_secret.clone().into();
        let app = App { client_id: CLIENT_ID.to_owned(), client_secret };
        self.token_endpoint().exchange(&app, code, redirect).await.unwrap()
    }

    /// Connects the shop with these tokens.
    pub async fn connect(&self, tokens: &Tokens) -> ShopConnection {
        let now = self.clock.now();
        let (ring, key) = (self.key_ring().await, connection_place(&self.tenant(), &Subject::Shop(ORG)));
        let seal = |field, secret| ring.seal(Place { key: &key, field }, secret).unwrap();
        let new = NewShop {
            tenant: self.tenant(),
            org: ORG,
            shop_domain: None,
            shop_name: None,
            tokens: SealedTokens {
                access: seal(schema::connections::ACCESS_TOKEN, &tokens.access),
                refresh: tokens.refresh.as_ref().map(|token| seal(schema::connections::REFRESH_TOKEN, token)),
                expires_at: tokens.lives.map(|lives| now + lives),
            },
            scopes: tokens.scopes.clone(),
            by: None,
        };
        self.stack.store.connections.connect(&new, now).await.unwrap();
        self.clock.advance(common::tenant::FRESH);
        self.shop().await
    }

    /// A client of the simulated accounts server.
    pub fn token_endpoint(&self) -> TokenEndpoint {
        let base = Reach::Loopback.base_url(&self.stack.addresses.haravan_url).unwrap();
        TokenEndpoint::new(Reach::Loopback.client().unwrap(), base)
    }

    /// Upkeep as another process would run it, over any client.
    pub fn another_upkeep(&self, client: &aws_sdk_dynamodb::Client) -> Upkeep {
        self.upkeep_with(client, Arc::clone(&self.stack.upkeep.pages.providers))
    }

    /// The same with providers of one's own.
    pub fn upkeep_with(&self, client: &aws_sdk_dynamodb::Client, providers: Arc<Providers>) -> Upkeep {
        let pages = self.pages_with(self.stack.access.open("upkeep", client), providers);
        Upkeep {
            refresher: pages.refresher.clone(),
            store: pages.store.clone(),
            directory: Arc::clone(&pages.directory),
            pages,
            ..self.stack.upkeep.clone()
        }
    }

    /// What a function works on pages with.
    pub fn pages_with(&self, (store, directory): (Store, Directory), providers: Arc<Providers>) -> Pages {
        let (directory, clock) = (Arc::new(directory), self.clock.clone());
        let (endpoint, known) = (self.token_endpoint(), Some(Arc::clone(&providers)));
        let refresher = Refresher::new(store.clone(), Arc::clone(&directory), endpoint, known, clock.clone());
        Pages { store, directory, providers, refresher, clock }
    }

    /// How often a refresh token was sent to Haravan.
    pub fn refreshes(&self) -> u64 {
        self.haravan().token_calls().get("refresh_token").copied().unwrap_or_default()
    }

    /// Whether the seeded shop is subscribed at the simulated Haravan.
    pub fn is_subscribed(&self) -> bool {
        self.haravan().is_subscribed(SHOP, CLIENT_ID)
    }

    /// The events that no webhook brought, oldest first.
    pub async fn recovered(&self, before: &[Event]) -> Vec<Event> {
        let events = self.events().await;
        events.into_iter().filter(|event| before.iter().all(|known| known.key != event.key)).collect()
    }
}

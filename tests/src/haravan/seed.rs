//! What a simulator starts with: apps, organisations, tokens and shop data (haravan.md §8).

use serde::Deserialize;

use super::accounts::AccountSeed;
use super::customer_spec::CustomerSpec;
use super::ids::{OrgId, UserId};
use super::spec::OrderSpec;

/// The topics an integration of orders and customers wants (haravan.md §2.1).
pub const TOPICS: [&str; 8] = [
    "orders/create",
    "orders/updated",
    "orders/paid",
    "orders/cancelled",
    "orders/fulfilled",
    "customers/create",
    "customers/update",
    "app/uninstalled",
];

/// The scopes of an install token (haravan.md §1.4).
pub const INSTALL_SCOPES: [&str; 10] = [
    "openid",
    "profile",
    "email",
    "org",
    "userinfo",
    "grant_service",
    "wh_api",
    "com.read_orders",
    "com.read_customers",
    "com.read_shop",
];

/// The redirect URIs of the demo app: for login, which is the app's own address too, and for install.
pub const DEMO_REDIRECT_URIS: [&str; 2] =
    ["http://localhost:3000/install/login", "http://localhost:3000/install/grandservice"];

/// Every scope the demo app may ask for (haravan.md §1.4).
const DEMO_SCOPES: [&str; 19] = [
    "openid",
    "profile",
    "email",
    "org",
    "userinfo",
    "offline_access",
    "grant_service",
    "wh_api",
    "com.read_orders",
    "com.write_orders",
    "com.read_customers",
    "com.write_customers",
    "com.read_products",
    "com.read_inventories",
    "com.read_shippings",
    "com.read_shop",
    "com.read_discounts",
    "com.read_locations",
    "web.read_contents",
];

/// Everything a simulator starts with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// apps registered in the dashboard
    pub apps: Vec<AppSeed>,
    /// shops
    pub orgs: Vec<OrgSeed>,
    /// people who can sign in
    pub accounts: Vec<AccountSeed>,
    /// tokens that are valid from the start
    pub tokens: Vec<TokenSeed>,
    /// start of the random numbers: the same start invents the same people, orders and ids. Take a new one for
    /// each run of a stack whose CRM outlives the simulator, or ids of the last run come back.
    pub random: u64,
}

/// An app.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppSeed {
    /// public id
    pub client_id: String,
    /// secret, also the key of the webhook signature
    pub client_secret: String,
    /// where an answer of authorize may go, compared byte by byte; the first is also the app's own address
    pub redirect_uris: Vec<String>,
    /// what the app may ask for
    pub allowed_scopes: Vec<String>,
    /// what the dashboard knows about its webhook
    pub webhook: WebhookSeed,
}

/// The webhook part of an app.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSeed {
    /// where deliveries go
    pub callback_url: Option<String>,
    /// what the challenge carries
    pub verify_token: String,
    /// what the app wants to hear of
    pub topics: Vec<String>,
    /// the challenge was passed before the simulator started
    pub verified: bool,
}

/// How much of Haravan a shop has bought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// trying it
    Trial,
    /// the usual
    #[default]
    Standard,
    /// users.json works
    Plus,
}

/// A shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrgSeed {
    /// its number
    pub orgid: OrgId,
    /// its name
    pub orgname: String,
    /// its subdomain of myharavan.com
    pub orgsub: String,
    /// what it has bought
    #[serde(default)]
    pub plan: Plan,
    /// staff
    #[serde(default)]
    pub users: Vec<UserSeed>,
    /// warehouses; the first is the primary one
    #[serde(default)]
    pub locations: Vec<LocationSeed>,
    /// customers from before, created without deliveries
    #[serde(default)]
    pub customers: Vec<CustomerSpec>,
    /// orders from before, created without deliveries
    #[serde(default)]
    pub orders: Vec<OrderSpec>,
}

/// A member of staff (haravan.md §5.7).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSeed {
    /// the number orders name in `user_id`
    pub id: UserId,
    /// e-mail
    pub email: String,
    /// given name
    pub first_name: String,
    /// family and middle name
    pub last_name: String,
    /// owns the shop
    #[serde(default)]
    pub account_owner: bool,
}

/// A warehouse.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocationSeed {
    /// its number
    pub id: i64,
    /// its name
    pub name: String,
}

/// An access token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSeed {
    /// the token itself
    pub token: String,
    /// whose it is
    pub client_id: String,
    /// for which shop
    pub orgid: OrgId,
    /// what it may do
    pub scopes: Vec<String>,
}

impl Seed {
    /// One app and two shops. The first is a Plus shop with two users and a warehouse, and the app has an install token
    /// of 64 `b`s for it: the names of the fixtures (haravan.md §9). The second, `200000987701`, has some customers and
    /// orders from before. No webhook is registered yet. Everybody's password is `demo`: minhanh@example.com owns the
    /// first shop, thuha@example.com is a clerk in it, quocbao@example.com owns both.
    pub fn demo() -> Self {
        let client_id = "hrv_test_client_id".to_owned();
        let (first, second) = (OrgId(200_000_987_654), OrgId(200_000_987_701));
        let webhook = WebhookSeed {
            verify_token: "hrv_test_verify_token".to_owned(),
            topics: TOPICS.map(str::to_owned).into(),
            ..WebhookSeed::default()
        };
        Self {
            apps: vec![AppSeed {
                client_id: client_id.clone(),
                client_secret: "hrv_test_client_secret".to_owned(),
                redirect_uris: DEMO_REDIRECT_URIS.map(str::to_owned).into(),
                allowed_scopes: DEMO_SCOPES.map(str::to_owned).into(),
                webhook,
            }],
            orgs: vec![OrgSeed::demo(first, "Hạt Mầm", "hat-mam-demo"), OrgSeed::second_demo(second)],
            accounts: vec![
                AccountSeed::demo(200_001_038_421, "minhanh@example.com", "Lê Minh Anh", &[(first, "admin")]),
                AccountSeed::demo(200_001_038_977, "thuha@example.com", "Võ Thu Hà", &[(first, "staff")]),
                AccountSeed::demo(
                    200_001_039_105,
                    "quocbao@example.com",
                    "Trần Quốc Bảo",
                    &[(first, "admin"), (second, "admin")],
                ),
            ],
            tokens: vec![TokenSeed {
                token: "b".repeat(64),
                client_id,
                orgid: first,
                scopes: INSTALL_SCOPES.map(str::to_owned).into(),
            }],
            random: 1,
        }
    }

    /// The same seed with another start of the random numbers.
    pub fn random(mut self, random: u64) -> Self {
        self.random = random;
        self
    }

    /// The same seed with every app's webhook registered at `callback_url` and already verified.
    pub fn with_webhook_at(mut self, callback_url: &str) -> Self {
        for app in &mut self.apps {
            app.webhook.callback_url = Some(callback_url.to_owned());
            app.webhook.verified = true;
        }
        self
    }
}

impl OrgSeed {
    /// A Plus shop with an owner (`200001038421`, minhanh@example.com), a clerk and a warehouse.
    pub fn demo(orgid: OrgId, orgname: &str, orgsub: &str) -> Self {
        let user = |id, email: &str, first: &str, last: &str, account_owner| UserSeed {
            id: UserId(id),
            email: email.to_owned(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            account_owner,
        };
        Self {
            orgid,
            orgname: orgname.to_owned(),
            orgsub: orgsub.to_owned(),
            plan: Plan::Plus,
            users: vec![
                user(200_001_038_421, "minhanh@example.com", "Anh", "Lê Minh", true),
                user(200_001_038_977, "thuha@example.com", "Hà", "Võ Thu", false),
            ],
            locations: vec![LocationSeed { id: 1_581_234, name: "Kho Quận 1".to_owned() }],
            customers: Vec::new(),
            orders: Vec::new(),
        }
    }

    /// A second shop, with an owner of its own, three orders and a customer who has not ordered yet.
    fn second_demo(orgid: OrgId) -> Self {
        let owner = UserSeed {
            id: UserId(200_001_039_105),
            email: "quocbao@example.com".to_owned(),
            first_name: "Bảo".to_owned(),
            last_name: "Trần Quốc".to_owned(),
            account_owner: true,
        };
        Self {
            orgid,
            orgname: "Gốm Nhà Mây".to_owned(),
            orgsub: "gom-nha-may".to_owned(),
            plan: Plan::Standard,
            users: vec![owner],
            locations: vec![LocationSeed { id: 1_581_702, name: "Xưởng Bát Tràng".to_owned() }],
            customers: vec![CustomerSpec::default()],
            orders: vec![OrderSpec::default(), OrderSpec::paid(), OrderSpec::default()],
        }
    }
}

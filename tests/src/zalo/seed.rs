//! What a simulator starts with: the app as its console has it, people and their Official Accounts.

use serde::{Deserialize, Serialize};

use super::ids::{AdminId, OaId};

/// The redirect URI of the demo app.
pub const DEMO_REDIRECT_URI: &str = "http://localhost:3000/connect/zalo/callback";

/// Everything a simulator starts with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// the app
    pub app: AppSeed,
    /// Official Accounts
    pub oas: Vec<OaSeed>,
    /// people who can log in
    pub admins: Vec<AdminSeed>,
    /// start of the random part of codes and tokens
    #[serde(default)]
    pub random: u64,
}

/// The app, as the developer console knows it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AppSeed {
    /// public id
    pub app_id: String,
    /// goes in the `secret_key` header of the token endpoint
    pub app_secret: String,
    /// the key of webhook signatures, unlike the secret
    pub oa_secret_key: String,
    /// where an answer of the permission page may go, compared byte by byte
    pub redirect_uris: Vec<String>,
    /// where events go; none are sent without
    #[serde(default)]
    pub webhook_url: Option<String>,
}

/// An Official Account.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OaSeed {
    /// id
    pub oa_id: OaId,
    /// name
    pub name: String,
    /// what it says about itself
    #[serde(default)]
    pub description: String,
    /// its name in links
    #[serde(default)]
    pub alias: Option<String>,
    /// whether its profile says it is verified
    #[serde(default)]
    pub verified: bool,
    /// category
    #[serde(default)]
    pub category: String,
    /// followers
    #[serde(default)]
    pub followers: u32,
    /// what it has bought
    #[serde(default)]
    pub package: Option<PackageSeed>,
}

/// A paid tier; dates are `dd/mm/yyyy`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PackageSeed {
    /// name
    pub name: String,
    /// last day
    pub valid_through: String,
    /// day of renewal
    pub auto_renew: String,
    /// the linked Zalo cloud account
    pub linked_zca: String,
}

/// A person who administers Official Accounts.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AdminSeed {
    /// id
    pub admin_id: AdminId,
    /// name
    pub name: String,
    /// the Official Accounts, in the order they are offered
    pub oas: Vec<OaId>,
}

impl OaSeed {
    /// A verified account on a paid tier.
    pub fn new(oa_id: &str, name: &str) -> Self {
        Self {
            oa_id: oa_id.into(),
            name: name.to_owned(),
            description: "Cửa hàng mô phỏng".to_owned(),
            alias: Some(format!("simoa{oa_id}")),
            verified: true,
            category: "Thương mại điện tử".to_owned(),
            followers: 128,
            package: Some(PackageSeed {
                name: "Gói nâng cao".to_owned(),
                valid_through: "31/12/2026".to_owned(),
                auto_renew: "01/01/2027".to_owned(),
                linked_zca: "900000000000001".to_owned(),
            }),
        }
    }
}

impl Seed {
    /// The app of the fixtures and two people: Hà administers …01, …02 (not verified) and …03; Bảo …03 and …04.
    pub fn demo() -> Self {
        let oa = |number: u8| format!("41800000000000000{number:02}");
        let ids = |numbers: &[u8]| numbers.iter().map(|number| OaId(oa(*number))).collect();
        let one = OaSeed { alias: Some("simoamot".to_owned()), ..OaSeed::new(&oa(1), "Sim OA Một") };
        let two = OaSeed {
            description: String::new(),
            alias: None,
            verified: false,
            category: "Khác".to_owned(),
            followers: 0,
            package: None,
            ..OaSeed::new(&oa(2), "Sim OA Hai")
        };
        let three = OaSeed { followers: 4_211, ..OaSeed::new(&oa(3), "Tiệm Bánh Mây") };
        let four = OaSeed { followers: 967, ..OaSeed::new(&oa(4), "Gốm Lam Chiều") };
        Self {
            app: AppSeed {
                app_id: "3600000000000000001".to_owned(),
                app_secret: "sim-zalo-app-secret-0001".to_owned(),
                oa_secret_key: "sim-zalo-oa-secret-0001".to_owned(),
                redirect_uris: vec![DEMO_REDIRECT_URI.to_owned()],
                webhook_url: None,
            },
            oas: vec![one, two, three, four],
            admins: vec![
                AdminSeed {
                    admin_id: "7770000000000000001".into(),
                    name: "Nguyễn Thu Hà".to_owned(),
                    oas: ids(&[1, 2, 3]),
                },
                AdminSeed {
                    admin_id: "7770000000000000002".into(),
                    name: "Lê Quốc Bảo".to_owned(),
                    oas: ids(&[3, 4]),
                },
            ],
            random: 0,
        }
    }

    /// The same with this redirect URI alone.
    pub fn redirect_uri(mut self, uri: &str) -> Self {
        self.app.redirect_uris = vec![uri.to_owned()];
        self
    }

    /// The same with events going here.
    pub fn webhook_url(mut self, url: &str) -> Self {
        self.app.webhook_url = Some(url.to_owned());
        self
    }
}

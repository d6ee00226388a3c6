//! What a simulator starts with: the app, people, pages and portfolios. All names are invented.

use super::ids::{BusinessId, PageId, PersonId};
use super::model::{Business, Page, Person, Role};
use super::role::{ClassicRole, NEW_PAGE_FULL_CONTROL};
use super::webhook::FIELDS;

/// The demo app's id, as in the fixtures.
pub const APP_ID: &str = "1180011800118001";
/// The demo app's secret, as in the fixtures.
pub const APP_SECRET: &str = "sim-fb-app-secret-0001";
/// What the demo app's webhook checks.
pub const VERIFY_TOKEN: &str = "sim-verify-token";
/// The Login-for-Business configuration of the demo app: all of [`SCOPES`], or nothing.
pub const CONFIG_ID: &str = "4400440044004400";
/// The redirect URI the demo app has registered.
pub const DEMO_REDIRECT_URI: &str = "http://localhost:3000/pages/facebook/callback";

/// The permissions of pages.md §1.2 an integration of pages asks for.
pub const SCOPES: [&str; 5] = [
    "pages_show_list",
    "pages_read_engagement",
    "pages_manage_metadata",
    "pages_messaging",
    "business_management",
];

/// A seller with pages of every role.
pub const SELLER: PersonId = PersonId(10_223_344_556_677_889);
/// A person without a page.
pub const NOBODY: PersonId = PersonId(10_223_344_556_677_900);
/// A person with thirty pages.
pub const BUSY: PersonId = PersonId(10_223_344_556_677_911);

/// The seller is its admin.
pub const SHOP_PAGE: PageId = PageId(104_000_000_000_001);
/// The seller is an editor.
pub const EDITOR_PAGE: PageId = PageId(104_000_000_000_002);
/// The seller is a moderator.
pub const MODERATOR_PAGE: PageId = PageId(104_000_000_000_003);
/// The seller is an analyst.
pub const ANALYST_PAGE: PageId = PageId(104_000_000_000_004);
/// The seller has full control of this page of the New Pages Experience.
pub const NEW_PAGE: PageId = PageId(104_000_000_000_005);
/// The seller reaches it only through [`COMPANY`], which owns it.
pub const OWNED_PAGE: PageId = PageId(104_000_000_000_006);
/// The seller reaches it only through [`COMPANY`], which works for it.
pub const CLIENT_PAGE: PageId = PageId(104_000_000_000_007);
/// The seller may run its ads.
pub const ADVERTISER_PAGE: PageId = PageId(104_000_000_000_008);
/// The first of the busy person's thirty pages; the others follow.
const FIRST_BUSY_PAGE: u64 = 104_000_000_000_101;

/// The seller's portfolio.
pub const COMPANY: BusinessId = BusinessId(770_000_000_000_001);
/// A second portfolio of the seller, without pages.
pub const AGENCY: BusinessId = BusinessId(770_000_000_000_002);

/// The app under test as its dashboard shows it.
#[derive(Clone, Debug)]
pub struct AppSeed {
    /// app id
    pub id: String,
    /// name
    pub name: String,
    /// app secret
    pub secret: String,
    /// valid OAuth redirect URIs, compared byte by byte
    pub redirect_uris: Vec<String>,
    /// permissions the app may ask for, besides `public_profile` and `email`
    pub scopes: Vec<String>,
    /// Login-for-Business configuration
    pub config_id: Option<String>,
    /// where webhooks go
    pub webhook_url: Option<String>,
    /// what the webhook checks
    pub verify_token: String,
    /// fields subscribed in the dashboard (pages.md §1.11)
    pub webhook_fields: Vec<String>,
    /// where removals are told
    pub deauthorize_url: Option<String>,
    /// where erasure is asked for
    pub data_deletion_url: Option<String>,
    /// the version of a call that names none
    pub default_version: String,
}

impl AppSeed {
    /// The app of the fixtures; it has no webhook, deauthorize or deletion address yet.
    pub fn demo() -> Self {
        Self {
            id: APP_ID.to_owned(),
            name: "Sim CRM".to_owned(),
            secret: APP_SECRET.to_owned(),
            redirect_uris: vec![DEMO_REDIRECT_URI.to_owned()],
            scopes: SCOPES.map(str::to_owned).into(),
            config_id: Some(CONFIG_ID.to_owned()),
            webhook_url: None,
            verify_token: VERIFY_TOKEN.to_owned(),
            webhook_fields: FIELDS.map(str::to_owned).into(),
            deauthorize_url: None,
            data_deletion_url: None,
            default_version: "v26.0".to_owned(),
        }
    }
}

/// What a simulator starts with.
#[derive(Clone, Debug)]
pub struct Seed {
    /// the app
    pub app: AppSeed,
    /// people, in the order the dialog offers them
    pub people: Vec<Person>,
    /// pages
    pub pages: Vec<Page>,
    /// portfolios
    pub businesses: Vec<Business>,
    /// start of the random numbers, from which tokens and codes are drawn
    pub random: u64,
}

impl Seed {
    /// One app; a seller with pages of every role and a portfolio, a person without pages, one with thirty.
    pub fn demo() -> Self {
        let mut seller = Person::new(SELLER, "Nguyễn Thị Sim")
            .with(SHOP_PAGE, ClassicRole::Admin.into())
            .with(EDITOR_PAGE, ClassicRole::Editor.into())
            .with(MODERATOR_PAGE, ClassicRole::Moderator.into())
            .with(ADVERTISER_PAGE, ClassicRole::Advertiser.into())
            .with(ANALYST_PAGE, ClassicRole::Analyst.into())
            .with(NEW_PAGE, Role::of(&NEW_PAGE_FULL_CONTROL))
            .with(OWNED_PAGE, Role::from(ClassicRole::Admin).through_portfolio())
            .with(CLIENT_PAGE, Role::from(ClassicRole::Editor).through_portfolio())
            .in_business(COMPANY)
            .in_business(AGENCY);
        seller.developer = true;
        let mut busy = Person::new(BUSY, "Trần Văn Bận");
        let mut pages = vec![
            Page::new(SHOP_PAGE, "Cửa hàng Sim Một"),
            Page::new(EDITOR_PAGE, "Sim Hai Shop"),
            Page::new(MODERATOR_PAGE, "Sim Ba (chỉ kiểm duyệt)"),
            Page::new(ANALYST_PAGE, "Sim Bốn (chỉ phân tích)"),
            Page { new_experience: true, ..Page::new(NEW_PAGE, "Sim Năm (New Pages Experience)") },
            Page::new(OWNED_PAGE, "Sim Sáu (của doanh nghiệp)"),
            Page::new(CLIENT_PAGE, "Sim Bảy (khách của doanh nghiệp)"),
            Page::new(ADVERTISER_PAGE, "Sim Tám (chỉ quảng cáo)"),
        ];
        for number in 0..30 {
            let page = PageId(FIRST_BUSY_PAGE + number);
            pages.push(Page::new(page, &format!("Chi nhánh {}", number + 1)));
            busy = busy.with(page, ClassicRole::Editor.into());
        }
        Self {
            app: AppSeed::demo(),
            people: vec![seller, Person::new(NOBODY, "Lê Chưa Có Trang"), busy],
            pages,
            businesses: vec![
                Business {
                    id: COMPANY,
                    name: "Công ty Sim".to_owned(),
                    owned: [OWNED_PAGE].into(),
                    client: [CLIENT_PAGE].into(),
                },
                Business {
                    id: AGENCY, name: "Đại lý Sim".to_owned(), owned: [].into(), client: [].into()
                },
            ],
            random: 0x0FAC_EB00,
        }
    }
}

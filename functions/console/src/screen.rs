//! The frame of the admin pages.

use common::page::{Lang, Page};

use crate::language;
use crate::session::Visitor;

/// The subjects one can go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Setting up and connecting.
    Haravan,
    /// Facebook and Zalo.
    Pages,
    /// What arrived.
    Activity,
    /// What was before.
    Import,
    /// How things are done.
    Settings,
    /// How an order will look.
    Preview,
}

impl Tab {
    const ALL: [Self; 6] =
        [Self::Haravan, Self::Pages, Self::Activity, Self::Import, Self::Settings, Self::Preview];

    fn path(self) -> &'static str {
        match self {
            Self::Haravan => "/console/haravan",
            Self::Pages => "/console/pages",
            Self::Activity => "/console/activity",
            Self::Import => "/console/import",
            Self::Settings => "/console/settings",
            Self::Preview => "/console/preview",
        }
    }

    fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Haravan => lang.of("Kết nối Haravan", "Haravan"),
            Self::Pages => lang.of("Trang", "Pages"),
            Self::Activity => lang.of("Hoạt động", "Activity"),
            Self::Import => lang.of("Nhập lịch sử", "Import"),
            Self::Settings => lang.of("Cài đặt", "Settings"),
            Self::Preview => lang.of("Xem trước", "Preview"),
        }
    }
}

/// What every admin page is drawn with.
#[derive(Debug, Clone)]
pub(crate) struct Screen {
    /// Where it is among the subjects.
    pub tab: Tab,
    /// Goes with every form.
    pub csrf: String,
    /// The language.
    pub lang: Lang,
}

impl Screen {
    /// The frame of a page for a visitor, and what the base template needs; `here` is where the page is found by `GET`.
    pub(crate) fn new(visitor: &Visitor, tab: Tab, here: &str) -> (Page, Self) {
        let lang = visitor.lang;
        let page = Page { lang, other_language: Some(language::switch(lang, here)), ..Page::default() };
        (page, Self { tab, csrf: visitor.session.csrf.clone(), lang })
    }

    /// Every subject: itself, its address and its name.
    pub(crate) fn tabs(&self) -> impl Iterator<Item = (Tab, &'static str, &'static str)> {
        let lang = self.lang;
        Tab::ALL.into_iter().map(move |tab| (tab, tab.path(), tab.name(lang)))
    }

    /// The page's language.
    pub(crate) fn lang(&self) -> Lang {
        self.lang
    }

    /// A text in the page's language.
    pub(crate) fn of<'t>(&self, vi: &'t str, en: &'t str) -> &'t str {
        self.lang.of(vi, en)
    }
}

/// What just happened, at the top of a page.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// `good`, `warn` or `bad`.
    pub tone: &'static str,
    /// In words.
    pub text: String,
    /// The id in the log, when something failed.
    pub id: Option<String>,
}

impl Told {
    /// It worked.
    pub(crate) fn good(text: &str) -> Self {
        Self { tone: "good", text: text.to_owned(), id: None }
    }

    /// Something is to be done.
    pub(crate) fn warn(text: &str) -> Self {
        Self { tone: "warn", text: text.to_owned(), id: None }
    }

    /// It did not work.
    pub(crate) fn bad(text: &str) -> Self {
        Self { tone: "bad", text: text.to_owned(), id: None }
    }
}

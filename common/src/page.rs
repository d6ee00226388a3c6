//! What people see: the frame of every page, the language, and the headers pages are sent with.
//!
//! Pages are HTML from templates that escape everything, with one style sheet inside and no script at all. Both languages
//! of a text stand beside each other where it is used ([`Lang::of`]), so that one is not changed without the other.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../templates/style.css");

/// The style's digest, by which the content security policy knows it.
static STYLE_SOURCE: LazyLock<String> =
    LazyLock::new(|| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(STYLE))));

/// The languages of the pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lang {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Lang {
    /// The name of the cookie in which a choice is kept.
    pub const COOKIE: &str = "hvc_lang";

    /// The text in this language.
    pub fn of<'t>(self, vi: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }

    /// The language tag.
    pub fn code(self) -> &'static str {
        self.of("vi", "en")
    }

    /// The language's own name.
    pub fn name(self) -> &'static str {
        self.of("Tiếng Việt", "English")
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Vi => Self::En,
            Self::En => Self::Vi,
        }
    }

    /// Reads a language tag.
    pub fn read(code: &str) -> Option<Self> {
        [Self::Vi, Self::En].into_iter().find(|lang| lang.code() == code)
    }

    /// The language of a request: the choice kept in the cookie, or Vietnamese. What the browser prefers does not count:
    /// the shops are Vietnamese, many of their browsers English.
    pub fn of_request(headers: &HeaderMap) -> Self {
        cookie(headers, Self::COOKIE).and_then(Self::read).unwrap_or_default()
    }
}

/// The value of a cookie that came with a request.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    cookies(headers).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The names of a request's cookies, in its order.
pub fn cookie_names(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    cookies(headers).map(|(name, _)| name)
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

/// What the frame of a page needs to know.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Its language.
    pub lang: Lang,
    /// Where the same page is in the other language, if it is.
    pub other_language: Option<String>,
    /// After how many seconds the browser loads it again by itself.
    pub refresh: Option<u32>,
}

impl Page {
    /// A page in this language, without a switch, that stays as it is.
    pub fn new(lang: Lang) -> Self {
        Self { lang, other_language: None, refresh: None }
    }

    /// The style sheet.
    pub fn style(&self) -> &'static str {
        STYLE
    }
}

/// How a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It worked.
    Good,
    /// Something is to be done.
    Warn,
    /// It did not work.
    Bad,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// The one thing to do next.
#[derive(Debug, Clone)]
pub struct Action {
    /// Where it leads.
    pub href: String,
    /// What it is called.
    pub label: String,
}

/// A page that says one thing: what happened, what to do, and the id under which the operator finds it.
#[derive(Debug, Template)]
#[template(path = "notice.html")]
pub struct Notice {
    /// The frame.
    pub page: Page,
    /// How it is meant.
    pub tone: Tone,
    /// What happened.
    pub title: String,
    /// In more words.
    pub text: Vec<String>,
    /// What to do.
    pub action: Option<Action>,
    /// The id in the log.
    pub id: Option<String>,
}

/// Where a page may be framed and where its forms may lead, as origins such as `https://crm.example.com`.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Who may frame it; nobody when empty.
    pub frame_ancestors: Vec<String>,
    /// Where forms may lead besides our own pages; a form that is answered with a redirect counts (CSP level 3).
    pub form_action: Vec<String>,
    /// Whether pictures from elsewhere are shown.
    pub pictures: bool,
    /// Whether other hosts are told our origin (never an address), so that a form posted to them carries it.
    pub tells_origin: bool,
}

impl Policy {
    fn header(&self) -> String {
        let frames = if self.frame_ancestors.is_empty() {
            "'none'".to_owned()
        } else {
            self.frame_ancestors.join(" ")
        };
        let forms: String = self.form_action.iter().map(|origin| format!(" {origin}")).collect();
        let pictures = if self.pictures { "; img-src 'self' https:" } else { "" };
        format!(
            "default-src 'none'; style-src {}; form-action 'self'{forms}; frame-ancestors {frames}; base-uri 'none'{pictures}",
            *STYLE_SOURCE
        )
    }
}

/// Whether a provider's picture may be shown: over https, or from the providers simulated on this machine, which are at our
/// own address.
pub fn is_picture(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://127.0.0.1:")
}

/// A page as an answer: never cached, never sniffed, a referrer to ourselves only unless told. Without a referrer browsers
/// send `Origin: null` with a form, by whose origin ours are told from another site's.
pub fn respond(status: StatusCode, page: &impl Template, policy: &Policy) -> Response {
    let html = match page.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page was not rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let referrer = if policy.tells_origin { "strict-origin" } else { "same-origin" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static(referrer)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_str(&policy.header())
                .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
        ),
    ];
    (status, headers, html).into_response()
}

/// Sends a browser on. Never cached, and the next page is not told where it comes from: there may be a ticket or a state
/// in the address.
pub fn redirect(
    status: StatusCode,
    to: &str,
    set_cookies: impl IntoIterator<Item = HeaderValue>,
) -> Response {
    let Ok(location) = HeaderValue::try_from(to) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    with_cookies((status, headers).into_response(), set_cookies)
}

/// An answer that sets these cookies, too.
pub fn with_cookies(mut answer: Response, set_cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    for cookie in set_cookies {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(title: &str) -> Notice {
        Notice {
            page: Page::new(Lang::En),
            tone: Tone::Bad,
            title: title.to_owned(),
            text: vec!["Ask the shop's owner.".to_owned()],
            action: Some(Action { href: "/console?a=1&b=\"".to_owned(), label: "Back".to_owned() }),
            id: Some("abc".to_owned()),
        }
    }

    #[test]
    fn everything_is_escaped() {
        let html = notice("<script>alert(1)</script>").render().unwrap();
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("b=\"\""), "{html}");
    }

    #[test]
    fn a_page_runs_no_script_and_is_framed_by_nobody_unless_told() {
        let response = respond(StatusCode::OK, &notice("x"), &Policy::default());
        let policy = response.headers().get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("script-src") && !policy.contains("unsafe"), "{policy}");
    }

    #[test]
    fn other_hosts_are_told_our_origin_only_where_a_form_leads_to_them() {
        for (tells_origin, referrer) in [(false, "same-origin"), (true, "strict-origin")] {
            let policy = Policy { tells_origin, ..Policy::default() };
            let response = respond(StatusCode::OK, &notice("x"), &policy);
            assert_eq!(response.headers()[header::REFERRER_POLICY], referrer);
        }
    }

    #[test]
    fn the_language_is_vietnamese_until_somebody_chose() {
        let mut headers = HeaderMap::new();
        assert_eq!(Lang::of_request(&headers), Lang::Vi);
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; hvc_lang=en"));
        assert_eq!(Lang::of_request(&headers), Lang::En);
    }
}

//! The admin pages and their API, as a browser and a CRM see them.

mod activity;
mod api;
mod haravan;
mod import;
mod pages;
mod pages_tab;
mod preview;
mod sessions;
mod settings;

use reqwest::header::{self, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::World;

/// An answer as a browser gets it.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
}

impl Answer {
    /// Where it leads.
    #[track_caller]
    pub fn leads_to(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.html);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// That it is a page which says this.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.html.contains(text), "{text:?} is not said ({}): {}", self.status, self.html);
        self
    }

    /// That it does not say this.
    #[track_caller]
    pub fn hides(&self, text: &str) -> &Self {
        assert!(!self.html.contains(text), "{text:?} is said: {}", self.html);
        self
    }

    /// The value of the first field of this name.
    pub fn field(&self, name: &str) -> Option<String> {
        let (_, rest) = self.html.split_once(&format!("name=\"{name}\""))?;
        let (tag, _) = rest.split_once('>')?;
        let (_, value) = tag.split_once("value=\"")?;
        value.split('"').next().map(str::to_owned)
    }
}

/// A browser without scripts.
pub struct Browser {
    http: reqwest::Client,
    base: String,
    /// Name and value.
    pub cookies: Vec<(String, String)>,
    pub csrf: String,
}

impl Browser {
    pub fn new(base: &str) -> Self {
        Self::over(reqwest::Client::builder().redirect(Policy::none()).build().unwrap(), base)
    }

    /// One with a client of one's own, which follows no redirects.
    pub fn over(http: reqwest::Client, base: &str) -> Self {
        Self { http, base: base.to_owned(), cookies: Vec::new(), csrf: String::new() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(header::COOKIE, cookies.join("; ")).send().await.unwrap();
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.split(';').next().unwrap().to_owned()));
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        let answer = Answer { status, headers, html: answer.text().await.unwrap() };
        if let Some(csrf) = answer.field("csrf") {
            self.csrf = csrf;
        }
        answer
    }

    /// Opens a page.
    pub async fn open(&mut self, path: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    /// Sends a form exactly as it is, with these headers.
    pub async fn post(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let mut request = self.http.post(format!("{}{path}", self.base)).form(fields);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// Sends a form of the page that was open last.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        let origin = self.base.clone();
        self.post(path, &all, &[("origin", &origin), ("sec-fetch-site", "same-origin")]).await
    }

    /// Chooses a language.
    pub async fn speak(&mut self, lang: &str) {
        self.open(&format!("/console/language?to={lang}&back=/console/haravan")).await;
    }
}

impl World {
    /// The tenant's API key.
    pub fn api_key(&self) -> String {
        self.stack.addresses.api_key.clone()
    }

    /// A link for an admin, as the CRM asks for it.
    pub async fn link(&self) -> String {
        let asked = json!({"admin": {"id": "7", "name": "Lan <b>Anh</b>", "email": "lan@example.com"}});
        let (status, opened) =
            self.call_as(&self.api_key(), Method::POST, "/api/sessions", Some(asked)).await;
        assert_eq!(status, 201, "{opened}");
        opened["url"].as_str().unwrap().to_owned()
    }

    /// The path of a link.
    pub async fn link_path(&self) -> String {
        self.link().await.replace(&self.stack.addresses.base_url, "")
    }

    /// A browser in a session.
    pub async fn admin(&self) -> Browser {
        let mut browser = Browser::new(&self.stack.addresses.base_url);
        let path = self.link_path().await;
        assert_eq!(browser.submit(&path, &[]).await.leads_to(), "/console/haravan");
        browser.open("/console/haravan").await;
        browser
    }

    /// Calls the API with a key.
    pub async fn call_as(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let url = format!("{}{path}", self.stack.addresses.base_url);
        let mut request = self.http.request(method, url).bearer_auth(key).header("x-admin-id", "7");
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        assert_eq!(
            kind == "application/problem+json",
            status.is_client_error() || status.is_server_error(),
            "{kind}"
        );
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    /// Calls the API as the tenant's CRM.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        self.call_as(&self.api_key(), method, path, body).await
    }
}

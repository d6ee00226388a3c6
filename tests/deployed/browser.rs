//! An admin's browser, without scripts.

use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, header};
use url::Url;

use crate::providers::PAGES_URL;

/// What it was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub location: Option<String>,
    pub html: String,
}

impl Answer {
    /// Where it was sent.
    #[track_caller]
    pub fn to(&self) -> &str {
        self.location.as_deref().unwrap_or_else(|| panic!("sent nowhere: {self:?}"))
    }

    /// The value of a hidden field.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let value = self.html.split_once(&format!("name=\"{name}\"")).and_then(|(_, rest)| {
            let (tag, _) = rest.split_once('>')?;
            let (_, value) = tag.split_once("value=\"")?;
            value.split('"').next()
        });
        value.unwrap_or_else(|| panic!("no field {name}: {self:?}")).to_owned()
    }
}

/// One person's browser; its cookies are those of the CRM's domain and of the pages' host, whose names differ.
pub(crate) struct Browser {
    http: reqwest::Client,
    edge: String,
    cookies: Vec<(String, String)>,
}

impl Browser {
    pub fn new(edge: &str) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { http, edge: edge.to_owned(), cookies: Vec::new() }
    }

    /// The pages' host leads to the same place as the CRM's domain.
    fn address(&self, url: &str) -> String {
        let url = url.strip_prefix(PAGES_URL).unwrap_or(url);
        if url.starts_with('/') { format!("{}{url}", self.edge) } else { url.to_owned() }
    }

    pub async fn get(&mut self, url: &str) -> Answer {
        self.send(self.http.get(self.address(url))).await
    }

    /// Sends a form from a page of this origin.
    pub async fn post(&mut self, url: &str, form: String, origin: &str) -> Answer {
        let request = self.http.post(self.address(url)).header(header::ORIGIN, origin);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        self.send(request).await
    }

    /// Sends a form of a console's page.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let edge = self.edge.clone();
        self.post(path, form, &edge).await
    }

    async fn send(&mut self, request: RequestBuilder) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(header::COOKIE, cookies.join("; ")).send().await.unwrap();
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.split(';').next().unwrap().to_owned()));
        }
        let location = answer.headers().get(header::LOCATION);
        let location = location.map(|location| location.to_str().unwrap().to_owned());
        Answer { location, html: answer.text().await.unwrap() }
    }
}

/// The path and query of an address.
pub(crate) fn path_of(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

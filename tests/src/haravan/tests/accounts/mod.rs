//! The accounts server, in process and over HTTP. JWTs are verified by `jsonwebtoken`, which shares nothing with what
//! signs them.

mod claims;
mod faults;
mod pages;
mod restart;
mod tokens;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::*;

const OWNER: &str = "minhanh@example.com";
const CLERK: &str = "thuha@example.com";
const OWNER_OF_TWO: &str = "quocbao@example.com";
const SECOND_ORG: OrgId = OrgId(200_000_987_701);

const LOGIN: &str = "openid profile email org userinfo";
const INSTALL: &str = "openid profile email org userinfo offline_access grant_service wh_api com.read_orders \
                       com.read_customers com.read_shop";

/// An app that sends people to the accounts server and redeems what comes back, on a clock turned by hand.
struct Client {
    sim: Simulator,
    clock: ManualClock,
    server: Server,
    http: reqwest::Client,
}

impl Client {
    async fn start() -> Self {
        let clock = ManualClock::new("2026-06-12T03:25:41.127Z".parse::<Timestamp>().unwrap());
        Self::of(Simulator::with_clock(Seed::demo(), clock.clock()), clock).await
    }

    async fn of(sim: Simulator, clock: ManualClock) -> Self {
        let server = sim.serve().await.unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { sim, clock, server, http }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// The authorize query of a scope, with some parameters changed or, where empty, left out.
    fn query(scope: &str, changes: &[(&str, &str)]) -> String {
        let redirect_uri = DEMO_REDIRECT_URIS[usize::from(scope.contains("grant_service"))];
        let usual = [
            ("response_mode", "form_post"),
            ("response_type", "code id_token"),
            ("scope", scope),
            ("client_id", APP),
            ("redirect_uri", redirect_uri),
            ("state", "Zk3\"><&"),
            ("nonce", "n-51f0"),
        ];
        let mut pairs: Vec<_> = usual.to_vec();
        for change in changes {
            pairs.retain(|(name, _)| *name != change.0);
            pairs.push(*change);
        }
        pairs.retain(|(_, value)| !value.is_empty());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    fn authorize_with(&self, email: &str, scope: &str, choice: Choice, changes: &[(&str, &str)]) -> Answer {
        let url = self.url(&format!("/connect/authorize?{}", Self::query(scope, changes)));
        self.sim.authorize(&url, email, choice).unwrap()
    }

    fn authorize(&self, email: &str, scope: &str) -> Answer {
        self.authorize_with(email, scope, Choice::accept(), &[])
    }

    async fn post_token(&self, pairs: &[(&str, &str)]) -> reqwest::Result<reqwest::Response> {
        self.http.post(self.url("/connect/token")).form(pairs).send().await
    }

    async fn token(&self, pairs: &[(&str, &str)]) -> (u16, Value) {
        let answer = self.post_token(pairs).await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn redeem(&self, code: &str, redirect_uri: &str) -> (u16, Value) {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", APP),
            ("client_secret", SECRET),
            ("redirect_uri", redirect_uri),
        ])
        .await
    }

    async fn refresh(&self, refresh_token: &Value) -> (u16, Value) {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.as_str().unwrap()),
            ("client_id", APP),
            ("client_secret", SECRET),
        ])
        .await
    }

    /// Signs the owner in for a scope and redeems the code.
    async fn tokens(&self, scope: &str) -> Value {
        let answer = self.authorize(OWNER, scope);
        let redirect_uri = DEMO_REDIRECT_URIS[usize::from(scope.contains("grant_service"))];
        let (status, tokens) = self.redeem(answer.field("code").unwrap(), redirect_uri).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    async fn get(&self, path: &str, token: &Value) -> (u16, String) {
        let request = self.http.get(self.url(path)).bearer_auth(token.as_str().unwrap());
        let answer = request.header("content-type", "application/json").send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn subscribe(&self, token: &Value) -> u16 {
        let request = self.http.post(self.url("/api/subscribe")).bearer_auth(token.as_str().unwrap());
        request.send().await.unwrap().status().as_u16()
    }

    async fn jwks(&self) -> Value {
        let url = self.url("/.well-known/openid-configuration/jwks");
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// The claims of an id_token whose signature the published key fits; times are left to the test.
    async fn verified(&self, token: &str) -> Result<Value, String> {
        verified(&self.jwks().await, self.server.url(), token)
    }
}

fn verified(jwks: &Value, issuer: &str, token: &str) -> Result<Value, String> {
    let set: JwkSet = serde_json::from_value(jwks.clone()).unwrap();
    let header = decode_header(token).map_err(|error| error.to_string())?;
    let kid = header.kid.ok_or("no kid")?;
    let key = DecodingKey::from_jwk(set.find(&kid).ok_or("unknown kid")?).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[APP]);
    decode::<Value>(token, &key, &validation).map(|data| data.claims).map_err(|error| error.to_string())
}

/// `c_hash` or `at_hash`, computed by another library than the simulator's.
fn half_hash(text: &str) -> Value {
    use base64::Engine;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]).into()
}

/// The claims of an id_token nobody has verified.
fn claims_of(token: &str) -> Value {
    use base64::Engine;
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap())
        .unwrap()
}

fn names(answer: &Answer) -> Vec<&str> {
    answer.fields().iter().map(|(name, _)| name.as_str()).collect()
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

//! The calls (getfly.md §0).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use super::account::{Account, NewAccount};
use super::answer::{record, rows, text};
use super::error::{CrmError, CrmText, is_error_in_success, names_a_field, refusal};
use super::order::{NewOrder, NewProduct, Order};
use super::user::User;
use crate::clock::{SharedClock, millis};
use crate::phone::PhoneNumber;
use crate::text::cut;
use crate::trace::{self, TraceId};
use crate::wire::answer::{retry_after, whole};

/// Longest answer read, in bytes.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

const ACCOUNT_FIELDS: &str = "id,account_code,account_name,phone_office,email";
const ORDER_FIELDS: &str = "id,order_code,account_code,real_amount,f_amount";
const PHONE_CONTAINS: &str = "filtering[phone_office:contains]";
const USER_FIELDS: &str = "user_id,user_name,email,contact_name,valid";

/// Page size of lists: the largest that every release takes (getfly.md §2.3).
const PAGE: usize = 100;

/// How long one event waits in place, all in all, for a CRM that asks to slow down. An order takes some eight calls; if
/// each 429 sent it back to its first, a CRM with a small allowance would never see its last.
const RATE_PATIENCE: Duration = Duration::from_secs(10);

/// The wait where the CRM names none (getfly.md §2.6).
const RATE_PAUSE: Duration = Duration::from_secs(2);

/// One tenant's CRM, for one event.
#[derive(Clone)]
pub struct Getfly {
    http: reqwest::Client,
    base: Url,
    key: SecretString,
    clock: SharedClock,
    /// What is left of [`RATE_PATIENCE`], in milliseconds.
    patience: Arc<AtomicI64>,
    trace: Option<TraceId>,
    calls: Arc<AtomicU32>,
}

/// What a call does, which decides what its failures mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    /// Reads one record: 404 is "no such record".
    Lookup,
    /// Reads a list: 404 is "no such route".
    List,
    /// Writes.
    Write,
}

impl Getfly {
    /// The CRM below `base` (`https://{host}/`), opened with the tenant's key.
    pub fn new(http: reqwest::Client, base: Url, key: SecretString, clock: SharedClock) -> Self {
        let patience = Arc::new(AtomicI64::new(millis(RATE_PATIENCE)));
        Self { http, base, key, clock, patience, trace: None, calls: Arc::default() }
    }

    /// Calls on behalf of this trace, which the CRM is told, and counts them.
    #[must_use]
    pub fn on_behalf_of(self, trace: TraceId, calls: &Arc<AtomicU32>) -> Self {
        Self { trace: Some(trace), calls: Arc::clone(calls), ..self }
    }

    /// The customers with this number, the oldest first. Every number of every hit was compared (getfly.md §3.3).
    ///
    /// The CRM compares text as people typed it, so the first search asks for the last six digits: they find today's
    /// spelling, that of before 2018, a field with two numbers and most separators. Only where strangers alone have
    /// these six do narrower searches follow, since the CRM may have left the right one out of its page; then
    /// the spelling the CRM itself writes, for a CRM that does not know `contains`. A new customer takes two calls.
    ///
    /// # Errors
    /// [`CrmError`].
    pub async fn accounts_by_phone(&self, phone: &PhoneNumber) -> Result<Vec<Account>, CrmError> {
        let same = |found: &[Account]| -> Vec<Account> {
            found.iter().filter(|account| account.has_phone(phone)).cloned().collect()
        };
        let found = self.accounts(PHONE_CONTAINS, phone.ending()).await?;
        let (local, former) = (phone.local(), phone.former());
        let mut narrower = Vec::new();
        if !found.is_empty() {
            narrower.push((PHONE_CONTAINS, phone.tail()));
            narrower.extend(former.as_deref().map(|former| (PHONE_CONTAINS, former)));
        }
        narrower.push(("filtering[phone_office:eq]", local.as_str()));
        let mut matching = same(&found);
        for (filter, value) in narrower {
            if !matching.is_empty() {
                break;
            }
            matching = same(&self.accounts(filter, value).await?);
        }
        Ok(matching)
    }

    /// The customers with this e-mail address, the oldest first. Every address of every hit was compared, since people
    /// type two into one field and leave a comma behind.
    ///
    /// # Errors
    /// [`CrmError`].
    pub async fn accounts_by_email(&self, email: &str) -> Result<Vec<Account>, CrmError> {
        let found = self.accounts("filtering[email:contains]", email).await?;
        Ok(found.into_iter().filter(|account| account.has_email(email)).collect())
    }

    async fn accounts(&self, filter: &str, value: &str) -> Result<Vec<Account>, CrmError> {
        let limit = PAGE.to_string();
        let query = [("fields", ACCOUNT_FIELDS), (filter, value), ("limit", limit.as_str())];
        let answer = self.call(Call::List, Method::GET, "accounts", &query, None::<&()>).await?;
        let found = answer.as_ref().and_then(rows).ok_or(unusable("no list", Call::List))?;
        let mut accounts: Vec<Account> = found.iter().filter_map(Account::read).collect();
        accounts.sort_by_key(|account| account.id.unwrap_or(i64::MAX));
        Ok(accounts)
    }

    /// The customer with this code.
    ///
    /// # Errors
    /// [`CrmError`].
    pub async fn account(&self, code: &str) -> Result<Option<Account>, CrmError> {
        Ok(self.account_given_for(code).await?.filter(|account| account.code == code))
    }

    /// The customer that the CRM gives when it is asked for this code: perhaps one of another code, into which the one
    /// asked for was merged (getfly.md §16). Whose it is must be compared.
    ///
    /// # Errors
    /// [`CrmError`].
    pub async fn account_given_for(&self, code: &str) -> Result<Option<Account>, CrmError> {
        let query = [("account_code", code), ("fields", ACCOUNT_FIELDS)];
        let answer = self.call(Call::Lookup, Method::GET, "account", &query, None::<&()>).await?;
        Ok(answer.as_ref().and_then(record).and_then(Account::read))
    }

    /// Creates a customer; gives the code it got.
    ///
    /// # Errors
    /// [`CrmError`].
    pub async fn create_account(&self, account: &NewAccount) -> Result<String, CrmError> {
        let answer = self.call(Call::Write, Method::POST, "account", &[], Some(account)).await?;
        let given = answer.as_ref().and_then(record).and_then(|record| text(record, "account_code"));
        Ok(given.unwrap_or_else(|| account.account_code.clone()))
    }

    /// Brings a soft-deleted customer back (getfly.md §3.4). `false` when there is none of that code.
    ///
    /// # Errors
    /// [`CrmError`].
    pub async fn restore_account(&self, code: &str) -> Result<bool, CrmError> {
        match self
            .call(Call::Write, Method::POST, "account/restore", &[], Some(&json!({"account_code": code})))
            .await
        {
            Ok(_) => Ok(true),
            Err(CrmError::RouteMissing | CrmError::Refused { .. } | CrmError::Duplicate { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The active users.
    ///
    /// # Errors
    /// [`CrmError`].
    pub async fn users(&self) -> Result<Vec<User>, CrmError> {
        let mut users = Vec::new();
        let limit = PAGE.to_string();
        // A thousand pages are more users than a CRM has; a server that always says "more" must not hold us.
        for page in 0..1000_usize {
            let offset = (page * PAGE).to_string();
            let query = [
                ("fields", USER_FIELDS),
                ("filtering[valid:eq]", "1"),
                ("limit", limit.as_str()),
                ("offset", offset.as_str()),
            ];
            let answer = self.call(Call::List, Method::GET, "users", &query, None::<&()>).await?;
            let found = answer.as_ref().and_then(rows).ok_or(unusable("no list", Call::List))?;
            users.extend(found.iter().filter_map(User::read));
            let more = answer
                .as_ref()
                .and_then(|body| body.get("has_more"))
                .and_then(Value::as_bool)
                .unwrap_or(false);
            if !more || found.is_empty() {
                break;
            }
        }
        Ok(users)
    }

    /// The order with this code.
    ///
    /// # Errors
    /// [`CrmError`].
    pub async fn order(&self, code: &str) -> Result<Option<Order>, CrmError> {
        let query = [("order_code", code), ("fields", ORDER_FIELDS)];
        let answer = self.call(Call::Lookup, Method::GET, "sale_order", &query, None::<&()>).await?;
        Ok(answer.as_ref().and_then(record).and_then(|record| Order::read(record, code)))
    }

    /// Creates an order.
    ///
    /// # Errors
    /// [`CrmError`].
    pub async fn create_order(&self, order: &NewOrder) -> Result<(), CrmError> {
        self.call(Call::Write, Method::POST, "sale_order", &[], Some(order)).await.map(drop)
    }

    /// Whether there is a product of this code (getfly.md §5).
    ///
    /// # Errors
    /// [`CrmError`].
    pub async fn has_product(&self, code: &str) -> Result<bool, CrmError> {
        let query = [("product_code", code), ("fields", "id,product_code")];
        let answer = self.call(Call::Lookup, Method::GET, "product", &query, None::<&()>).await?;
        Ok(answer.as_ref().and_then(record).and_then(|record| text(record, "product_code")).as_deref()
            == Some(code))
    }

    /// Creates a product.
    ///
    /// # Errors
    /// [`CrmError`].
    pub async fn create_product(&self, product: &NewProduct) -> Result<(), CrmError> {
        self.call(Call::Write, Method::POST, "product", &[], Some(product)).await.map(drop)
    }

    /// Calls, and again after a short wait when the CRM asks to slow down: what is answered 429 was not done.
    async fn call<B: Serialize + ?Sized>(
        &self,
        call: Call,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&B>,
    ) -> Result<Option<Value>, CrmError> {
        loop {
            let answer = self.call_once(call, method.clone(), path, query, body).await;
            let Err(CrmError::RateLimited { after }) = answer else { return answer };
            let wait = after
                .unwrap_or(RATE_PAUSE)
                .max(Duration::from_millis(100))
                .mul_f64(1.0 + fastrand::f64() * 0.2);
            if self.patience.fetch_sub(millis(wait), Ordering::Relaxed) < millis(wait) {
                return answer;
            }
            self.clock.sleep(wait).await;
        }
    }

    /// `Ok(None)` is "no such record", from a look-up only.
    async fn call_once<B: Serialize + ?Sized>(
        &self,
        call: Call,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&B>,
    ) -> Result<Option<Value>, CrmError> {
        let url = self
            .base
            .join(&format!("api/v6.1/{path}"))
            .map_err(|_| unusable("no such address", Call::Lookup))?;
        let mut request =
            self.http.request(method, url).header("X-API-KEY", self.key.expose_secret()).query(query);
        if let Some(trace) = self.trace {
            request = request.header(trace::HEADER, trace.traceparent());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mut answer = request.send().await.map_err(|error| {
            let never_sent = error.is_connect() || error.is_builder();
            CrmError::Transient {
                what: if error.is_timeout() { "time-out" } else { "no connection" },
                status: None,
                may_still_write: call == Call::Write && !never_sent,
            }
        })?;
        let status = answer.status();
        let after = retry_after(answer.headers());
        let bytes = whole(&mut answer, MAX_ANSWER_BYTES).await.ok_or(unusable("broken answer", call))?;
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        match (status.as_u16(), body) {
            (200..=299, Some(body)) if is_error_in_success(&body) => Err(refusal(&body)),
            (200..=299, Some(body @ (Value::Object(_) | Value::Array(_) | Value::Number(_)))) => {
                Ok(Some(body))
            }
            (200..=299, _) if bytes.is_empty() && call == Call::Lookup => Ok(None),
            (200..=299, _) => Err(CrmError::Transient {
                what: "an answer that is not JSON; its release may lack v6.1",
                status: Some(status.as_u16()),
                may_still_write: false,
            }),
            (401 | 403, _) => Err(CrmError::KeyRefused(status.as_u16())),
            (404, _) if call == Call::Lookup => Ok(None),
            // A record that the body names is not there; a missing route names none.
            (404, Some(body)) if call == Call::Write && names_a_field(&body) => Err(refusal(&body)),
            (404, _) => Err(CrmError::RouteMissing),
            (429, _) => Err(CrmError::RateLimited { after }),
            (409, None) => Err(CrmError::Duplicate { field: None, text: CrmText::default() }),
            (400 | 409 | 422, Some(body)) => Err(refusal(&body)),
            (400 | 422, None) => {
                let said = cut(&String::from_utf8_lossy(&bytes), 200);
                Err(CrmError::Refused { fields: Vec::new(), text: CrmText::from(said.as_str()) })
            }
            _ => Err(CrmError::Transient {
                what: if status.is_redirection() { "a redirect" } else { "an error" },
                status: Some(status.as_u16()),
                // A gateway gave up on a CRM that may be at work yet; an answer of the CRM's own means it is through.
                may_still_write: call == Call::Write
                    && matches!(
                        status,
                        StatusCode::BAD_GATEWAY
                            | StatusCode::SERVICE_UNAVAILABLE
                            | StatusCode::GATEWAY_TIMEOUT
                    ),
            }),
        }
    }
}

fn unusable(what: &'static str, call: Call) -> CrmError {
    CrmError::Transient { what, status: None, may_still_write: call == Call::Write }
}

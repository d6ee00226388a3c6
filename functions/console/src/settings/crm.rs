//! `POST /console/settings/crm`: does the CRM take our key?

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use common::getfly::error::CrmError;
use common::store::tenants::TenantRecord;
use serde::Serialize;

use super::page;
use crate::Console;
use crate::form::Said;
use crate::refusal::Trouble;
use crate::screen::Told;
use crate::session::Submission;

/// Longest wait.
const PATIENCE: Duration = Duration::from_secs(12);

/// Asks, and says what came of it.
pub(crate) async fn submit(
    State(console): State<Arc<Console>>,
    Submission { visitor, .. }: Submission,
) -> Result<Response, Trouble> {
    let tested = test(&console, &visitor.record).await?;
    let said = tested.message.of(visitor.lang);
    let told = if tested.works { Told::good(said) } else { Told::bad(said) };
    page::told_on(&console, &visitor, StatusCode::OK, Some(told)).await
}

/// What came of a test.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Tested {
    /// Whether the CRM answers to our key.
    pub works: bool,
    /// A stable word for programs.
    pub code: &'static str,
    /// How many users it has.
    pub users: Option<usize>,
    /// In words, with what to do.
    pub message: Said,
}

/// Asks the CRM for its users.
pub(crate) async fn test(console: &Console, record: &TenantRecord) -> Result<Tested, Trouble> {
    let crm = match console.crm(record).await? {
        Ok(crm) => crm,
        Err(why) => {
            return Ok(Tested::failed(
                "address_not_allowed",
                &format!("Địa chỉ CRM không được phép gọi ({why}). Hãy báo người vận hành sửa địa chỉ."),
                &format!(
                    "The CRM's address may not be called ({why}). Please ask the operator to correct it."
                ),
            ));
        }
    };
    let answer = tokio::time::timeout(PATIENCE, crm.users()).await;
    Ok(match answer {
        Ok(Ok(users)) => Tested {
            works: true,
            code: "works",
            users: Some(users.len()),
            message: Said::new(
                format!("CRM trả lời và nhận khóa API. Có {} người dùng đang hoạt động.", users.len()),
                format!("The CRM answers and takes the API key. It has {} active users.", users.len()),
            ),
        },
        Ok(Err(error)) => refused(&error),
        Err(_) => Tested::failed(
            "no_answer",
            "CRM không trả lời kịp. Hãy thử lại sau ít phút.",
            "The CRM did not answer in time. Please try again in a few minutes.",
        ),
    })
}

fn refused(error: &CrmError) -> Tested {
    match error {
        CrmError::KeyRefused(status) => Tested::failed(
            "key_refused",
            &format!("CRM từ chối khóa API (mã {status}). Hãy tạo khóa mới trong CRM và báo người vận hành."),
            &format!(
                "The CRM refuses the API key (status {status}). Please make a new key in the CRM and tell the operator."
            ),
        ),
        CrmError::RouteMissing => Tested::failed(
            "no_v61",
            "CRM chưa có API v6.1. Hãy nâng cấp CRM.",
            "The CRM has no API v6.1. Please upgrade it.",
        ),
        CrmError::RateLimited { .. } => Tested::failed(
            "rate_limited",
            "CRM đang bận vì quá nhiều yêu cầu. Hãy thử lại sau, hoặc giảm số lần ghi mỗi giây.",
            "The CRM is busy with too many requests. Please try again later, or lower the writes per second.",
        ),
        CrmError::Duplicate { .. } | CrmError::SourceConflict { .. } | CrmError::Refused { .. } => {
            Tested::failed(
                "refused",
                "CRM từ chối yêu cầu xem người dùng. Hãy cấp quyền xem người dùng cho khóa API.",
                "The CRM refuses to list its users. Please give the API key the right to see them.",
            )
        }
        CrmError::Transient { .. } => Tested::failed(
            "no_answer",
            "Không gọi được CRM hoặc CRM trả lời không đúng. Hãy kiểm tra địa chỉ CRM và thử lại.",
            "The CRM cannot be reached or its answer makes no sense. Please check its address and try again.",
        ),
    }
}

impl Tested {
    fn failed(code: &'static str, vi: &str, en: &str) -> Self {
        Self { works: false, code, users: None, message: Said::new(vi, en) }
    }
}

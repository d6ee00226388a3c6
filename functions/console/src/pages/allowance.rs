//! How many pages an admin account uses and may have, why, and how to get more.

use common::page::Lang;
use common::pages::limit::{Because, ON_TRIAL, PER_ACCOUNT, PageLimit};
use common::store::tenants::TenantRecord;
use jiff::Timestamp;
use serde::Serialize;

use crate::Console;
use crate::form::Said;
use crate::refusal::Trouble;
use crate::when::{day, day_of};

/// What an admin account uses and may have.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Allowance {
    /// Pages connected, well or not.
    pub used: u32,
    /// Pages it may have.
    pub limit: u32,
    /// Whether one more may be connected.
    pub has_room: bool,
    /// `paid`, `trial` or `trial_ended`.
    pub plan: &'static str,
    /// Pages bought on top, for each account.
    pub extra_pages: u32,
    /// When the trial ends or ended.
    pub trial_ends_at: Option<Timestamp>,
}

impl Allowance {
    /// That of an admin account.
    pub(crate) async fn of(console: &Console, record: &TenantRecord, account: &str) -> Result<Self, Trouble> {
        let used = console.store.connections.slots_used(&record.id, account).await?;
        let limit = PageLimit::of(record, console.clock.now());
        Ok(Self::new(u32::try_from(used.max(0)).unwrap_or(u32::MAX), limit, record.extra_pages))
    }

    fn new(used: u32, limit: PageLimit, extra_pages: u32) -> Self {
        let (plan, trial_ends_at) = match limit.because {
            Because::Paid { .. } => ("paid", None),
            Because::Trial { ends } => ("trial", ends),
            Because::TrialEnded { ended } => ("trial_ended", Some(ended)),
        };
        let (has_room, limit) = (limit.has_room(used), limit.pages);
        Self { used, limit, has_room, plan, extra_pages, trial_ends_at }
    }

    fn ends(&self) -> String {
        self.trial_ends_at.map(|at| day(day_of(at))).unwrap_or_default()
    }

    /// Where the limit comes from, in words.
    pub(crate) fn source(&self, lang: Lang) -> String {
        let mut said = match (self.plan, lang) {
            ("paid", Lang::Vi) => format!("Gói chính thức: {PER_ACCOUNT} trang cho mỗi tài khoản quản trị."),
            ("paid", Lang::En) => format!("Paid plan: {PER_ACCOUNT} pages for each admin account."),
            ("trial", Lang::Vi) => format!("Gói dùng thử: {ON_TRIAL} trang cho mỗi tài khoản quản trị."),
            ("trial", Lang::En) => format!("Trial: {ON_TRIAL} page for each admin account."),
            (_, Lang::Vi) => return format!("Gói dùng thử đã hết ngày {}.", self.ends()),
            (_, Lang::En) => return format!("The trial ended on {}.", self.ends()),
        };
        if self.extra_pages > 0 {
            said.push_str(&match lang {
                Lang::Vi => format!(" Đã mua thêm: {}.", self.extra_pages),
                Lang::En => format!(" Bought on top: {}.", self.extra_pages),
            });
        }
        if self.trial_ends_at.is_some() {
            said.push_str(&match lang {
                Lang::Vi => format!(" Dùng thử đến ngày {}.", self.ends()),
                Lang::En => format!(" The trial ends on {}.", self.ends()),
            });
        }
        said
    }

    /// Why no page may be added and how to get more. `None` when one may.
    pub(crate) fn blocked(&self) -> Option<Said> {
        if self.has_room {
            return None;
        }
        Some(match self.plan {
            "trial_ended" => Said::new(
                "Thời gian dùng thử đã hết. Các trang đang kết nối không bị ngắt, nhưng chưa thêm được trang mới. Hãy mua gói chính thức với nhà cung cấp CRM để thêm trang.",
                "The trial is over. Connected pages stay connected, but none can be added. Buy a plan from your CRM's provider to add pages.",
            ),
            _ if self.used > self.limit => Said::new(
                "Gói hiện tại cho phép ít trang hơn số đang dùng. Các trang đang kết nối không bị ngắt, nhưng chưa thêm được trang mới. Hãy mua thêm trang với nhà cung cấp CRM, hoặc ngắt kết nối trang không còn dùng.",
                "The present plan allows fewer pages than are in use. Connected pages stay connected, but none can be added. Buy more pages from your CRM's provider, or disconnect pages that are no longer used.",
            ),
            "trial" => Said::new(
                "Tài khoản quản trị của bạn đã dùng hết số trang của gói dùng thử. Hãy mua gói chính thức với nhà cung cấp CRM để thêm trang, hoặc ngắt kết nối trang không còn dùng.",
                "Your admin account uses all pages of the trial. Buy a plan from your CRM's provider to add pages, or disconnect a page that is no longer used.",
            ),
            _ => Said::new(
                "Tài khoản quản trị của bạn đã dùng hết số trang. Hãy mua thêm trang với nhà cung cấp CRM, hoặc ngắt kết nối trang không còn dùng.",
                "Your admin account uses all its pages. Buy more pages from your CRM's provider, or disconnect a page that is no longer used.",
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_account_is_told_how_to_get_more_and_one_with_room_nothing() {
        let of = |used, pages, because| Allowance::new(used, PageLimit { pages, because }, 0);
        let end = Timestamp::UNIX_EPOCH;
        assert!(of(2, 3, Because::Paid { extra: 0 }).blocked().is_none());
        let said = |used, pages, because| of(used, pages, because).blocked().unwrap().en;
        let all = [
            said(3, 3, Because::Paid { extra: 0 }),
            said(4, 3, Because::Paid { extra: 0 }),
            said(1, 1, Because::Trial { ends: None }),
            said(0, 0, Because::TrialEnded { ended: end }),
        ];
        for (place, text) in all.iter().enumerate() {
            assert_eq!(all.iter().position(|other| other == text), Some(place), "{text}");
        }
        assert!(all.iter().all(|text| text.contains("from your CRM's provider")));
    }
}

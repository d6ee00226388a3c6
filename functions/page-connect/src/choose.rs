//! The list to choose a page from (pages.md §1.7–1.9): what can be picked, and why the rest cannot.

use std::time::Duration;

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use common::facebook::listing::{Gap, PageList, PageRow};
use common::facebook::role::Pickable;
use common::page::{Action, Lang, Page, Policy, respond};
use common::store::connections::{PageConnection, PageKey};
use futures::{StreamExt, TryStreamExt};
use url::Url;

use crate::choice::Opened;
use crate::kind::{ask_for_the_right, role};
use crate::refusal::{Refusal, Visit};
use crate::{Connecting, FUNCTION};

/// Longest wait for the list: who waits longer thinks that it failed.
const LIST_BUDGET: Duration = Duration::from_secs(25);

/// Claims looked up at the same time.
const AT_ONCE: usize = 8;

#[derive(Template)]
#[template(path = "choose.html")]
struct Shown {
    page: Page,
    id: String,
    crm: String,
    person: String,
    again: bool,
    gaps: Vec<&'static str>,
    /// Those that can be picked.
    open: Vec<Row>,
    /// Those that cannot, each with its reason.
    closed: Vec<Row>,
    ask: &'static str,
    retry: Action,
}

struct Row {
    id: String,
    name: String,
    category: Option<String>,
    picture: Option<String>,
    reason: &'static str,
}

/// How a page stands to this choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Open,
    Closed(Pickable),
    Here,
    Elsewhere,
    /// Another page than the one to be connected again.
    Other,
}

impl Standing {
    fn reason(self, lang: Lang) -> &'static str {
        match self {
            Self::Open => "",
            Self::Closed(why) => role(why, lang),
            Self::Here => lang.of(
                "Đã kết nối tại đây. Nếu trang không hoạt động, hãy dùng Kết nối lại ở danh sách trang.",
                "Connected here already. If it does not work, use Connect again in the list of pages.",
            ),
            Self::Elsewhere => lang.of(
                "Đang được kết nối ở một cửa hàng khác; hãy ngắt kết nối ở đó trước.",
                "Connected to another shop; disconnect it there first.",
            ),
            Self::Other => lang.of(
                "Không phải trang cần kết nối lại. Muốn kết nối trang này, hãy dùng Thêm kết nối.",
                "Not the page to be connected again. To connect this one, add a connection.",
            ),
        }
    }
}

/// Shows the list, read at this moment, so that loading the page again shows what was put right meanwhile.
pub(crate) async fn shown(
    connecting: &Connecting,
    id: &str,
    headers: &HeaderMap,
    visit: &mut Visit,
) -> Result<Response, Refusal> {
    let opened = connecting.choice(id, headers, visit).await?;
    let graph = connecting.providers.facebook().await?;
    let list = tokio::time::timeout(LIST_BUDGET, graph.list_pages(&opened.token)).await;
    let list = list.map_err(|_| Refusal::Silent)??;
    let standings = standings(connecting, &opened, &list).await?;
    let lang = visit.attempt.lang;
    let (mut open, mut closed) = (Vec::new(), Vec::new());
    for (row, standing) in list.rows.into_iter().zip(standings) {
        let rows = if standing == Standing::Open { &mut open } else { &mut closed };
        rows.push(Row {
            id: row.id.to_string(),
            name: row.name.unwrap_or_else(|| row.id.to_string()),
            category: row.category,
            picture: row.picture,
            reason: standing.reason(lang),
        });
    }
    let gaps: Vec<&'static str> = list.gaps.iter().map(|gap| gap_text(*gap, lang)).collect();
    visit
        .line(FUNCTION, "page.choice_shown")
        .with("open", open.len())
        .with("closed", closed.len())
        .with("gaps", gaps.len())
        .emit();
    let shown = Shown {
        page: Page::new(lang),
        id: id.to_owned(),
        crm: host(&opened.record.crm_url).unwrap_or_else(|| opened.record.id.to_string()),
        person: opened.choice.person.name.unwrap_or(opened.choice.person.id),
        again: opened.choice.again.is_some(),
        gaps,
        open,
        closed,
        ask: ask_for_the_right(lang),
        retry: Action { href: visit.form(), label: lang.of("Thử lại", "Try again").to_owned() },
    };
    // The pick is answered with a redirect to the console.
    let console = Url::parse(&opened.record.public_url).map(|url| url.origin().ascii_serialization());
    let policy = Policy { form_action: console.into_iter().collect(), pictures: true, ..Policy::default() };
    Ok(respond(StatusCode::OK, &shown, &policy))
}

/// How each page stands. Claims are looked up for those that could be picked otherwise.
async fn standings(
    connecting: &Connecting,
    opened: &Opened,
    list: &PageList,
) -> Result<Vec<Standing>, Refusal> {
    let tenant = &opened.record.id;
    let ours = connecting.store.connections.pages(tenant).await?;
    let again = opened.choice.again.as_ref();
    let stand = |row: &PageRow| {
        let (page, pickable) = (PageKey::Facebook(row.id.clone()), row.pickable(connecting.unknown_role));
        let here = ours.iter().any(|one| one.page == page && PageConnection::is_live(one));
        async move {
            Ok::<_, Refusal>(match again {
                Some(again) if *again != page => Standing::Other,
                None if here => Standing::Here,
                _ if pickable != Pickable::Ok => Standing::Closed(pickable),
                _ if connecting.is_elsewhere(tenant, &page).await? => Standing::Elsewhere,
                _ => Standing::Open,
            })
        }
    };
    let found: Vec<_> = list.rows.iter().map(stand).collect();
    futures::stream::iter(found).buffered(AT_ONCE).try_collect().await
}

fn gap_text(gap: Gap, lang: Lang) -> &'static str {
    match gap {
        Gap::Cut => lang.of(
            "Bạn có quá nhiều trang nên danh sách chưa đủ. Nếu không thấy trang cần tìm, hãy thử lại và chỉ tích trang đó trên Facebook.",
            "You have too many pages for the list. If yours is not in it, try again and tick that one only at Facebook.",
        ),
        Gap::PortfolioNotGranted => lang.of(
            "Bạn chưa cho phép xem danh mục kinh doanh, nên các trang thuộc doanh nghiệp chưa hiện. Nếu cần, hãy thử lại và giữ nguyên quyền này.",
            "You did not let us see your business portfolios, so their pages are not listed. If need be, try again and leave that permission ticked.",
        ),
        Gap::Portfolio | Gap::Granular => lang.of(
            "Facebook chưa cho biết hết các trang. Nếu không thấy trang cần tìm, hãy tải lại trang này sau ít phút.",
            "Facebook did not tell all pages. If yours is not in the list, load this page again in a few minutes.",
        ),
    }
}

fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

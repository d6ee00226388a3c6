//! Which pages can be picked, and why the others cannot (pages.md §1.8, §1.9).

use common::facebook::role::{Pickable, UnknownRole};
use connect_tests::facebook::{
    self, ADVERTISER_PAGE, ANALYST_PAGE, BUSY, CLIENT_PAGE, Choice, ClassicRole, EDITOR_PAGE, MODERATOR_PAGE,
    NEW_PAGE, NOBODY, OWNED_PAGE, PageId, Role, SELLER, SHOP_PAGE, TasksWritten,
};
use page_connect::Refusal;

use super::{Browser, Lobby, PAGES_URL, Reply, fanpage, path_of};

const NO_EDITOR: &str = "Bạn chưa phải Biên tập viên của trang.";
const NOT_TICKED: &str = "Trang chưa được tích trong cửa sổ Facebook.";
const ROLE_UNKNOWN: &str = "Facebook không cho biết vai trò của bạn.";

fn is_open(list: &Reply, page: PageId) -> bool {
    list.body.contains(&format!("id=\"page-{page}\""))
}

/// The reason a page is greyed out for.
#[track_caller]
fn reason(list: &Reply, page: PageId) -> String {
    let (_, card) =
        list.body.split_once(&format!("id=\"closed-{page}\"")).unwrap_or_else(|| panic!("{}", list.body));
    let (_, text) = card.split_once("<p class=\"muted\">").unwrap();
    text.split_once("</p>").unwrap().0.to_owned()
}

async fn listed(lobby: &Lobby, browser: &mut Browser, choice: &Choice) -> (String, Reply) {
    let path = path_of(&lobby.log_in(browser, SELLER, choice, None).await);
    let list = lobby.get(browser, &path).await;
    assert_eq!(list.status, 200, "{list:?}");
    (path, list)
}

#[tokio::test]
async fn editors_and_higher_can_pick_and_the_others_are_told_why_not() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let (path, list) = listed(&lobby, &mut browser, &Choice::all()).await;
    for page in [SHOP_PAGE, EDITOR_PAGE, NEW_PAGE] {
        assert!(is_open(&list, page), "{page}: {}", list.body);
    }
    for page in [MODERATOR_PAGE, ADVERTISER_PAGE, ANALYST_PAGE] {
        assert!(reason(&list, page).starts_with(NO_EDITOR), "{page}");
        lobby.pick(&mut browser, &path, page).await.assert_refused(&Refusal::Role(Pickable::NoEditorRole));
    }
    assert_eq!(lobby.facebook_changes(), 0);
}

#[tokio::test]
async fn every_row_of_the_roles_table_is_picked_or_refused() {
    let lobby = Lobby::open().await;
    for (role, open) in [
        (Role::from(ClassicRole::Admin), true),
        (ClassicRole::Editor.into(), true),
        (ClassicRole::Moderator.into(), false),
        (ClassicRole::Advertiser.into(), false),
        (ClassicRole::Analyst.into(), false),
        (Role::of(&["PROFILE_PLUS_MANAGE"]), true),
        (Role::of(&["PROFILE_PLUS_FULL_CONTROL"]), true),
        (Role::of(&["PROFILE_PLUS_MODERATE", "PROFILE_PLUS_MESSAGING"]), false),
    ] {
        lobby.facebook.set_role(SELLER, SHOP_PAGE, Some(role.clone())).unwrap();
        let mut browser = Browser::default();
        let (_, list) = listed(&lobby, &mut browser, &Choice::all()).await;
        assert_eq!(is_open(&list, SHOP_PAGE), open, "{role:?}");
    }
}

#[tokio::test]
async fn a_page_left_unticked_is_not_offered() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let choice = Choice::pages([SHOP_PAGE]).without_businesses();
    let (path, list) = listed(&lobby, &mut browser, &choice).await;
    assert!(is_open(&list, SHOP_PAGE) && !list.body.contains(&EDITOR_PAGE.to_string()), "{}", list.body);
    let reply = lobby.pick(&mut browser, &path, EDITOR_PAGE).await;
    assert!(matches!(reply.refusal, Some(Refusal::Gone | Refusal::Role(Pickable::NotTicked))), "{reply:?}");
}

#[tokio::test]
async fn a_page_of_a_portfolio_is_listed_with_the_reason_that_it_cannot_be_picked() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let (path, list) = listed(&lobby, &mut browser, &Choice::all()).await;
    for page in [OWNED_PAGE, CLIENT_PAGE] {
        assert!(reason(&list, page).starts_with(ROLE_UNKNOWN), "{}", reason(&list, page));
        lobby.pick(&mut browser, &path, page).await.assert_refused(&Refusal::Role(Pickable::RoleUnknown));
    }
    // Seen through the portfolio alone: there is no token for them.
    let (path, list) = listed(&lobby, &mut browser, &Choice::pages([SHOP_PAGE])).await;
    assert!(reason(&list, OWNED_PAGE).starts_with(NOT_TICKED), "{}", reason(&list, OWNED_PAGE));
    lobby.pick(&mut browser, &path, OWNED_PAGE).await.assert_refused(&Refusal::Role(Pickable::NotTicked));
}

#[tokio::test]
async fn a_page_of_a_portfolio_that_tells_tasks_is_picked_by_them() {
    let lobby = Lobby::open().await;
    lobby.facebook.settings_mut(|settings| settings.tasks_on_business_edges = true);
    lobby.connect(OWNED_PAGE).await.assert_connected(&fanpage(OWNED_PAGE));
    for (written, standing) in [
        (TasksWritten::Plain, Pickable::Ok),
        (TasksWritten::Small, Pickable::Ok),
        (TasksWritten::Perms, Pickable::Ok),
        (TasksWritten::Empty, Pickable::NoEditorRole),
        (TasksWritten::Null, Pickable::RoleUnknown),
    ] {
        lobby.facebook.settings_mut(|settings| settings.tasks_written = written);
        let mut browser = Browser::default();
        let (path, list) = listed(&lobby, &mut browser, &Choice::all()).await;
        assert_eq!(is_open(&list, CLIENT_PAGE), standing == Pickable::Ok, "{written:?}");
        if standing != Pickable::Ok {
            lobby.pick(&mut browser, &path, CLIENT_PAGE).await.assert_refused(&Refusal::Role(standing));
        }
    }
    lobby.facebook.settings_mut(|settings| settings.tasks_written = TasksWritten::Plain);
    for (tasks, pickable) in [(&["ANALYZE"], Pickable::NoEditorRole), (&["CREATE_CONTENT"], Pickable::Ok)] {
        let tasks = tasks.map(str::to_owned).to_vec();
        lobby.facebook.settings_mut(|settings| settings.tasks_of_clients = Some(tasks));
        let mut browser = Browser::default();
        let (path, list) = listed(&lobby, &mut browser, &Choice::all()).await;
        assert_eq!(is_open(&list, CLIENT_PAGE), pickable == Pickable::Ok);
        let picked = lobby.pick(&mut browser, &path, CLIENT_PAGE).await;
        match pickable {
            Pickable::Ok => picked.assert_connected(&fanpage(CLIENT_PAGE)),
            low => picked.assert_refused(&Refusal::Role(low)),
        }
    }
}

#[tokio::test]
async fn portfolios_that_know_no_tasks_are_listed_all_the_same() {
    let lobby = Lobby::open().await;
    lobby.facebook.settings_mut(|settings| settings.business_edges_without_tasks = true);
    let mut browser = Browser::default();
    let (_, list) = listed(&lobby, &mut browser, &Choice::all()).await;
    for page in [OWNED_PAGE, CLIENT_PAGE] {
        assert!(reason(&list, page).starts_with(ROLE_UNKNOWN), "{}", reason(&list, page));
    }
    assert!(!list.body.contains("Facebook chưa cho biết hết các trang"), "{}", list.body);
}

#[tokio::test]
async fn a_page_of_a_portfolio_is_picked_where_unknown_roles_are_accepted() {
    let lobby = Lobby::with(UnknownRole::Accept).await;
    lobby.connect(OWNED_PAGE).await.assert_connected(&fanpage(OWNED_PAGE));
}

#[tokio::test]
async fn portfolios_that_may_not_be_seen_are_told() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let (_, list) = listed(&lobby, &mut browser, &Choice::all().declining("business_management")).await;
    assert!(list.body.contains("Bạn chưa cho phép xem danh mục kinh doanh"), "{}", list.body);
    assert!(is_open(&list, SHOP_PAGE));
}

#[tokio::test]
async fn a_page_that_only_the_grant_names_is_listed() {
    let lobby = Lobby::open().await;
    lobby.facebook.hide_page(NEW_PAGE, true);
    let mut browser = Browser::default();
    let (_, list) = listed(&lobby, &mut browser, &Choice::all()).await;
    assert!(reason(&list, NEW_PAGE).starts_with(ROLE_UNKNOWN), "{}", list.body);
}

#[tokio::test]
async fn a_page_without_a_token_or_without_tasks_cannot_be_picked() {
    let lobby = Lobby::open().await;
    lobby.facebook.omit_access_token(SHOP_PAGE, true);
    lobby.facebook.omit_tasks(EDITOR_PAGE, true);
    let mut browser = Browser::default();
    let (path, list) = listed(&lobby, &mut browser, &Choice::all()).await;
    assert!(reason(&list, SHOP_PAGE).starts_with(NOT_TICKED));
    assert!(reason(&list, EDITOR_PAGE).starts_with(ROLE_UNKNOWN));
    lobby.pick(&mut browser, &path, SHOP_PAGE).await.assert_refused(&Refusal::Role(Pickable::NotTicked));
    lobby.pick(&mut browser, &path, EDITOR_PAGE).await.assert_refused(&Refusal::Role(Pickable::RoleUnknown));
}

#[tokio::test]
async fn every_part_of_a_long_list_is_read() {
    let lobby = Lobby::open().await;
    lobby.facebook.settings_mut(|settings| settings.page_size_cap = 7);
    let mut browser = Browser::default();
    let path = lobby.choice(&mut browser, BUSY, None).await;
    let list = lobby.get(&mut browser, &path).await;
    assert_eq!(list.body.matches("type=\"radio\"").count(), 30, "{}", list.body);
}

#[tokio::test]
async fn who_has_no_page_is_told_whom_to_ask_and_sees_it_when_it_is_there() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let path = path_of(&lobby.log_in(&mut browser, NOBODY, &Choice::all(), None).await);
    let list = lobby.get(&mut browser, &path).await;
    assert!(list.body.contains("Hãy nhờ quản trị viên của trang"), "{}", list.body);
    assert_eq!(list.body.matches("class=\"button\"").count(), 1, "{}", list.body);
    assert!(list.body.contains("/console/pages/add\"") && !list.body.contains("<form"), "{}", list.body);

    // Who has a role that is too low sees the page with its reason, and picks it once the role was given.
    let only = |role: ClassicRole| {
        for page in [SHOP_PAGE, EDITOR_PAGE, NEW_PAGE] {
            lobby.facebook.set_role(SELLER, page, Some(role.into())).unwrap();
        }
    };
    only(ClassicRole::Moderator);
    let (path, list) = listed(&lobby, &mut browser, &Choice::all()).await;
    assert!(!list.body.contains("<form") && reason(&list, SHOP_PAGE).starts_with(NO_EDITOR), "{}", list.body);
    only(ClassicRole::Editor);
    assert!(is_open(&lobby.get(&mut browser, &path).await, SHOP_PAGE));
}

#[tokio::test]
async fn pages_that_are_taken_say_so_and_never_by_whom() {
    let lobby = Lobby::open().await;
    lobby.connect(SHOP_PAGE).await.assert_connected(&fanpage(SHOP_PAGE));
    let other = lobby.world.add_tenant("gom-nha-may", "s").await;
    let mut browser = Browser::default();
    let started = lobby.start_as(&mut browser, (&other, "9"), "facebook", None).await;
    let answer = lobby.facebook.authorize(started.to(), SELLER, &Choice::all()).unwrap();
    let path = path_of(&lobby.bring(&mut browser, answer.location().unwrap()).await);
    let list = lobby.get(&mut browser, &path).await;
    assert!(reason(&list, SHOP_PAGE).contains("ở một cửa hàng khác"), "{}", list.body);
    assert!(!list.body.contains(lobby.world.tenant().as_str()), "{}", list.body);
    let calls = lobby.facebook_changes();
    lobby.pick(&mut browser, &path, SHOP_PAGE).await.assert_refused(&Refusal::Elsewhere);
    assert_eq!(lobby.facebook_changes(), calls);

    let (path, list) = listed(&lobby, &mut Browser::default(), &Choice::all()).await;
    assert!(reason(&list, SHOP_PAGE).starts_with("Đã kết nối tại đây"), "{}", list.body);
    drop(path);
    let mut browser = Browser::default();
    let path = lobby.choice(&mut browser, SELLER, None).await;
    lobby.pick(&mut browser, &path, SHOP_PAGE).await.assert_refused(&Refusal::Here);
    assert_eq!(lobby.page(&fanpage(SHOP_PAGE)).await.unwrap().generation, 1);
}

#[tokio::test]
async fn a_page_lost_between_the_list_and_the_pick_is_not_connected() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let (path, list) = listed(&lobby, &mut browser, &Choice::all()).await;
    assert!(is_open(&list, SHOP_PAGE) && is_open(&list, EDITOR_PAGE));
    lobby.facebook.set_role(SELLER, SHOP_PAGE, None).unwrap();
    lobby.facebook.set_role(SELLER, EDITOR_PAGE, Some(ClassicRole::Analyst.into())).unwrap();
    lobby.pick(&mut browser, &path, SHOP_PAGE).await.assert_refused(&Refusal::Gone);
    lobby.pick(&mut browser, &path, EDITOR_PAGE).await.assert_refused(&Refusal::Role(Pickable::NoEditorRole));
    assert_eq!((lobby.slots().await, lobby.facebook_changes()), (0, 0));
    // The choice still stands for another page.
    lobby.pick(&mut browser, &path, NEW_PAGE).await.assert_connected(&fanpage(NEW_PAGE));
}

#[tokio::test]
async fn a_page_token_that_is_not_the_page_s_is_refused() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let path = lobby.choice(&mut browser, SELLER, None).await;
    lobby.facebook.once(facebook::Fault::DebugOtherApp);
    let reply = lobby.pick(&mut browser, &path, SHOP_PAGE).await;
    reply.assert_refused(&Refusal::Token("of_another_app"));
    lobby.facebook.once(facebook::Fault::DebugOtherPage);
    let reply = lobby.pick(&mut browser, &path, SHOP_PAGE).await;
    reply.assert_refused(&Refusal::Token("of_another_page"));
    assert_eq!(lobby.facebook_changes(), 0);
}

#[tokio::test]
async fn a_pick_is_read_or_refused_whatever_it_says() {
    let lobby = Lobby::open().await;
    let mut browser = Browser::default();
    let path = lobby.choice(&mut browser, SELLER, None).await;
    for form in ["", "page=", "page=me", "page=../me", "page=1%232", "page=0", "page=%F0%9F%92%A9"] {
        let reply = lobby.post(&mut browser, &path, form, PAGES_URL).await;
        reply.assert_refused(&Refusal::NothingPicked);
    }
    let twice = format!("page={SHOP_PAGE}&page={EDITOR_PAGE}");
    let reply = lobby.post(&mut browser, &path, &twice, PAGES_URL).await;
    assert_eq!(reply.refusal, Some(Refusal::Unreadable));
    let reply = lobby.post(&mut browser, &path, &format!("page={SHOP_PAGE}"), "https://evil.test").await;
    assert_eq!(reply.refusal, Some(Refusal::ForeignForm));
    assert_eq!(lobby.slots().await, 0);
}

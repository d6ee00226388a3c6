//! A page is picked (pages.md §1.10, §1.11): everything is checked again, then it is connected and its webhooks switched on.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Response;
use common::attempt::support_id;
use common::facebook::app::{Caller, PageToken};
use common::facebook::error::{Action, GraphError};
use common::facebook::graph::Graph;
use common::facebook::pick::Picked;
use common::facebook::role::{Pickable, pickable};
use common::facebook::subscription::{FIELDS, missing_fields};
use common::form::Fields;
use common::id::PageId;
use common::pages::ticket::is_from;
use common::pages::warnings;
use common::store::StoreError;
use common::store::connections::page::Profile;
use common::store::connections::{
    ConnectionRef, NewPage, PageConnection, PageKey, Subject, TokenState, reason,
};
use common::store::ephemeral::Kind;

use crate::choice::{Choice, Opened};
use crate::commit::was_live;
use crate::refusal::{Refusal, Visit};
use crate::{Connecting, FUNCTION};

/// Longest wait for the page's own token and rights.
const PAGE_BUDGET: Duration = Duration::from_secs(20);

/// Longest wait for the webhooks.
const SUBSCRIBE_BUDGET: Duration = Duration::from_secs(12);

/// Wait before asking once more.
const PAUSE: Duration = Duration::from_secs(1);

/// Connects the page that the form names.
pub(crate) async fn picked(
    connecting: &Connecting,
    id: &str,
    fields: &Fields,
    headers: &HeaderMap,
    visit: &mut Visit,
) -> Result<Response, Refusal> {
    if !is_from(headers, connecting.pages_url.as_str()) {
        return Err(Refusal::ForeignForm);
    }
    let opened = connecting.choice(id, headers, visit).await?;
    let page_id: PageId = fields.get("page")?.and_then(|id| id.parse().ok()).ok_or(Refusal::NothingPicked)?;
    let page = PageKey::Facebook(page_id.clone());
    visit.attempt.subject = Some(Subject::Page(page.clone()));
    let before = free(connecting, &opened, &page).await?;

    let graph = connecting.providers.facebook().await?;
    let asked = tokio::time::timeout(PAGE_BUDGET, graph.page_with_token(&page_id, &opened.token)).await;
    let picked = asked.map_err(|_| Refusal::Silent)??;
    match pickable(picked.tasks.as_deref(), true, connecting.unknown_role) {
        Pickable::Ok => {}
        why => return Err(Refusal::Role(why)),
    }
    let forget = connecting.forget(&opened.choice.browser);
    let new = new_page(connecting, opened.choice, page, &picked).await?;
    let generation = connecting.commit(&opened.record, &new, before.as_ref(), visit).await?;
    let of =
        ConnectionRef { tenant: new.tenant.clone(), subject: Subject::Page(new.page.clone()), generation };
    match connecting.subscribed(&graph, &page_id, &picked.token).await {
        Ok(topics) => {
            if let Err(error) = connecting.store.connections.note_topics(&of, &topics, connecting.now()).await
            {
                // Upkeep asks again.
                tracing::warn!(%error, "the topics of a new page were not noted");
            }
        }
        Err(why) => {
            let kept = was_live(before.as_ref());
            visit.line(FUNCTION, "page.not_subscribed").with("why", why).with("kept", kept).emit();
            if let Err(error) = connecting.undo(&graph, &of, &page_id, &picked.token, kept).await {
                // It stays on the watch list, and upkeep finds that it sends nothing.
                tracing::error!(%error, "a page that sends nothing is still connected");
            }
            return Err(Refusal::NotSubscribed { kept });
        }
    }
    // Whoever could not delete it leaves it to expire.
    let spent = connecting.store.ephemeral.take::<Choice>(Kind::PageChoice, id, connecting.now()).await;
    if let Err(error) = spent {
        tracing::warn!(%error, "a choice that was made was not deleted");
    }
    visit.attempt.forget = forget;
    Ok(connecting.done(&new, before.as_ref(), visit))
}

/// The page's connection so far, if the page may be connected here and now as far as we know.
async fn free(
    connecting: &Connecting,
    opened: &Opened,
    page: &PageKey,
) -> Result<Option<PageConnection>, Refusal> {
    let (choice, tenant) = (&opened.choice, &opened.record.id);
    if choice.again.as_ref().is_some_and(|again| again != page) {
        return Err(Refusal::OtherPage);
    }
    if connecting.is_elsewhere(tenant, page).await? {
        return Err(Refusal::Elsewhere);
    }
    let before = connecting.store.connections.page(tenant, page).await?;
    if was_live(before.as_ref()) && choice.again.is_none() {
        return Err(Refusal::Here);
    }
    Ok(before)
}

async fn new_page(
    connecting: &Connecting,
    choice: Choice,
    page: PageKey,
    picked: &Picked,
) -> Result<NewPage, Refusal> {
    let now = connecting.now();
    let tokens = connecting.sealed(&choice.tenant, &page, picked.token.secret(), None, None).await?;
    Ok(NewPage {
        profile: Profile {
            name: picked.name.clone().unwrap_or_else(|| picked.id.to_string()),
            picture: picked.picture.clone(),
            kind: picked.category.clone(),
        },
        tokens,
        scopes: choice.scopes,
        account: choice.admin.id.clone(),
        by: choice.admin,
        granted_by: Some(choice.person),
        warnings: warnings::of_fanpage(picked.tasks.as_deref(), picked.data_access_expires_at, now),
        tenant: choice.tenant,
        page,
    })
}

impl Connecting {
    /// Switches the webhooks on and reads back what is switched on; a refusal that may pass is asked about once more.
    async fn subscribed(
        &self,
        graph: &Graph,
        page: &PageId,
        token: &PageToken,
    ) -> Result<Vec<String>, &'static str> {
        let both = async {
            match subscribe(graph, page, token).await {
                Err(error) if matches!(error.action(), Action::Retry { .. }) => {
                    self.clock.sleep(PAUSE).await;
                    subscribe(graph, page, token).await
                }
                answer => answer,
            }
        };
        match tokio::time::timeout(SUBSCRIBE_BUDGET, both).await {
            Ok(Ok(Some(fields))) if missing_fields(&fields).is_empty() => Ok(fields),
            Ok(Ok(Some(_))) => Err("fields_missing"),
            Ok(Ok(None)) => Err("not_read_back"),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a page's webhooks were not switched on");
                Err("refused")
            }
            Err(_) => Err("unanswered"),
        }
    }

    /// What was connected for the first time ends again; what was connected before says that it has to be once more.
    async fn undo(
        &self,
        graph: &Graph,
        of: &ConnectionRef,
        page: &PageId,
        token: &PageToken,
        kept: bool,
    ) -> Result<(), StoreError> {
        let connections = &self.store.connections;
        let stored = connections.page(&of.tenant, &PageKey::Facebook(page.clone())).await?;
        // Whatever came after us is not ours to undo.
        let Some(stored) = stored.filter(|stored| stored.generation == of.generation) else { return Ok(()) };
        if kept {
            let TokenState { version, .. } = stored.token_state();
            connections.needs_reconnect(of, version, reason::NOT_SUBSCRIBED, false).await?;
            return Ok(());
        }
        if !connections.end_page(&stored, reason::NOT_SUBSCRIBED, None, &support_id(), self.now()).await? {
            return Ok(());
        }
        // An answer may have been lost; nobody else has the page yet.
        if let Err(error) = graph.unsubscribe(page, Caller::Page(token)).await {
            tracing::warn!(%error, "a page that was not connected may still send");
        }
        let ended = ConnectionRef { generation: of.generation.saturating_add(1), ..of.clone() };
        connections.finish_end(&ended).await.map(drop)
    }
}

async fn subscribe(
    graph: &Graph,
    page: &PageId,
    token: &PageToken,
) -> Result<Option<Vec<String>>, GraphError> {
    graph.subscribe(page, token, &FIELDS).await?;
    graph.subscription(page, Caller::Page(token)).await
}

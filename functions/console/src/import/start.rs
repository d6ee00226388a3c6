//! `POST /console/import/{org}`: starts an import.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use common::import::{Answer, Wish, start_import};
use common::store::connections::{Person, ShopConnection};
use common::telemetry::Line;

use super::entered::{Entered, field};
use super::page;
use crate::form::Fault;
use crate::haravan::subscribe::shop_of;
use crate::refusal::{Trouble, not_found};
use crate::session::Submission;
use crate::{Console, FUNCTION};

/// What came of a start.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It runs.
    Yes,
    /// Another import of this shop runs.
    Running,
    /// The shop is not connected.
    NotConnected,
    /// Fields are wrong.
    Wrong(Vec<Fault>),
}

/// Starts and leads back; shows what is wrong otherwise.
pub(crate) async fn submit(
    State(console): State<Arc<Console>>,
    Path(org): Path<String>,
    Submission { visitor, form }: Submission,
) -> Result<Response, Trouble> {
    let Some(shop) = shop_of(&console, &visitor.record.id, &org).await? else {
        return Ok(not_found(visitor.lang));
    };
    let (entered, admin) = (Entered::of(&form), visitor.session.admin.clone());
    let by = Person { id: admin.id, name: admin.name, email: admin.email };
    let done = match begin(&console, &shop, &entered, by).await? {
        Begun::Wrong(faults) => {
            return page::with_faults(&console, &visitor, shop.org, &entered, &faults).await;
        }
        Begun::Yes => "started",
        Begun::Running => "running",
        Begun::NotConnected => "not_connected",
    };
    Ok(Redirect::to(&format!("/console/import?done={done}")).into_response())
}

/// Starts an import unless something is in its way.
pub(crate) async fn begin(
    console: &Console,
    shop: &ShopConnection,
    entered: &Entered,
    by: Person,
) -> Result<Begun, Trouble> {
    let now = console.clock.now();
    let period = match entered.period(now) {
        Ok(period) => period,
        Err(faults) => return Ok(Begun::Wrong(faults)),
    };
    let (orders, customers) = (entered.orders, entered.customers);
    let wish = Wish { from: period.from, to: period.to, orders, customers, by: Some(by) };
    Ok(match start_import(&console.store, &shop.tenant, shop.org, wish, now).await? {
        Answer::Begun => {
            Line::new(FUNCTION, "import.begun")
                .with("tenant", shop.tenant.as_str())
                .with("org", shop.org.0)
                .with("orders", orders)
                .with("customers", customers)
                .emit();
            Begun::Yes
        }
        Answer::Running => Begun::Running,
        Answer::NotConnected => Begun::NotConnected,
        Answer::Nothing => Begun::Wrong(vec![Fault::new(
            field::TO,
            "Khoảng thời gian này chưa có gì.",
            "There is nothing in this period yet.",
        )]),
    })
}

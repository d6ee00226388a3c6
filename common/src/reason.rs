//! Why an event waits, was set aside, or needed nothing done.
//!
//! The codes are stable: they are stored, counted, and shown in words ([`crate::words`]).

/// The body cannot be read.
pub const UNREADABLE: &str = "unreadable_body";
/// The tenant is gone.
pub const TENANT_GONE: &str = "tenant_gone";
/// The operator has suspended the tenant; its events wait.
pub const SUSPENDED: &str = "tenant_suspended";
/// The shop was disconnected.
pub const DISCONNECTED: &str = "shop_disconnected";
/// The tenant switched this kind of event off.
pub const SWITCHED_OFF: &str = "switched_off";
/// Deletions are not carried over.
pub const DELETES_NOT_CARRIED: &str = "deletes_not_carried_over";
/// It is in the CRM already, and changes are not carried over yet.
pub const CHANGES_NOT_CARRIED: &str = "changes_not_carried_over";
/// It is in the CRM already.
pub const ALREADY_IN_CRM: &str = "already_in_crm";
/// A newer version was decided on before.
pub const SUPERSEDED: &str = "superseded";
/// A customer record with neither name, phone nor e-mail: a guest, or masked by a marketplace.
pub const NOBODY: &str = "customer_is_nobody";
/// It was cancelled before it reached the CRM; also said of an older body of an order that was voided.
pub const CANCELLED_BEFORE: &str = "cancelled_before_it_reached_the_crm";
/// Its payment was voided before it reached the CRM.
pub const VOIDED_BEFORE: &str = "voided_before_it_reached_the_crm";
/// The body has no order lines, or a line without price or quantity.
pub const INCOMPLETE: &str = "incomplete_body";
/// The order is in a currency for which the tenant has set no rate.
pub const FOREIGN_CURRENCY: &str = "foreign_currency";
/// Our own secrets do not open.
pub const SECRETS: &str = "secrets_do_not_open";
/// Our own store did not answer.
pub const STORE: &str = "store_unavailable";
/// Another worker is creating the same customer or order.
pub const BUSY: &str = "another_worker_is_at_it";
/// An earlier try of this very event ended without the CRM's answer; its claims still run.
pub const MAKING_SURE: &str = "making_sure_nothing_is_booked_twice";
/// The CRM's missing products are being made, a part in each try.
pub const PRODUCTS: &str = "making_products_in_crm";
/// The tenant's write rate is used up.
pub const PACED: &str = "waiting_for_a_write_slot";
/// The CRM failed repeatedly and is left alone for a while.
pub const BREAKER: &str = "crm_left_alone_for_a_while";
/// The CRM gave no usable answer.
pub const CRM_UNAVAILABLE: &str = "crm_unavailable";
/// The work took too long.
pub const TOOK_TOO_LONG: &str = "took_too_long";
/// The CRM asks to slow down.
pub const CRM_RATE: &str = "crm_asks_to_slow_down";
/// The CRM refuses the key.
pub const CRM_KEY: &str = "crm_key_refused";
/// The CRM has no API v6.1.
pub const CRM_VERSION: &str = "crm_has_no_v61";
/// The CRM's address may not be called.
pub const CRM_ADDRESS: &str = "crm_address_not_allowed";
/// The CRM refuses the record.
pub const CRM_REFUSED: &str = "crm_refused";
/// The CRM has such a customer and shows it to nobody: it is deleted there under another code.
pub const CUSTOMER_DELETED: &str = "customer_deleted_in_crm";
/// Haravan did not answer.
pub const HARAVAN_UNAVAILABLE: &str = "haravan_unavailable";

/// The reasons of events that another try cannot help: what decides does not change. For every other reason a person can
/// put something right, here or in the CRM, and have it tried again.
pub const RETRY_CANNOT_HELP: [&str; 3] = [UNREADABLE, INCOMPLETE, TENANT_GONE];

/// Whether another try can help an event that was set aside for this reason.
pub fn retry_can_help(reason: Option<&str>) -> bool {
    reason.is_none_or(|reason| !RETRY_CANNOT_HELP.contains(&reason))
}

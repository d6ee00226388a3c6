//! Temporary: the rows apart from the rest of the suite.
#[path = "../suite/customer_rules.rs"]
mod customer_rules;
#[path = "../suite/order_rules.rs"]
mod order_rules;
#[path = "../suite/getfly_customers.rs"]
mod getfly_customers;
#[path = "../suite/getfly_faults.rs"]
mod getfly_faults;
#[path = "../suite/getfly_orders.rs"]
mod getfly_orders;
#[path = "../suite/haravan_faults.rs"]
mod haravan_faults;
#[path = "../suite/harness.rs"]
mod harness;
#[path = "../suite/verbs.rs"]
mod verbs;

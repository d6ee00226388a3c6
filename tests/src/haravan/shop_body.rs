//! `shop.json`, users and locations (haravan.md §5.6, §5.7, §5.8).

use super::seed::{LocationSeed, OrgSeed, Plan, UserSeed};
use super::text::{Node, object};

/// The `shop` object. `domain` is an address with a slash at the end, `myharavan_domain` one without.
pub(super) fn shop_node(org: &OrgSeed) -> Node {
    let address = format!("https://{}.myharavan.com", org.orgsub);
    let owner = org.users.iter().find(|user| user.account_owner);
    let plan = match org.plan {
        Plan::Trial => "trial",
        Plan::Standard => "standard",
        Plan::Plus => "plus",
    };
    Node::Object(vec![
        ("address1", "27 Nguyễn Thái Bình".into()),
        ("city", Node::Null),
        ("country", "VN".into()),
        ("country_code", "VN".into()),
        ("country_name", "Vietnam".into()),
        ("created_at", "2024-03-05T02:11:09.346Z".into()),
        ("currency", "VND".into()),
        ("customer_email", owner.map(|user| &user.email).into()),
        ("domain", format!("{address}/").into()),
        ("email", owner.map(|user| &user.email).into()),
        ("id", org.orgid.0.into()),
        ("inventory_method", "default".into()),
        ("money_format", "{{amount}}₫".into()),
        ("money_with_currency_format", "{{amount}} VND".into()),
        ("myharavan_domain", address.into()),
        ("name", (&org.orgname).into()),
        ("plan_name", plan.into()),
        ("display_plan_name", Node::Null),
        ("shop_plan_id", Node::Int(-1)),
        ("password_enabled", false.into()),
        ("has_storefront", true.into()),
        ("phone", "0281234567".into()),
        ("primary_locale", "".into()),
        ("province", "Hồ Chí Minh".into()),
        ("province_code", "HC".into()),
        ("public", Node::Null),
        ("shop_owner", owner.map(|user| format!("{} {}", user.last_name, user.first_name)).into()),
        ("source", Node::Null),
        ("tax_shipping", false.into()),
        ("taxes_included", Node::Null),
        ("timezone", "(GMT+07:00) Hanoi".into()),
        ("zip", Node::Null),
    ])
}

/// A member of staff.
pub(super) fn user_node(user: &UserSeed) -> Node {
    object([
        ("id", user.id.0.into()),
        ("account_owner", user.account_owner.into()),
        ("email", (&user.email).into()),
        ("first_name", (&user.first_name).into()),
        ("last_name", (&user.last_name).into()),
        ("phone", Node::Null),
        ("bio", Node::Null),
        ("im", Node::Null),
        ("url", Node::Null),
        ("receive_announcements", Node::Int(1)),
        ("user_type", if user.account_owner { "regular".into() } else { "invited".into() }),
        ("permissions", vec![if user.account_owner { "Full" } else { "Limit" }].into()),
    ])
}

/// A warehouse.
pub(super) fn location_node(location: &LocationSeed, primary: bool) -> Node {
    object([
        ("id", location.id.into()),
        ("name", (&location.name).into()),
        ("is_primary", primary.into()),
        ("type", "default".into()),
        ("address1", "27 Nguyễn Thái Bình".into()),
        ("country", "Vietnam".into()),
        ("province", "Hồ Chí Minh".into()),
        ("province_code", "HC".into()),
    ])
}

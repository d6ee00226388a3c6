//! CRM users, by whom assignees and people in charge are named (getfly.md §4).

use serde_json::Value;

use super::answer::{integer, text};
use crate::text::fold;

/// An active CRM user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Login, which `assigned_username` and `account_manager_username` take; often itself an e-mail address.
    pub user_name: String,
    /// E-mail in lower case.
    pub email: Option<String>,
}

impl User {
    /// Reads a row; `None` for rows without a login and for inactive users.
    pub fn read(row: &Value) -> Option<Self> {
        if integer(row, "valid") == Some(0) {
            return None;
        }
        Some(Self { user_name: text(row, "user_name")?, email: text(row, "email").map(|email| fold(&email)) })
    }
}

/// The user with this e-mail, compared with e-mails first and then with logins (getfly.md §4).
pub fn find_by_email<'a>(users: &'a [User], email: &str) -> Option<&'a User> {
    let wanted = fold(email.trim());
    users
        .iter()
        .find(|user| user.email.as_deref() == Some(wanted.as_str()))
        .or_else(|| users.iter().find(|user| fold(&user.user_name) == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_are_found_by_email_then_by_login_and_never_when_inactive() {
        let list: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/getfly_users_list_response.json"))
                .unwrap();
        let users: Vec<User> =
            super::super::answer::rows(&list).unwrap().iter().filter_map(User::read).collect();
        let find = |email| find_by_email(&users, email).map(|user| user.user_name.as_str());
        assert_eq!(find(" thao.vo@HATMAM.example "), Some("thao.vo"));
        assert_eq!(find("huy.ngo@hatmam.example"), Some("huy.ngo@hatmam.example"));
        assert_eq!(find("nam.do@hatmam.example"), None);
        assert_eq!(find(""), None);
    }
}

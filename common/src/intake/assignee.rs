//! Where the person responsible for an order is looked for, before anybody is asked.
//!
//! An order carries only a staff id (haravan.md §3.12). The tenant's staff map comes first, because an admin made it by
//! hand: it names a CRM login, or an e-mail to look for among the CRM's users. Without an entry Haravan is asked.

use crate::id::StaffId;
use crate::settings::Settings;

/// What is known of the person responsible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The CRM user with this login.
    Login(String),
    /// The CRM user with this e-mail.
    Email(String),
    /// Only Haravan can tell.
    AskHaravan,
}

/// What the tenant's own map says about a member of staff.
pub fn wanted(settings: &Settings, staff: StaffId) -> Wanted {
    match settings.staff(staff) {
        Some(email) if email.contains('@') => Wanted::Email(email.to_owned()),
        Some(login) => Wanted::Login(login.to_owned()),
        None => Wanted::AskHaravan,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_made_by_hand_comes_first() {
        let map = [("1", "thao.vo"), ("2", "thao@hatmam.example")];
        let staff_map = map.map(|(id, who)| (id.to_owned(), who.to_owned())).into();
        let settings = Settings { staff_map, ..Settings::default() };
        assert_eq!(wanted(&settings, StaffId(1)), Wanted::Login("thao.vo".to_owned()));
        assert_eq!(wanted(&settings, StaffId(2)), Wanted::Email("thao@hatmam.example".to_owned()));
        assert_eq!(wanted(&settings, StaffId(3)), Wanted::AskHaravan);
    }
}

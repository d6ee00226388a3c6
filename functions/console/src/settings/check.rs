//! Which settings make sense, whoever sends them.

use common::getfly::user::User;
use common::id::StaffId;
use common::store::tenants::Settings;

use crate::form::Fault;

/// Longest name, in characters.
const NAME: usize = 255;

/// Most lines of a map.
const LINES: usize = 500;

/// Slowest and fastest CRM writes, per second.
pub(crate) const RATE: std::ops::RangeInclusive<f64> = 0.01..=1000.0;

/// What is wrong with settings. People who were named before are not doubted again, and nobody is where the CRM did not
/// tell its users.
pub(crate) fn faults(new: &Settings, before: &Settings, users: Option<&[User]>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !RATE.contains(&new.writes_per_second) {
        faults.push(Fault::new(
            "writes_per_second",
            "Nhập một số từ 0,01 đến 1000.",
            "Enter a number from 0.01 to 1000.",
        ));
    }
    for (field, text) in [
        ("customer_source", &new.customer_source),
        ("cash_method", &new.cash_method),
        ("transfer_method", &new.transfer_method),
        ("unit_name", &new.unit_name),
        ("product_category", &new.product_category),
        ("product_origin", &new.product_origin),
        ("product_manufacturer", &new.product_manufacturer),
    ] {
        if text.trim().is_empty() {
            faults.push(Fault::new(field, "Không được để trống.", "This must not be empty."));
        } else if !is_name(text) {
            faults.push(too_long(field));
        }
    }
    for (field, map) in [("source_map", &new.source_map), ("gateway_map", &new.gateway_map)] {
        if map.len() > LINES {
            faults.push(Fault::new(field, "Tối đa 500 dòng.", "At most 500 lines."));
        } else if map.iter().any(|(from, to)| !is_name(from) || !is_name(to)) {
            faults.push(Fault::new(
                field,
                "Mỗi tên phải có từ 1 đến 255 ký tự.",
                "Every name must have 1 to 255 characters.",
            ));
        }
    }
    people(new, before, users, &mut faults);
    faults
}

fn people(new: &Settings, before: &Settings, users: Option<&[User]>, faults: &mut Vec<Fault>) {
    let is_unknown = |login: &str| {
        let same = |user: &User| {
            user.user_name == login
                || (login.contains('@') && user.email.as_deref() == Some(login.to_lowercase().as_str()))
        };
        users.is_some_and(|users| !users.iter().any(same))
    };
    if let Some(login) = &new.default_manager {
        if !is_name(login) {
            faults.push(too_long("default_manager"));
        } else if before.default_manager.as_ref() != Some(login) && is_unknown(login) {
            faults.push(nobody("default_manager"));
        }
    }
    if new.staff_map.len() > LINES {
        faults.push(Fault::new("staff_map", "Tối đa 500 nhân viên.", "At most 500 members of staff."));
    }
    for (id, login) in &new.staff_map {
        if id.parse::<StaffId>().is_err() {
            faults.push(Fault::new(
                "staff_map",
                "Mã nhân viên Haravan chỉ gồm chữ số.",
                "A Haravan staff id has digits only.",
            ));
        } else if !is_name(login) {
            faults.push(too_long(&format!("staff.{id}")));
        } else if before.staff_map.get(id) != Some(login) && is_unknown(login) {
            faults.push(nobody(&format!("staff.{id}")));
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= NAME && !text.chars().any(char::is_control)
}

fn too_long(field: &str) -> Fault {
    Fault::new(
        field,
        "Tối đa 255 ký tự, không có ký tự điều khiển.",
        "At most 255 characters and no control characters.",
    )
}

fn nobody(field: &str) -> Fault {
    Fault::new(
        field,
        "CRM không có người dùng này. Hãy chọn lại, hoặc để trống.",
        "The CRM has no such user. Choose another, or leave it empty.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(faults: &[Fault]) -> Vec<&str> {
        faults.iter().map(|fault| fault.field.as_str()).collect()
    }

    #[test]
    fn the_defaults_make_sense() {
        assert_eq!(faults(&Settings::default(), &Settings::default(), None), []);
    }

    #[test]
    fn every_bad_value_is_named_by_its_field() {
        let before = Settings::default();
        let bad = Settings {
            writes_per_second: f64::NAN,
            cash_method: " ".to_owned(),
            unit_name: "x".repeat(256),
            default_manager: Some("nobody".to_owned()),
            source_map: [("web".to_owned(), String::new())].into(),
            staff_map: [("7".to_owned(), "nobody@x.vn".to_owned()), ("x".to_owned(), "a".to_owned())].into(),
            ..Settings::default()
        };
        let users = [User { user_name: "thao.vo".to_owned(), email: Some("thao@x.vn".to_owned()) }];
        assert_eq!(
            named(&faults(&bad, &before, Some(&users))),
            [
                "writes_per_second",
                "cash_method",
                "unit_name",
                "source_map",
                "default_manager",
                "staff.7",
                "staff_map"
            ]
        );
        let good = Settings {
            default_manager: Some("thao.vo".to_owned()),
            staff_map: [("7".to_owned(), "Thao@x.vn".to_owned())].into(),
            ..Settings::default()
        };
        assert_eq!(faults(&good, &before, Some(&users)), []);
    }

    #[test]
    fn nobody_is_doubted_who_was_there_before_or_cannot_be_checked() {
        let new = Settings { default_manager: Some("gone".to_owned()), ..Settings::default() };
        assert_eq!(faults(&new, &new, Some(&[])), []);
        assert_eq!(faults(&new, &Settings::default(), None), []);
    }
}

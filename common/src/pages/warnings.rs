//! What is not as it should be with a page that works: stable codes, stored and shown in words.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::facebook::role::can_message;
use crate::store::connections::reason;
use crate::zalo::openapi::Oa;

/// The person who gave the right may not send messages on the page (pages.md §1.8).
pub const NO_MESSAGING_ROLE: &str = "no_messaging_role";
/// The app's access to the person's data ends soon (pages.md §1.19).
pub const DATA_ACCESS_ENDS: &str = "data_access_ends";
/// Zalo has not verified the account (pages.md §2.6).
pub const OA_UNVERIFIED: &str = "oa_unverified";
/// The account has no paid package, or it is over (pages.md §2.1).
pub const OA_PACKAGE_TOO_LOW: &str = "oa_package_too_low";

/// A page sends less than it should; it is subscribed again at the next look.
pub const NOT_SUBSCRIBED: &str = reason::NOT_SUBSCRIBED;

/// How long before its end the admin is told of [`DATA_ACCESS_ENDS`].
pub const TOLD_BEFORE: Duration = Duration::from_secs(14 * 24 * 3600);

/// Those of a Fanpage: with these tasks, if they are known, and an access to data that ends then.
pub fn of_fanpage(tasks: Option<&[String]>, data_access_ends: Option<i64>, now: Timestamp) -> Vec<String> {
    let silent = tasks.is_some_and(|tasks| !can_message(tasks));
    chosen([(silent, NO_MESSAGING_ROLE), (ends_soon(data_access_ends, now), DATA_ACCESS_ENDS)])
}

/// Whether an access to data ends soon, or has; in seconds since 1970, zero is never.
pub fn ends_soon(data_access_ends: Option<i64>, now: Timestamp) -> bool {
    let told_from = now.saturating_add(TOLD_BEFORE).unwrap_or(Timestamp::MAX).as_second();
    data_access_ends.is_some_and(|end| (1..=told_from).contains(&end))
}

/// Those of an Official Account.
pub fn of_oa(oa: &Oa, today: Date) -> Vec<String> {
    let poor = oa.package.is_none() || oa.package_until.is_some_and(|until| until < today);
    chosen([(oa.verified == Some(false), OA_UNVERIFIED), (poor, OA_PACKAGE_TOO_LOW)])
}

fn chosen(codes: [(bool, &'static str); 2]) -> Vec<String> {
    codes.into_iter().filter(|(holds, _)| *holds).map(|(_, code)| code.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_access_to_data_is_told_fourteen_days_before() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let of = |days: i64| of_fanpage(None, Some(now.as_second() + days * 86_400), now);
        assert_eq!((of(15), of(14), of(-1)), (vec![], of(-1), vec![DATA_ACCESS_ENDS.to_owned()]));
        assert!(of_fanpage(None, Some(0), now).is_empty());
        let tasks = ["CREATE_CONTENT".to_owned()];
        assert_eq!(of_fanpage(Some(&tasks), None, now), [NO_MESSAGING_ROLE]);
    }

    #[test]
    fn an_account_s_package_counts_to_the_end_of_its_last_day() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let oa = Oa {
            id: "1".parse().unwrap(),
            name: None,
            avatar: None,
            verified: None,
            package: Some("x".to_owned()),
            package_until: Some(day("2026-12-31")),
        };
        assert!(of_oa(&oa, day("2026-12-31")).is_empty());
        assert_eq!(of_oa(&oa, day("2027-01-01")), [OA_PACKAGE_TOO_LOW]);
        let poor = Oa { verified: Some(false), package: None, package_until: None, ..oa };
        assert_eq!(of_oa(&poor, day("2026-12-31")), [OA_UNVERIFIED, OA_PACKAGE_TOO_LOW]);
    }
}

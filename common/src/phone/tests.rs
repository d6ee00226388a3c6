use proptest::prelude::*;

use super::*;

fn local(typed: &str) -> Option<String> {
    PhoneNumber::parse(typed).map(|phone| phone.local())
}

#[test]
fn every_spelling_of_a_vietnamese_number_is_one_number() {
    for typed in [
        "0903555018",
        "+84903555018",
        "84903555018",
        "0084903555018",
        "090 355 5018",
        "(090) 355-50.18",
        "+84 0903555018",
        "+84 (0) 903 555 018",
        "840903555018",
        "903555018",
        "903 555 018",
        "\u{feff}0903\u{200b}555018",
        "0903–555–018",
    ] {
        let phone = PhoneNumber::parse(typed).unwrap_or_else(|| panic!("{typed}"));
        assert_eq!(
            (phone.e164(), phone.local().as_str(), phone.tail(), phone.ending()),
            ("+84903555018", "0903555018", "903555018", "555018"),
            "{typed}"
        );
    }
    assert_eq!(local("028 3822 0114").as_deref(), Some("02838220114"));
    assert_eq!(local("(0236) 3822 114").as_deref(), Some("02363822114"));
}

#[test]
fn foreign_numbers_stay_foreign() {
    for (typed, expected) in [
        ("+65 6123 4567", "+6561234567"),
        ("001 650 253 0000", "+16502530000"),
        ("+44 20 7031 3000", "+442070313000"),
    ] {
        assert_eq!(local(typed).as_deref(), Some(expected), "{typed}");
    }
}

#[test]
fn a_number_with_a_foreign_address_is_of_that_country() {
    for (typed, country, expected) in [
        ("555-625-1199", "US", "+15556251199"),
        ("(650) 253-0000", "us", "+16502530000"),
        ("0412 345 987", "au", "+61412345987"),
        ("090-1357-2468", "JP", "+819013572468"),
        // A Vietnamese abroad keeps the number of home.
        ("0903555018", "us", "0903555018"),
        ("+84 903 555 018", "us", "0903555018"),
        ("84903555018", "de", "0903555018"),
        ("0903555018", "vn", "0903555018"),
        ("0903555018", "zz", "0903555018"),
    ] {
        let phone = PhoneNumber::parse_in(typed, Some(country)).map(|phone| phone.local());
        assert_eq!(phone.as_deref(), Some(expected), "{typed} {country}");
    }
    for typed in ["555-625-1199", "650-253-0000", "2125551199"] {
        assert_eq!(local(typed), None, "{typed} is no Vietnamese number");
    }
}

#[test]
fn what_is_no_number_is_none() {
    for typed in
        ["", " ", "090***5018", "0903555***", "abc", "0", "12", "không có", "🙂", "09035550181", "+", "+84"]
    {
        assert_eq!(local(typed), None, "{typed}");
    }
}

#[test]
fn of_several_numbers_and_words_the_first_number_is_read() {
    for typed in [
        "0903222601 - 0912333601",
        "0903222601-0912333601",
        "0903222601/0912333601",
        "0903222601, 0912333601",
        "0903222601;0912333601",
        "0903222601|0912333601",
        "0903222601 0912333601 1234",
        "0903222601\n0912333601",
        "+84 903 222 601 +84 912 333 601",
        "090 322 2601 091 233 3601",
        "0903222601 hoặc 0912333601",
        "0903222601 (Lan)",
        "0903222601(Lan)",
        "0903222601 Zalo",
        "Zalo: 0903222601",
        "SĐT0903222601",
        "0903222601 ext 12",
        "0903222601 x12",
        "0903222601x12",
        "0903222601 #12",
        "1900 6116 / 0903222601",
        "0000000000, 0903222601",
    ] {
        assert_eq!(local(typed).as_deref(), Some("0903222601"), "{typed:?}");
    }
    let all = PhoneNumber::all("0903222601 - 01682333601, 0903222601 (nhà)");
    let all: Vec<String> = all.iter().map(PhoneNumber::local).collect();
    assert_eq!(all, ["0903222601", "0382333601"]);
}

#[test]
fn what_a_spreadsheet_made_of_a_number_is_read_when_no_digit_was_lost() {
    for typed in [
        "84903555338.0",
        "903555338.0",
        "903555338.00",
        "9.03555338E+8",
        "9,03555338E+08",
        "9.03555338e8",
        "8.4903555338E+10",
        "'0903555338",
    ] {
        assert_eq!(local(typed).as_deref(), Some("0903555338"), "{typed}");
    }
    for typed in ["9.03555E+8", "9.0E+8", "8.49E+10", "903555338.5"] {
        assert_eq!(local(typed), None, "{typed}");
    }
}

#[test]
fn a_letter_among_the_digits_is_not_guessed() {
    for typed in
        ["090355530O", "O903555018", "09O3555018", "090355501l", "0903S55018", "84O903555018", "0903 555 01B"]
    {
        assert_eq!(local(typed), None, "{typed}");
    }
}

#[test]
fn stand_ins_identify_nobody() {
    for typed in [
        "0000000000",
        "0123456789",
        "1111111",
        "1111111111",
        "0999999999",
        "0987654321",
        "0912345678",
        "0901234567",
        "0900000000",
        "0909090909",
        "+84 999 999 999",
        "01234567890",
        "+1 000 000 0000",
        "+1 2222222222",
    ] {
        assert_eq!(local(typed), None, "{typed}");
    }
    for real in ["0903555018", "0900000001", "0988888818", "0903903903"] {
        assert_eq!(local(real).as_deref(), Some(real));
    }
}

#[test]
fn hotlines_and_numbers_without_area_code_get_no_zero() {
    for typed in [
        "1900 6116",
        "19006116",
        "1900 54 54 13",
        "1800 1234",
        "18001091",
        "3822 0114",
        "38220114",
        "113",
        "+84 1900 6116",
    ] {
        assert_eq!(local(typed), None, "{typed}");
    }
}

#[test]
fn numbers_of_before_2018_are_todays() {
    for (old, new) in [
        ("01681234567", "0381234567"),
        ("0168 123 4567", "0381234567"),
        ("+841681234567", "0381234567"),
        ("1681234567", "0381234567"),
        ("01201230987", "0701230987"),
        ("01231230987", "0831230987"),
        ("01291230987", "0821230987"),
        ("01861230987", "0561230987"),
        ("01881230987", "0581230987"),
        ("01991230987", "0591230987"),
    ] {
        let phone = PhoneNumber::parse(old).unwrap_or_else(|| panic!("{old}"));
        assert_eq!(phone.local(), new, "{old}");
        assert!(old.replace(' ', "").ends_with(&phone.former().unwrap()), "{old}");
    }
    assert_eq!(local("01101234567"), None, "never was a prefix");
    assert_eq!(PhoneNumber::parse("0903555018").unwrap().former(), None);
}

#[test]
fn only_what_somebody_typed_and_nobody_can_read_is_unreadable() {
    for typed in ["1900 6116", "0000000000", "hỏi Lan", "090355530O"] {
        assert!(PhoneNumber::is_unreadable(typed, None), "{typed}");
    }
    for typed in ["", " ", "-", "090***5018", "0903555018", "gọi 0903555018"] {
        assert!(!PhoneNumber::is_unreadable(typed, None), "{typed}");
    }
}

#[test]
fn a_number_never_prints() {
    assert_eq!(format!("{:?}", PhoneNumber::parse("0903555018").unwrap()), "PhoneNumber([redacted])");
}

proptest! {
    #[test]
    fn any_text_is_read_and_what_was_read_reads_the_same_again(
        text in prop_oneof![".{0,40}", "[-0-9+ ()./,;xOoE\n]{0,30}", "(0|84|\\+84|\\+)[0-9]{6,12}"],
        country in prop_oneof![Just(None), Just(Some("us")), Just(Some("VN")), Just(Some("au"))],
    ) {
        for phone in PhoneNumber::all_in(&text, country) {
            for form in [phone.e164().to_owned(), phone.local()] {
                prop_assert_eq!(PhoneNumber::parse(&form), Some(phone.clone()), "{}", form);
                prop_assert_eq!(PhoneNumber::parse_in(&form, Some("VN")), Some(phone.clone()));
            }
            if let Some(national) = phone.e164().strip_prefix("+84") {
                prop_assert!(!is_stand_in(national), "{}", national);
            }
        }
    }
}

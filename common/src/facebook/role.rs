//! Whether a person's role lets them connect a page: Editor or higher (pages.md §1.8).

use serde::Serialize;

/// The tasks that only Editors and higher have, in the classic and the new pages' spelling.
const EDITOR: [&str; 5] = [
    "CREATE_CONTENT",
    "MANAGE",
    "PROFILE_PLUS_CREATE_CONTENT",
    "PROFILE_PLUS_MANAGE",
    "PROFILE_PLUS_FULL_CONTROL",
];

/// What is done with a page whose tasks Facebook does not tell (pages.md §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownRole {
    /// It cannot be connected.
    #[default]
    Refuse,
    /// It can.
    Accept,
}

/// Whether a page can be picked, or why it is greyed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pickable {
    /// It can.
    Ok,
    /// The person is no Editor.
    NoEditorRole,
    /// The page was not ticked in Facebook's window: there is no token for it.
    NotTicked,
    /// Facebook does not tell the role.
    RoleUnknown,
}

/// Whether these tasks are an Editor's or higher.
pub fn editor_or_higher(tasks: &[String]) -> bool {
    tasks.iter().any(|task| EDITOR.contains(&task.as_str()))
}

/// Whether one of the tasks is to send messages. Without it a page can be connected, with a warning.
pub fn can_message(tasks: &[String]) -> bool {
    tasks.iter().any(|task| task.ends_with("MESSAGING"))
}

/// Whether a page with these tasks can be picked; `None` when Facebook does not tell them. A page without a token never
/// can (pages.md §1.9).
pub fn pickable(tasks: Option<&[String]>, has_token: bool, unknown: UnknownRole) -> Pickable {
    match tasks {
        _ if !has_token => Pickable::NotTicked,
        Some(tasks) if editor_or_higher(tasks) => Pickable::Ok,
        Some(_) => Pickable::NoEditorRole,
        None if unknown == UnknownRole::Accept => Pickable::Ok,
        None => Pickable::RoleUnknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn every_row_of_the_roles_table_is_judged() {
        for (words, editor, messages) in [
            ("MANAGE CREATE_CONTENT MODERATE MESSAGING ADVERTISE ANALYZE", true, true),
            ("CREATE_CONTENT MODERATE MESSAGING ADVERTISE ANALYZE", true, true),
            ("ANALYZE ADVERTISE MODERATE CREATE_CONTENT", true, false),
            ("MODERATE MESSAGING ADVERTISE ANALYZE", false, true),
            ("ADVERTISE ANALYZE", false, false),
            ("ANALYZE", false, false),
            ("PROFILE_PLUS_FULL_CONTROL PROFILE_PLUS_MESSAGING", true, true),
            ("PROFILE_PLUS_CREATE_CONTENT", true, false),
            ("PROFILE_PLUS_MODERATE PAGES_MESSAGING", false, true),
            ("PROFILE_PLUS_FACEBOOK_ACCESS PAGES_MESSAGING_SUBSCRIPTIONS NEVER_HEARD_OF", false, false),
            ("", false, false),
        ] {
            let tasks = tasks(words);
            assert_eq!((editor_or_higher(&tasks), can_message(&tasks)), (editor, messages), "{words}");
        }
    }

    #[test]
    fn a_page_is_greyed_out_for_its_own_reason() {
        let (editor, analyst) = (tasks("CREATE_CONTENT"), tasks("ANALYZE"));
        let judge = |tasks, has_token| pickable(tasks, has_token, UnknownRole::Refuse);
        assert_eq!(judge(Some(&editor), true), Pickable::Ok);
        assert_eq!(judge(Some(&editor), false), Pickable::NotTicked);
        assert_eq!(judge(Some(&analyst), true), Pickable::NoEditorRole);
        assert_eq!(judge(Some(&[]), true), Pickable::NoEditorRole);
        assert_eq!(judge(None, true), Pickable::RoleUnknown);
        assert_eq!(pickable(None, true, UnknownRole::Accept), Pickable::Ok);
        assert_eq!(pickable(None, false, UnknownRole::Accept), Pickable::NotTicked);
        assert_eq!(pickable(Some(&analyst), true, UnknownRole::Accept), Pickable::NoEditorRole);
        assert_eq!(serde_json::to_string(&Pickable::NoEditorRole).unwrap(), "\"no_editor_role\"");
    }
}

use clap::error::ErrorKind;

use crate::harness::World;

#[test]
fn every_command_says_what_it_is_for_and_gives_an_example() {
    fn look(command: &clap::Command, path: &str) {
        let path = format!("{path} {}", command.get_name());
        assert!(command.get_about().is_some(), "{path} says nothing");
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(after.contains("Example") && after.contains("haravan-connect "), "{path} has no example");
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            assert!(argument.get_help().is_some(), "{path} does not explain {}", argument.get_id());
        }
        command.get_subcommands().for_each(|below| look(below, &path));
    }
    let definition = operator::definition();
    look(&definition, "");
    definition.debug_assert();
}

/// The commands that a document names: lines of code, and code within a sentence.
fn commands(document: &str) -> Vec<String> {
    let names: Vec<String> =
        operator::definition().get_subcommands().map(|below| below.get_name().to_owned()).collect();
    let mut found = Vec::new();
    for (at, text) in document.replace("\\\n", " ").split("```").enumerate() {
        let parts: Vec<&str> = match at % 2 {
            0 => text.split('`').skip(1).step_by(2).collect(),
            _ => text.lines().collect(),
        };
        for part in parts {
            let words = part.split_whitespace().take_while(|word| !["#", "…", "<"].contains(word));
            let words: Vec<String> = words.map(str::to_lowercase).collect();
            let text = words.join(" ");
            if let Some(rest) = text.strip_prefix("haravan-connect ") {
                found.push(rest.to_owned());
            // A word by itself may be a table.
            } else if words.len() > 1 && names.contains(&words[0]) {
                found.push(text);
            }
        }
    }
    found
}

#[test]
fn every_command_that_the_documents_name_is_understood() {
    let documents = [
        include_str!("../../../README.md"),
        include_str!("../../../infra/operating.md"),
        include_str!("../../../infra/crm.md"),
        include_str!("../../../infra/providers.md"),
        include_str!("../../../infra/capacity.md"),
        include_str!("../../../common/LOGGING.md"),
    ];
    let named: Vec<String> = documents.iter().flat_map(|document| commands(document)).collect();
    assert!(named.len() >= 25, "{named:#?}");
    for command in named {
        let words = ["haravan-connect"].into_iter().chain(command.split(' '));
        let refused = operator::definition().try_get_matches_from(words).err().map(|error| error.kind());
        // In a sentence a command need not be whole.
        let holds = refused.is_none_or(|kind| kind == ErrorKind::MissingRequiredArgument);
        assert!(holds, "{command}: {refused:?}");
    }
}

#[tokio::test]
async fn a_wrong_command_line_is_refused_and_help_is_not() {
    let world = World::start().await;
    for args in [&["tenants"][..], &["events", "list"], &["tenants", "show", "Hat Mam"], &["nonsense"]] {
        let said = world.operate(args).await;
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?} {said:?}");
        assert!(!said.err.is_empty(), "{args:?}");
    }
    let help = world.operate(&["tenants", "add", "--help"]).await;
    assert_eq!(help.code, 0);
    assert!(help.out.contains("CRM_API_KEY"), "{help:?}");
}

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

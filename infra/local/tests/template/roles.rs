//! What the functions may do.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{functions, resources, template};

#[test]
fn no_role_may_do_more_than_named_verbs_on_named_resources() {
    // Services that cannot limit these to a resource.
    let unlimited = ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "dynamodb:ListStreams"];
    let template = template("template.yaml");
    let roles = resources(&template, "AWS::IAM::Role");
    for function in functions(&template) {
        let role =
            function.properties["Role"]["Fn::GetAtt"].as_str().and_then(|role| role.strip_suffix(".Arn"));
        let role = role.unwrap_or_else(|| panic!("{} has no role of its own", function.binary));
        assert!(roles.contains_key(role), "{role}");
        assert!(function.properties["Policies"].is_null(), "{} gets verbs beside its role", function.binary);
    }
    assert_eq!(roles.len(), functions(&template).len(), "a role is shared or idle");
    for (name, role) in &roles {
        assert!(role["Properties"]["ManagedPolicyArns"].is_null(), "{name}");
        for policy in role["Properties"]["Policies"].as_array().unwrap() {
            for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
                let statement = statement.pointer("/Fn::If/1").unwrap_or(statement);
                let actions = match &statement["Action"] {
                    Value::Array(actions) => actions.clone(),
                    action => vec![action.clone()],
                };
                for action in actions {
                    let action = action.as_str().unwrap();
                    assert!(!action.contains('*'), "{name}: {action}");
                    let anywhere = statement["Resource"] == json!("*");
                    assert!(!anywhere || unlimited.contains(&action), "{name}: {action} on everything");
                }
            }
        }
    }
}

#[test]
fn only_who_writes_items_may_put_them_and_only_one_time_items_are_deleted() {
    let template = template("template.yaml");
    let roles = resources(&template, "AWS::IAM::Role");
    // The roles that may do something to a table, or to anything.
    let may = |verb: &str, table: Option<&str>| -> BTreeSet<&str> {
        let names_it = |statement: &Value| {
            let statement = statement.pointer("/Fn::If/1").unwrap_or(statement);
            statement.to_string().contains(&format!("\"{verb}\""))
                && table.is_none_or(|table| statement["Resource"].to_string().contains(table))
        };
        let allowed = |role: &&Value| {
            let policies = role["Properties"]["Policies"].as_array().unwrap().iter();
            let mut statements =
                policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
            statements.any(names_it)
        };
        roles.iter().filter(|(_, role)| allowed(role)).map(|(name, _)| *name).collect()
    };
    assert_eq!(may("dynamodb:PutItem", Some("InboxArn")), BTreeSet::from(["UpkeepRole", "WebhookRole"]));
    for table in ["InboxArn", "TenantsArn", "DedupArn"] {
        assert_eq!(may("dynamodb:DeleteItem", Some(table)), BTreeSet::new(), "{table}");
    }
    assert_eq!(may("dynamodb:PutItem", Some("TenantsArn")), BTreeSet::from(["ConsoleRole"]));
    assert_eq!(may("dynamodb:Scan", None), BTreeSet::new());
    assert_eq!(
        may("secretsmanager:GetSecretValue", None),
        BTreeSet::from([
            "ConsoleRole",
            "CustomerIntakeRole",
            "OauthGrantRole",
            "OauthLoginRole",
            "OrderIntakeRole",
            "PageConnectRole",
            "PageDisconnectRole",
            "UpkeepRole",
            "WebhookRole"
        ])
    );
    assert_eq!(
        may("secretsmanager:GetSecretValue", Some("ProviderAppsSecretArn")),
        BTreeSet::from(["PageConnectRole", "PageDisconnectRole", "UpkeepRole", "WebhookRole"])
    );
}

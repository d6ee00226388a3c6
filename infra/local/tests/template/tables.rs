//! The tables against the schema.

use common::store::schema::{TABLES, Table};
use serde_json::{Value, json};

use crate::{resources, template};

fn keys(table: &Table) -> Value {
    let hash = json!({"AttributeName": table.partition_key, "KeyType": "HASH"});
    match table.sort_key {
        None => json!([hash]),
        Some(sort) => json!([hash, {"AttributeName": sort, "KeyType": "RANGE"}]),
    }
}

/// The logical name of a table in the templates: `inbox` is `Inbox`.
pub(crate) fn logical(table: &Table) -> String {
    let (first, rest) = table.name.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

fn ceiling() -> Value {
    json!({"MaxReadRequestUnits": {"Ref": "ReadCeiling"}, "MaxWriteRequestUnits": {"Ref": "WriteCeiling"}})
}

#[test]
fn the_deployed_tables_are_those_of_the_schema() {
    let template = template("infra/tables.yaml");
    let deployed = resources(&template, "AWS::DynamoDB::Table");
    assert_eq!(deployed.len(), TABLES.len());
    for table in &TABLES {
        let properties = &deployed[logical(table).as_str()]["Properties"];
        assert_eq!(properties["KeySchema"], keys(table), "{}", table.name);

        let mut attributes = json!([{"AttributeName": table.partition_key, "AttributeType": "S"}]);
        let list = attributes.as_array_mut().unwrap();
        list.extend(table.sort_key.map(|sort| json!({"AttributeName": sort, "AttributeType": "S"})));
        let index = table.index.map(|(name, partition, sort)| {
            list.push(json!({"AttributeName": partition, "AttributeType": "S"}));
            list.push(json!({"AttributeName": sort, "AttributeType": "N"}));
            json!([{
                "IndexName": name,
                "KeySchema": [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "OnDemandThroughput": ceiling(),
            }])
        });
        assert_eq!(properties["AttributeDefinitions"], attributes, "{}", table.name);
        assert_eq!(properties["GlobalSecondaryIndexes"], index.unwrap_or_default(), "{}", table.name);

        let expiry = table
            .ttl
            .map(|attribute| json!({"AttributeName": attribute, "Enabled": true}))
            .unwrap_or_default();
        assert_eq!(properties["TimeToLiveSpecification"], expiry, "{}", table.name);
        let stream = if table.stream { json!({"StreamViewType": "NEW_IMAGE"}) } else { Value::Null };
        assert_eq!(properties["StreamSpecification"], stream, "{}", table.name);
    }
}

#[test]
fn no_table_can_be_lost_with_its_stack_or_cost_any_sum() {
    let template = template("infra/tables.yaml");
    for (name, table) in resources(&template, "AWS::DynamoDB::Table") {
        assert_eq!(
            (&table["DeletionPolicy"], &table["UpdateReplacePolicy"]),
            (&json!("Retain"), &json!("Retain")),
            "{name}"
        );
        let properties = &table["Properties"];
        assert_eq!(properties["DeletionProtectionEnabled"], json!(true), "{name}");
        assert_eq!(
            properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
            json!(true),
            "{name}"
        );
        assert_eq!(properties["SSESpecification"]["SSEEnabled"], json!(true), "{name}");
        assert_eq!(properties["BillingMode"], json!("PAY_PER_REQUEST"), "{name}");
        assert_eq!(properties["OnDemandThroughput"], ceiling(), "{name} could cost any sum");
    }
}

#[test]
fn restored_tables_take_the_place_of_the_stacks_own_in_every_output() {
    let template = template("infra/tables.yaml");
    let outputs = template["Outputs"].as_object().unwrap();
    assert_eq!(outputs.len(), 2 * TABLES.len() + 1);
    for table in &TABLES {
        let (logical, restored) = (logical(table), format!("${{RestoredTables}}{}", table.name));
        let name = &outputs[&format!("{logical}Name")]["Value"];
        assert_eq!(*name, json!({"Fn::If": ["Restored", {"Fn::Sub": restored}, {"Ref": logical}]}));
        let arn =
            format!("arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{restored}");
        let own = json!({"Fn::GetAtt": format!("{logical}.Arn")});
        let value = &outputs[&format!("{logical}Arn")]["Value"];
        assert_eq!(*value, json!({"Fn::If": ["Restored", {"Fn::Sub": arn}, own]}));
    }
    let stream = &outputs["InboxStreamArn"]["Value"];
    let own = json!({"Fn::GetAtt": "Inbox.StreamArn"});
    assert_eq!(*stream, json!({"Fn::If": ["Restored", {"Ref": "RestoredStreamArn"}, own]}));
}

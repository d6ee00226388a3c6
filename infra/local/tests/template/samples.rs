//! The samples in `events/`.

use aws_lambda_events::event::dynamodb::Event;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::connect::flow::Step;
use common::haravan::webhook::{Content, ORG_HEADER, SIGNATURE_HEADER, Signature, TOPIC_HEADER, Topic};
use common::store::inbox::{EventKey, Status};
use common::store::schema::inbox;
use local::seed;
use serde_json::{Value, json};

use crate::read;

#[test]
fn the_sample_callbacks_go_where_the_functions_listen() {
    for (sample, step) in [
        ("oauth-login-ticket", Step::Login),
        ("oauth-login-launch", Step::Login),
        ("oauth-login-callback", Step::Login),
        ("oauth-grant-callback", Step::Install),
    ] {
        let sample: Value = serde_json::from_str(&read(&format!("events/{sample}.json"))).unwrap();
        assert_eq!(sample["rawPath"], json!(step.path()));
        assert_eq!(sample["requestContext"]["http"]["path"], json!(step.path()));
    }
}

#[test]
fn the_sample_stream_records_are_what_the_sample_deliveries_become() {
    // Signs the protocol's fixtures, of which the samples are made.
    let secret = "hrv_test_client_secret".into();
    for (delivery, intake) in [("webhook-order", "order-intake"), ("webhook-customer", "customer-intake")] {
        let delivery: Value = serde_json::from_str(&read(&format!("events/{delivery}.json"))).unwrap();
        assert_eq!(delivery["rawPath"], json!(format!("/api/haravan/webhook/{}", seed::TENANT)));
        assert_eq!(delivery["headers"][ORG_HEADER], json!(seed::ORG.to_string()));
        let header = |name: &str| delivery["headers"][name].as_str().unwrap();
        let body = STANDARD.decode(delivery["body"].as_str().unwrap()).unwrap();
        let signature: Signature = header(SIGNATURE_HEADER).parse().unwrap();
        let content = signature.verify(&body, [&secret]).expect("the sample is signed").content();
        let Content::Entity(head) = content else { panic!("{delivery} is {content:?}") };
        let topic: Topic = header(TOPIC_HEADER).parse().unwrap();
        let key = EventKey::of(&seed::TENANT.parse().unwrap(), topic, head.id, &body);

        let text = read(&format!("events/{intake}.json"));
        let read: Event = serde_json::from_str(&text).expect("the function can read its sample");
        assert_eq!(read.records.len(), 1);
        let record: Value = serde_json::from_str::<Value>(&text).unwrap()["Records"][0]["dynamodb"].clone();
        assert_eq!(record["Keys"], json!({inbox::KEY: {"S": key.entity}, inbox::DIGEST: {"S": key.digest}}));
        // As the filter lets it through.
        assert_eq!(record["NewImage"][inbox::STATUS], json!({"S": Status::Ready.as_str()}));
        assert_eq!(record["NewImage"][inbox::TOPIC], json!({"S": topic.as_str()}));
        assert_eq!(intake, format!("{}-intake", topic.entity().as_str()));
    }
}

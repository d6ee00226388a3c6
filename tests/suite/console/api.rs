//! The API and its description.

use std::collections::{BTreeMap, BTreeSet};

use connect_tests::getfly::Fault;
use local::seed::ORG;
use reqwest::{Method, header};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use super::pages_tab::FANPAGE;
use crate::harness::{World, fixture};
use crate::verbs::{CREATE_ORDER, edited};

fn read(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(items) => items.iter().map(read).collect(),
        Yaml::Mapping(fields) => {
            let name = |name: &Yaml<'_>| match read(name) {
                Value::String(name) => name,
                other => other.to_string(),
            };
            fields.iter().map(|(key, value)| (name(key), read(value))).collect::<Map<_, _>>().into()
        }
        other => panic!("not plain YAML: {other:?}"),
    }
}

/// The description as the API gives it.
async fn description(world: &World) -> Value {
    let url = format!("{}/api/v1/openapi.yaml", world.stack.addresses.base_url);
    let text = world.http.get(url).send().await.unwrap().text().await.unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    assert_eq!(documents.len(), 1);
    read(&documents[0])
}

fn resolve<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').unwrap();
            resolve(
                description,
                description.pointer(pointer).unwrap_or_else(|| panic!("{reference} is nowhere")),
            )
        }
        None => value,
    }
}

/// Every reference leads somewhere.
fn references(description: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            resolve(description, value);
            fields.values().for_each(|value| references(description, value));
        }
        Value::Array(items) => items.iter().for_each(|value| references(description, value)),
        _ => {}
    }
}

#[tokio::test]
async fn the_description_names_every_operation_and_no_other() {
    let world = World::start().await;
    let description = description(&world).await;
    assert_eq!(description["openapi"], "3.1.0");
    references(&description, &description);
    let mut described = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            described.insert((method.clone(), path.clone()));
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{path}");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let named = |place: &str| -> BTreeSet<String> {
                let resolved = parameters.iter().map(|parameter| resolve(&description, parameter));
                resolved
                    .filter(|parameter| parameter["in"] == place)
                    .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                    .collect()
            };
            let in_path: BTreeSet<String> = path
                .split('/')
                .filter_map(|part| Some(part.strip_prefix('{')?.strip_suffix('}')?.to_owned()))
                .collect();
            assert_eq!(named("path"), in_path, "{path}");
            let open = ["/api/sessions", "/api/v1/openapi.yaml"].contains(&path.as_str());
            assert_eq!(named("header").contains("X-Admin-Id"), !open, "{path}");
        }
    }
    let routed: BTreeSet<(String, String)> = console::api::operations()
        .into_iter()
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    assert_eq!(described, routed);
}

/// That an answer has the fields that its schema requires and no others, down to its parts.
fn fits(description: &Value, schema: &Value, answer: &Value, place: &str) {
    let schema = resolve(description, schema);
    if let Some(any) = schema["anyOf"].as_array() {
        if !answer.is_null() {
            fits(description, &any[0], answer, place);
        }
        return;
    }
    match answer {
        Value::Object(fields) if schema["properties"].is_object() => {
            let described: BTreeMap<&str, &Value> = schema["properties"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, part)| (name.as_str(), part))
                .collect();
            for (name, value) in fields {
                let part =
                    described.get(name.as_str()).unwrap_or_else(|| panic!("{place}.{name} is not described"));
                fits(description, part, value, &format!("{place}.{name}"));
            }
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(fields.contains_key(name.as_str().unwrap()), "{place}.{name} is missing: {answer}");
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| fits(description, &schema["items"], item, &format!("{place}[]")));
        }
        _ => {}
    }
    let kind = match answer {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
        _ => panic!("{place} has no type"),
    };
    assert!(
        kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number")),
        "{place} is {kind}: {answer}"
    );
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(answer), "{place} is {answer}");
    }
}

#[tokio::test]
async fn every_answer_is_as_described() {
    let world = World::start().await;
    world.carry("orders/create", fixture::ORDER).await;
    world.carry("customers/create", fixture::CUSTOMER).await;
    world.getfly().push_fault(CREATE_ORDER, Fault::Status(400));
    world.carry("orders/create", &edited(fixture::ORDER, |body| body["id"] = 9_001.into())).await;
    let description = description(&world).await;
    let (_, listed) = world.call(Method::GET, "/api/v1/events", None).await;
    let events = listed["events"].as_array().unwrap();
    let parked =
        events.iter().find(|event| event["status"] == "parked").unwrap()["id"].as_str().unwrap().to_owned();
    let (_, settings) = world.call(Method::GET, "/api/v1/settings", None).await;
    let shop = format!("/api/v1/haravan/shops/{ORG}");
    world.connect_page(FANPAGE, |_| {}).await;
    let calls = [
        (
            "post",
            "/api/sessions".to_owned(),
            "/api/sessions",
            Some(json!({"admin": {"id": "7"}, "lang": "en"})),
        ),
        ("get", "/api/v1/haravan".to_owned(), "/api/v1/haravan", None),
        ("put", "/api/v1/haravan/app".to_owned(), "/api/v1/haravan/app", Some(json!({"client_id": "x"}))),
        (
            "post",
            "/api/v1/haravan/connect".to_owned(),
            "/api/v1/haravan/connect",
            Some(json!({"admin_name": "Lan"})),
        ),
        ("post", format!("{shop}/subscription"), "/api/v1/haravan/shops/{org_id}/subscription", None),
        ("get", "/api/v1/haravan".to_owned(), "/api/v1/haravan", None),
        (
            "post",
            format!("{shop}/import"),
            "/api/v1/haravan/shops/{org_id}/import",
            Some(json!({"from": "2026-06-01", "to": "2026-06-02", "orders": true, "admin_name": "Lan"})),
        ),
        ("get", format!("{shop}/import"), "/api/v1/haravan/shops/{org_id}/import", None),
        ("delete", format!("{shop}/import"), "/api/v1/haravan/shops/{org_id}/import", None),
        ("get", "/api/v1/pages".to_owned(), "/api/v1/pages", None),
        (
            "post",
            "/api/v1/pages/connect".to_owned(),
            "/api/v1/pages/connect",
            Some(json!({"admin_name": "Lan", "page_id": FANPAGE, "lang": "en"})),
        ),
        (
            "post",
            format!("/api/v1/pages/{FANPAGE}/disconnect"),
            "/api/v1/pages/{page_id}/disconnect",
            Some(json!({"admin_name": "Lan"})),
        ),
        ("get", "/api/v1/pages".to_owned(), "/api/v1/pages", None),
        ("get", "/api/v1/events".to_owned(), "/api/v1/events", None),
        ("get", "/api/v1/events?limit=1".to_owned(), "/api/v1/events", None),
        ("get", "/api/v1/events?q=nobody".to_owned(), "/api/v1/events", None),
        ("get", format!("/api/v1/events/{parked}"), "/api/v1/events/{event_id}", None),
        ("post", format!("/api/v1/events/{parked}/retry"), "/api/v1/events/{event_id}/retry", None),
        ("post", "/api/v1/events/retry".to_owned(), "/api/v1/events/retry", None),
        ("get", "/api/v1/settings".to_owned(), "/api/v1/settings", None),
        ("put", "/api/v1/settings".to_owned(), "/api/v1/settings", Some(settings)),
        ("get", "/api/v1/crm/users".to_owned(), "/api/v1/crm/users", None),
        ("post", "/api/v1/crm/test".to_owned(), "/api/v1/crm/test", None),
        ("get", "/api/v1/preview".to_owned(), "/api/v1/preview", None),
        ("delete", shop, "/api/v1/haravan/shops/{org_id}", None),
    ];
    let mut called = BTreeSet::from([("get", "/api/v1/openapi.yaml")]);
    for (method, path, described, body) in calls {
        let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let (status, answer) = world.call(verb, &path, body).await;
        assert!(status.is_success(), "{method} {path}: {answer}");
        let responses = &description["paths"][described][method]["responses"];
        let response = resolve(&description, &responses[status.as_str()]);
        let schema = &response["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path} answers {status}");
        fits(&description, schema, &answer, &format!("{method} {described}"));
        called.insert((method, described));
    }
    assert_eq!(called, console::api::operations().into_iter().collect());

    let problem = &description["components"]["schemas"]["Problem"];
    for (method, path, body) in [
        (Method::GET, "/api/v1/events/nonsense", None),
        (Method::GET, "/api/v1/events?filter=odd", None),
        (Method::GET, "/api/v1/events?after=odd", None),
        (Method::PUT, "/api/v1/haravan/app", Some(json!({"client_id": ""}))),
        (Method::POST, "/api/v1/haravan/shops/1/subscription", None),
        (Method::POST, "/api/v1/haravan/shops/200000987654/subscription", None),
        (Method::POST, "/api/v1/haravan/shops/200000987654/import", Some(json!({"from": "2026-06-31"}))),
        (Method::DELETE, "/api/v1/haravan/shops/200000987654/import", None),
        (Method::DELETE, "/api/v1/haravan/shops/200000987654", None),
        (Method::POST, "/api/v1/pages/connect", Some(json!({"page_id": "facebook-9"}))),
        (Method::POST, "/api/v1/pages/facebook-61550001110001/disconnect", None),
        (Method::PUT, "/api/v1/settings", Some(json!({"settings": []}))),
    ] {
        let (status, answer) = world.call(method, path, body).await;
        assert!(status.is_client_error(), "{path}: {answer}");
        fits(&description, problem, &answer, path);
    }
}

#[tokio::test]
async fn a_call_names_the_admin_it_is_for() {
    let world = World::start().await;
    let long = "x".repeat(201);
    for admin in [None, Some(""), Some(" "), Some(long.as_str())] {
        let url = format!("{}/api/v1/settings", world.stack.addresses.base_url);
        let mut request = world.http.get(url).bearer_auth(world.api_key());
        if let Some(admin) = admin {
            request = request.header("x-admin-id", admin);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 400, "{admin:?}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    }
}

#[tokio::test]
async fn no_secret_is_in_any_answer() {
    let world = World::start().await;
    world.carry("orders/create", fixture::ORDER).await;
    let secrets = [
        world.haravan_token().await,
        world.stack.addresses.client_secret.clone(),
        world.stack.addresses.getfly_api_key.clone(),
        world.api_key(),
    ];
    for path in
        ["/api/v1/haravan", "/api/v1/events", "/api/v1/settings", "/api/v1/crm/users", "/api/v1/preview"]
    {
        let (status, answer) = world.call(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}");
        let text = answer.to_string();
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{path}: {text}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let world = World::start().await;
    let body = json!({"admin": {"id": "7", "name": "x".repeat(300_000)}});
    let (status, problem) = world.call(Method::POST, "/api/sessions", Some(body)).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (413, Some("too_large")));
}

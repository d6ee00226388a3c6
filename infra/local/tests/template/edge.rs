//! Addresses: what is pasted at Haravan, Facebook and Zalo, and what the edge leads where.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{code, functions, template};

/// The longest part of a path that is text and not a pattern: `/api/pages/facebook/deletion*` → `…/deletion`.
fn fixed(path: &str) -> &str {
    path.split(['*', '$']).next().unwrap_or(path).trim_end_matches('/')
}

/// The one of the two that is there when the condition holds.
fn given(value: &Value) -> &Value {
    value.pointer("/Fn::If/1").unwrap_or(value)
}

#[test]
fn what_is_pasted_at_the_providers_are_paths_of_the_code_in_that_order() {
    let template = template("template.yaml");
    let outputs = template["Outputs"].as_object().unwrap();
    let source = code("functions") + &code("common/src");
    let mut pasted = Vec::new();
    for (name, output) in outputs {
        let description = output["Description"].as_str().unwrap();
        let (provider, rest) = description.split_once(' ').unwrap();
        if !["Haravan", "Facebook", "Zalo"].contains(&provider) {
            continue;
        }
        let place = rest.split(',').next().unwrap();
        pasted.push((name.as_str(), format!("{provider} {place}")));
        let value = output["Value"].to_string();
        let path = &value[value.find("/api/").or_else(|| value.find("}api/")).unwrap()..];
        let path = path.split('"').next().unwrap().replace('}', "/");
        assert!(source.contains(fixed(&path)), "{name}: no function has {path}");
    }
    let wanted = [
        ("HaravanLoginUrl", "Haravan 1"),
        ("HaravanGrantUrl", "Haravan 2"),
        ("HaravanWebhookUrl", "Haravan 3"),
        ("FacebookRedirectUri", "Facebook 1"),
        ("FacebookWebhookUrl", "Facebook 2"),
        ("FacebookDeauthorizeUrl", "Facebook 3"),
        ("FacebookDeletionUrl", "Facebook 4"),
        ("ZaloCallbackUrl", "Zalo 1"),
        ("ZaloWebhookUrl", "Zalo 2"),
    ];
    let mut wanted: Vec<(&str, String)> = wanted.map(|(name, place)| (name, place.to_owned())).into();
    // The JSON here does not keep the file's order; the numbers do.
    pasted.sort();
    wanted.sort();
    assert_eq!(pasted, wanted);
}

#[test]
fn no_function_goes_on_after_the_edge_has_told_the_browser_that_it_failed() {
    let edge = template("infra/edge.yaml");
    let origins = &edge["Resources"]["Distribution"]["Properties"]["DistributionConfig"]["Origins"];
    let waits = origins.as_array().unwrap().iter().map(|origin| {
        let config = &given(origin)["CustomOriginConfig"];
        config["OriginReadTimeout"].as_u64().unwrap()
    });
    let edge_waits = waits.min().unwrap();
    for function in functions(&template("template.yaml")) {
        if function.properties["FunctionUrlConfig"].is_object() {
            assert!(function.timeout() < edge_waits, "{}", function.name);
        }
    }
}

#[test]
fn the_edge_leads_every_path_to_a_function_that_has_it() {
    let (template, edge) = (template("template.yaml"), template("infra/edge.yaml"));
    let open: BTreeSet<String> = functions(&template)
        .iter()
        .filter(|function| function.properties["FunctionUrlConfig"].is_object())
        .map(|function| function.binary.clone())
        .collect();
    let config = &edge["Resources"]["Distribution"]["Properties"]["DistributionConfig"];
    let id = |origin: &Value| given(origin)["Id"].as_str().unwrap().to_owned();
    let origins: BTreeSet<String> = config["Origins"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(origins, open, "an open function is not behind the edge");

    let behaviours: Vec<&Value> = config["CacheBehaviors"].as_array().unwrap().iter().map(given).collect();
    let mut seen = BTreeSet::from(["console".to_owned()]);
    for behaviour in &behaviours {
        let (path, target) =
            (behaviour["PathPattern"].as_str().unwrap(), behaviour["TargetOriginId"].as_str().unwrap());
        let source = code(&format!("functions/{target}/src")) + &code("common/src");
        assert!(source.contains(fixed(path)), "{target} does not have {path}");
        seen.insert(target.to_owned());
    }
    assert_eq!(seen, open);
    assert_eq!(config["DefaultCacheBehavior"]["TargetOriginId"], "console");
    // One cached page would be shown to another admin; one redirected delivery would be lost.
    for behaviour in behaviours.into_iter().chain([&config["DefaultCacheBehavior"]]) {
        assert_eq!(behaviour["CachePolicyId"], "4135ea2d-6df8-44a3-9df3-4b5a84be39ad");
        assert_eq!(behaviour["OriginRequestPolicyId"], "b689b0a8-53d0-40ab-baf2-68738e2966ac");
        assert_eq!(behaviour["ViewerProtocolPolicy"], "https-only");
    }
}

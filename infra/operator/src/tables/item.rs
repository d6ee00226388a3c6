//! An item in DynamoDB's JSON: `{"Item": {"name": {"S": "text"}, "count": {"N": "1"}, "blob": {"B": "base64"}}}`.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

pub(super) type Item = HashMap<String, AttributeValue>;

/// How deep lists and maps may lie in each other: DynamoDB's own limit.
const DEEPEST: u8 = 32;

/// An item's line, without its end.
pub(super) fn line(item: &Item) -> Result<String> {
    let mut fields = Map::new();
    for (name, value) in item {
        fields.insert(name.clone(), written(value)?);
    }
    Ok(serde_json::to_string(&json!({"Item": fields}))?)
}

/// The item of a line.
pub(super) fn read(line: &str) -> Result<Item> {
    let mut line: Map<String, Value> = serde_json::from_str(line).context("it is not a line of JSON")?;
    let Some(Value::Object(fields)) = line.remove("Item") else { bail!("it has no \"Item\"") };
    let read = |(name, value)| {
        let value = attribute(value, DEEPEST).with_context(|| format!("its attribute {name:?}"))?;
        Ok((name, value))
    };
    fields.into_iter().map(read).collect()
}

fn written(value: &AttributeValue) -> Result<Value> {
    let base64 = |blob: &Blob| STANDARD.encode(blob.as_ref());
    Ok(match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::B(blob) => json!({"B": base64(blob)}),
        AttributeValue::Bool(is) => json!({"BOOL": is}),
        AttributeValue::Null(is) => json!({"NULL": is}),
        AttributeValue::Ss(texts) => json!({"SS": texts}),
        AttributeValue::Ns(numbers) => json!({"NS": numbers}),
        AttributeValue::Bs(blobs) => json!({"BS": blobs.iter().map(base64).collect::<Vec<_>>()}),
        AttributeValue::L(values) => json!({"L": values.iter().map(written).collect::<Result<Vec<_>>>()?}),
        AttributeValue::M(fields) => {
            let field = |(name, value): (&String, &AttributeValue)| Ok((name.clone(), written(value)?));
            json!({"M": fields.iter().map(field).collect::<Result<Map<_, _>>>()?})
        }
        _ => bail!("an attribute is of a type that this version does not know"),
    })
}

fn attribute(value: Value, deepest: u8) -> Result<AttributeValue> {
    let Some(deeper) = deepest.checked_sub(1) else { bail!("lies too deep") };
    let Value::Object(typed) = value else { bail!("is not an object") };
    let mut typed = typed.into_iter();
    let (Some((kind, value)), None) = (typed.next(), typed.next()) else { bail!("is not of one type") };
    Ok(match kind.as_str() {
        "S" => AttributeValue::S(text(value)?),
        "N" => AttributeValue::N(text(value)?),
        "B" => AttributeValue::B(blob(value)?),
        "BOOL" => AttributeValue::Bool(value.as_bool().context("is neither true nor false")?),
        "NULL" => AttributeValue::Null(value.as_bool().context("is neither true nor false")?),
        "SS" => AttributeValue::Ss(list(value, text)?),
        "NS" => AttributeValue::Ns(list(value, text)?),
        "BS" => AttributeValue::Bs(list(value, blob)?),
        "L" => AttributeValue::L(list(value, |value| attribute(value, deeper))?),
        "M" => {
            let Value::Object(fields) = value else { bail!("is not an object") };
            let field = |(name, value)| Ok((name, attribute(value, deeper)?));
            AttributeValue::M(fields.into_iter().map(field).collect::<Result<_>>()?)
        }
        _ => bail!("is of a type that DynamoDB does not have"),
    })
}

fn text(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        _ => bail!("is not text"),
    }
}

fn blob(value: Value) -> Result<Blob> {
    Ok(Blob::new(STANDARD.decode(text(value)?).ok().context("is not base64")?))
}

fn list<T>(value: Value, read: impl Fn(Value) -> Result<T>) -> Result<Vec<T>> {
    match value {
        Value::Array(values) => values.into_iter().map(read).collect(),
        _ => bail!("is not a list"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_of_every_type_comes_back_as_it_was() {
        let text = r#"{"Item":{"s":{"S":"Hạt"},"n":{"N":"1781253000000"},"b":{"B":"AQL/"},"t":{"BOOL":true},"z":{"NULL":true},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2.5"]},"bs":{"BS":["AQ==","Ag=="]},"l":{"L":[{"S":"x"},{"M":{"y":{"N":"3"}}}]},"m":{"M":{"in":{"L":[]}}}}}"#;
        let item = read(text).unwrap();
        assert_eq!(item.len(), 10);
        assert_eq!(item["b"], AttributeValue::B(Blob::new([1, 2, 255])));
        assert_eq!(read(&line(&item).unwrap()).unwrap(), item);
        let same: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line(&item).unwrap()).unwrap(), same);
    }

    #[test]
    fn what_is_no_item_is_refused_and_says_why() {
        for (bad, words) in [
            ("", "not a line of JSON"),
            ("[]", "not a line of JSON"),
            ("{}", "no \"Item\""),
            (r#"{"Item":{"a":"x"}}"#, "\"a\""),
            (r#"{"Item":{"a":{"S":1}}}"#, "not text"),
            (r#"{"Item":{"a":{"B":"%"}}}"#, "not base64"),
            (r#"{"Item":{"a":{"S":"x","N":"1"}}}"#, "one type"),
            (r#"{"Item":{"a":{"X":"x"}}}"#, "does not have"),
        ] {
            let error = format!("{:#}", read(bad).unwrap_err());
            assert!(error.contains(words), "{bad}: {error}");
        }
        let deep = format!(r#"{{"Item":{{"a":{}{{"S":"x"}}{}}}}}"#, r#"{"L":["#.repeat(40), "]}".repeat(40));
        assert!(format!("{:#}", read(&deep).unwrap_err()).contains("too deep"));
    }
}

//! The signature and the headers of a delivery (haravan.md §2.5, §2.6).

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Header with the signature.
pub const SIGNATURE: &str = "X-Haravan-Hmacsha256";
/// Header with the topic.
pub const TOPIC: &str = "X-Haravan-Topic";
/// Header with the organisation id.
pub const ORG: &str = "X-Haravan-Org-Id";
/// Header with a number unrelated to the body's `id`, on order topics.
pub const ORDER: &str = "X-Haravan-Order-Id";
/// Header of test sends.
pub const TEST: &str = "X-Haravan-Test";

/// `base64(HMAC-SHA256(client_secret as text, body))`, standard alphabet with padding (haravan.md §2.6).
pub fn sign(client_secret: &str, body: &[u8]) -> String {
    match Hmac::<Sha256>::new_from_slice(client_secret.as_bytes()) {
        Ok(mut mac) => {
            mac.update(body);
            STANDARD.encode(mac.finalize().into_bytes())
        }
        // HMAC takes keys of any length, so this arm is never taken.
        Err(_) => String::new(),
    }
}

/// A correctly signed delivery of `body`: what a test posts straight at a webhook handler.
pub fn signed_request(
    client_secret: &str,
    topic: &str,
    org: impl std::fmt::Display,
    body: impl Into<Bytes>,
) -> (HeaderMap, Bytes) {
    let body = body.into();
    let mut headers = HeaderMap::new();
    for (name, value) in delivery_headers(topic, &org.to_string(), &sign(client_secret, &body), 176_832) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    (headers, body)
}

/// The headers of haravan.md §2.5 in their exact spelling.
pub(super) fn delivery_headers(
    topic: &str,
    org: &str,
    signature: &str,
    unrelated_order_number: u32,
) -> Vec<(String, String)> {
    let mut headers = vec![
        ("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned()),
        (TOPIC.to_owned(), topic.to_owned()),
        (ORG.to_owned(), org.to_owned()),
        (SIGNATURE.to_owned(), signature.to_owned()),
    ];
    if topic.starts_with("orders/") {
        headers.push((ORDER.to_owned(), unrelated_order_number.to_string()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "hrv_test_client_secret";

    #[test]
    fn signatures_equal_the_published_vectors() {
        let vectors: [(&[u8], &str); 6] = [
            (
                include_bytes!("../../fixtures/order_create.json"),
                "KNj3ZD6o1Ty4ZNrp5nVgkZGPku2uK8dbxM9iNy9rGmA=",
            ),
            (
                include_bytes!("../../fixtures/order_create_paid.json"),
                "tRT94t9KeOtahb+rPmHPCdVPxDO/K0/P74UZkup32fY=",
            ),
            (
                include_bytes!("../../fixtures/customer_create.json"),
                "jZNf2pRNXUG6a1eex5p3KQV7nNgI1ffXPHuuulWY6CI=",
            ),
            (br#"{"id":1}"#, "Upt/kQSHqF3RGZKKb0KjluLK0hitgvZj45QzCcytnZQ="),
            ("{\"name\":\"Hạt Mầm\"}".as_bytes(), "LSS/vo324pUY7dAFm9CkHOVdIgjJ5fg6fXOepxWxG9s="),
            (b"", "9HI8wXGboJAFLQxxdyQ6eaBag38yNNhDVOY5kzrGKaI="),
        ];
        for (body, expected) in vectors {
            assert_eq!(sign(KEY, body), expected);
        }
    }

    #[test]
    fn a_signed_request_carries_the_documented_headers() {
        let (headers, body) = signed_request(KEY, "orders/create", 200_000_987_654_i64, &br#"{"id":1}"#[..]);
        assert_eq!(body.as_ref(), br#"{"id":1}"#);
        assert_eq!(headers["x-haravan-topic"], "orders/create");
        assert_eq!(headers["x-haravan-org-id"], "200000987654");
        assert_eq!(headers["x-haravan-hmacsha256"], "Upt/kQSHqF3RGZKKb0KjluLK0hitgvZj45QzCcytnZQ=");
        assert_eq!(headers["content-type"], "application/json; charset=utf-8");
        assert!(headers.contains_key("x-haravan-order-id"));
        let (headers, _) = signed_request(KEY, "customers/create", 1, &b""[..]);
        assert!(!headers.contains_key("x-haravan-order-id"));
    }
}

//! A bare HTTP/1.1 POST over TCP, for what an HTTP client will not do: header names in any case, and a body that
//! comes in two halves. Plain http only.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// The most of an answer that is read.
const LARGEST_ANSWER: u64 = 1_000_000;

/// Posts `body` with `headers` exactly as spelt, pausing in the middle of the body, and reads the whole answer.
pub(super) async fn post(
    url: &Url,
    headers: &[(String, String)],
    body: &[u8],
    pause: Duration,
) -> Result<u16, String> {
    let host = url.host_str().ok_or("the address has no host")?;
    let port = url.port_or_known_default().ok_or("the address has no port")?;
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut head = format!("POST {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    let (first, second) = body.split_at(body.len() / 2);
    let answer = async {
        let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(first).await?;
        stream.flush().await?;
        tokio::time::sleep(pause).await;
        stream.write_all(second).await?;
        stream.flush().await?;
        let mut answer = Vec::new();
        stream.take(LARGEST_ANSWER).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = answer.await.map_err(|error| error.to_string())?;
    status_of(&answer).ok_or_else(|| "the answer is not HTTP".to_owned())
}

/// The status of an HTTP/1.1 answer.
fn status_of(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_from_the_first_line() {
        assert_eq!(status_of(b"HTTP/1.1 204 No Content\r\nx: y\r\n\r\n"), Some(204));
        assert_eq!(status_of(b"garbage"), None);
        assert_eq!(status_of(b""), None);
    }
}

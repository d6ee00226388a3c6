//! Calls that leave the machine: one HTTP client, and the rule for where it may go.
//!
//! Tenants supply the CRM's host, so a call must not be steered at our own network (design: https only, no private,
//! loopback or link-local address *after* resolution, no redirects). The rule sits in the client's resolver, where the
//! address that was checked is the address that is dialled; hosts written as addresses never reach a resolver and are
//! checked when the URL is read.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Longest wait for a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a whole answer.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(20);

/// Where calls may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// https to public addresses.
    Public,
    /// Also plain http and loopback: local mode.
    Loopback,
}

/// Why a URL may not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReachable {
    /// It is no URL with a host.
    #[error("not a URL with a host")]
    NotAUrl,
    /// Plain http.
    #[error("only https is allowed")]
    NotHttps,
    /// User names, passwords, queries and fragments have no place in a base URL.
    #[error("a base URL has no credentials, query or fragment")]
    NotABase,
    /// It points into a private network.
    #[error("the address is not public")]
    NotPublic,
}

impl Reach {
    /// Reads a base URL, ending in `/` so that paths can be joined to it.
    ///
    /// # Errors
    /// [`NotReachable`] says which rule it breaks.
    pub fn base_url(self, text: &str) -> Result<Url, NotReachable> {
        let mut url: Url = text.trim().parse().map_err(|_| NotReachable::NotAUrl)?;
        if url.username() != ""
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(NotReachable::NotABase);
        }
        match (self, url.scheme()) {
            (_, "https") | (Self::Loopback, "http") => {}
            _ => return Err(NotReachable::NotHttps),
        }
        let address = match url.host().ok_or(NotReachable::NotAUrl)? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        if address.is_some_and(|address| !self.allows(address)) {
            return Err(NotReachable::NotPublic);
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(url)
    }

    fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::Loopback && address.is_loopback())
    }

    /// Builds the client; build one and share it, for its pool of connections.
    ///
    /// It trusts Mozilla's CA roots as they were when the program was built, which cost nothing to read. Parsing the
    /// machine's takes 2.5 ms and more at every start, and a megabyte.
    ///
    /// # Errors
    /// Those of the TLS set-up.
    pub fn client(self) -> Result<reqwest::Client, reqwest::Error> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            // A frozen Lambda wakes up with connections the other side has long closed; a write on one has an outcome
            // nobody knows.
            .pool_idle_timeout(Duration::from_secs(15))
            .user_agent(concat!("haravan-connect/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .https_only(self == Self::Public)
            .dns_resolver(Arc::new(Resolver(self)))
            .build()
    }
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            let unique_local = first & 0xfe00 == 0xfc00;
            let link_local = first & 0xffc0 == 0xfe80;
            let site_local = first & 0xffc0 == 0xfec0;
            let documentation = first == 0x2001 && second == 0x0db8;
            // NAT64, 6to4 and Teredo carry an IPv4 address of anybody's choice.
            let embeds_v4 =
                (first == 0x64 && second == 0xff9b) || first == 0x2002 || (first == 0x2001 && second == 0);
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || unique_local
                || link_local
                || site_local
                || documentation
                || embeds_v4
                || v6.to_ipv4().is_some())
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let benchmark = a == 198 && (b == 18 || b == 19);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || shared
        || protocol
        || benchmark)
}

struct Resolver(Reach);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(Box::new(NotReachable::NotPublic) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_out_of_reach_in_every_spelling() {
        for url in [
            "https://127.0.0.1/",
            "https://10.1.2.3",
            "https://192.168.0.1",
            "https://172.16.9.9",
            "https://169.254.169.254/",
            "https://0.0.0.0",
            "https://100.64.0.1",
            "https://[::1]",
            "https://[fe80::1]",
            "https://[fd00::1]",
            "https://[::ffff:10.0.0.1]",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[64:ff9b::a00:1]",
            "https://[2002:7f00:1::]",
        ] {
            assert_eq!(Reach::Public.base_url(url), Err(NotReachable::NotPublic), "{url}");
        }
    }

    #[test]
    fn a_base_url_is_https_and_nothing_more() {
        let read = |url: &str| Reach::Public.base_url(url);
        assert_eq!(read("https://shop.getflycrm.com").unwrap().as_str(), "https://shop.getflycrm.com/");
        assert_eq!(read("https://crm.example.vn/x").unwrap().as_str(), "https://crm.example.vn/x/");
        assert_eq!(read("http://shop.getflycrm.com"), Err(NotReachable::NotHttps));
        assert_eq!(read("ftp://shop.getflycrm.com"), Err(NotReachable::NotHttps));
        assert_eq!(read("https://a:b@shop.getflycrm.com"), Err(NotReachable::NotABase));
        assert_eq!(read("https://shop.getflycrm.com/?x=1"), Err(NotReachable::NotABase));
        assert_eq!(read("shop.getflycrm.com"), Err(NotReachable::NotAUrl));
    }

    #[test]
    fn local_mode_opens_loopback_and_nothing_else() {
        assert!(Reach::Loopback.base_url("http://127.0.0.1:8080/sim").is_ok());
        assert_eq!(Reach::Loopback.base_url("http://10.0.0.1/"), Err(NotReachable::NotPublic));
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_loopback_is_refused() {
        let client = Reach::Public.client().unwrap();
        let error = client.get("https://localhost:1/").send().await.unwrap_err();
        assert!(format!("{error:?}").contains("NotPublic"), "{error:?}");
    }
}

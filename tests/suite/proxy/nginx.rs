//! The real nginx with `infra/nginx.conf`, before one more server that plays Lambda: TLS by the function's name, then the
//! stack.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::names::Names;

const EXAMPLE: &str = include_str!("../../../infra/nginx.conf");

/// The CRM's domain in the example.
pub const CRM: &str = "crm.example.com";
/// `PagesUrl`'s host in the example.
pub const PAGES: &str = "pages.example.com";

/// nginx; dropping it ends it.
pub struct Nginx {
    /// Where it listens.
    pub port: u16,
    folder: tempfile::TempDir,
    process: Child,
    _names: Names,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Nginx {
    /// Starts it before the stack at `base_url`; `None` when this machine has none, unless `NGINX_TESTS=required`.
    pub async fn start(base_url: &str) -> Option<Self> {
        let Some(program) = program() else {
            let required = std::env::var("NGINX_TESTS").is_ok_and(|value| value == "required");
            assert!(!required, "NGINX_PROGRAM names no nginx, and none is on the path");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let names = Names::start().await;
        let (port, lambda) = (free_port(), free_port());
        certify(folder.path());
        let inside = |name: &str| folder.path().join(name).display().to_string();
        let example = changed(&[
            ("listen 443 ssl;", &format!("listen 127.0.0.1:{port} ssl;")),
            ("/etc/ssl/crm.example.com.pem", &inside("cert")),
            ("/etc/ssl/crm.example.com.key", &inside("key")),
            ("/etc/ssl/certs/ca-certificates.crt", &inside("cert")),
            ("resolver 169.254.169.253 ", &format!("resolver {} ", names.address)),
            ("https://$connect_function;", &format!("https://$connect_function:{lambda};")),
            ("/var/log/nginx/connect.log", &inside("access")),
            ("/var/log/nginx/connect.error.log", &inside("error")),
        ]);
        let whole = format!(
            "daemon off;\nmaster_process off;\npid {pid};\nerror_log {own_error} crit;\n\
             events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n\
             client_body_temp_path {body};\nproxy_temp_path {proxy};\nfastcgi_temp_path {other};\n\
             uwsgi_temp_path {other};\nscgi_temp_path {other};\n{example}\n\
             log_format lambda '$ssl_server_name $http_host $request_method $uri $status \
             [$http_x_forwarded_for$http_x_forwarded_host$http_forwarded]';\n\
             server {{\nlisten 127.0.0.1:{lambda} ssl;\nssl_certificate {cert};\nssl_certificate_key {key};\n\
             client_max_body_size 20m;\nclient_body_buffer_size 20m;\naccess_log {lambda_log} lambda;\n\
             location / {{ proxy_pass {base_url}; proxy_set_header Host $http_host; proxy_http_version 1.1; }}\n}}\n}}\n",
            pid = inside("pid"),
            own_error = inside("own_error"),
            body = inside("body"),
            proxy = inside("proxy"),
            other = inside("other"),
            cert = inside("cert"),
            key = inside("key"),
            lambda_log = inside("lambda"),
        );
        std::fs::write(folder.path().join("nginx.conf"), whole).unwrap();
        let mut process = Command::new(program)
            .args(["-p", &inside(""), "-c", &inside("nginx.conf"), "-e", &inside("own_error")])
            .stdin(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut tries = 0;
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let ended = process.try_wait().unwrap().is_some();
            let said = || std::fs::read_to_string(folder.path().join("stderr")).unwrap_or_default();
            assert!(!ended && tries < 200, "nginx did not start: {}", said());
            tokio::time::sleep(Duration::from_millis(50)).await;
            tries += 1;
        }
        Some(Self { port, folder, process, _names: names })
    }

    /// The address of a host behind it.
    pub fn url(&self, host: &str) -> String {
        format!("https://{host}:{}", self.port)
    }

    /// A client for which both hosts are here. Whose the certificate is says nothing about what is tested.
    pub fn client(&self) -> reqwest::Client {
        let here = ([127, 0, 0, 1], self.port).into();
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .tls_danger_accept_invalid_certs(true)
            .resolve(CRM, here)
            .resolve(PAGES, here)
            .build()
            .unwrap()
    }

    /// What the example logs, accesses and errors, once an access that ends so is there: a request is logged when its
    /// connection is done with.
    pub async fn logged(&self, access: &str) -> String {
        for _ in 0..200 {
            if self.read("access").contains(access) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        ["access", "error", "own_error", "stderr"].map(|name| self.read(name)).concat()
    }

    /// The requests that came through to Lambda: name in TLS, `Host`, method, path, status and what was forwarded.
    pub fn came_through(&self) -> Vec<String> {
        self.read("lambda").lines().map(str::to_owned).collect()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

/// What `NGINX_PROGRAM` names, or nginx on the path or where Debian puts it.
fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("NGINX_PROGRAM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join("nginx")).find(|program| program.is_file())
}

/// The example with other addresses. Each of them is there, or this is not the file it is about.
fn changed(addresses: &[(&str, &str)]) -> String {
    addresses.iter().fold(EXAMPLE.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    })
}

/// A certificate of all the names, its own authority.
fn certify(folder: &Path) {
    let names = "subjectAltName=DNS:crm.example.com,DNS:pages.example.com,\
                 DNS:*.lambda-url.ap-southeast-1.on.aws";
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=crm.example.com", "-addext", names, "-out"])
        .arg(folder.join("cert"))
        .arg("-keyout")
        .arg(folder.join("key"))
        .output()
        .unwrap();
    assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

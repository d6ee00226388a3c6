//! A real Chromium, driven by its own driver over the W3C protocol.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;

/// The widths the pages are looked at: a desk and a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// 1280 × 900.
    Desktop,
    /// 390 × 844, touch.
    Phone,
}

impl Screen {
    fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Phone => "phone",
        }
    }

    fn options(self, profile: &Path) -> serde_json::Value {
        let mut arguments: Vec<String> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=vi",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!("--user-data-dir={}", profile.display()));
        let mut options = json!({"binary": "/usr/bin/chromium"});
        match self {
            Self::Desktop => arguments.push("--window-size=1280,900".to_owned()),
            Self::Phone => {
                options["mobileEmulation"] = json!({
                    "deviceMetrics": {"width": 390, "height": 844, "pixelRatio": 2.0, "touch": true},
                });
            }
        }
        options["args"] = json!(arguments);
        options
    }
}

/// A browser with a profile of its own; dropping it ends it.
pub struct Browser {
    /// The session.
    pub client: Client,
    screen: Screen,
    shots: PathBuf,
    driver: Child,
    _profile: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

impl Browser {
    /// Starts one; `None` when this machine has no Chromium with its driver, unless `BROWSER_TESTS=required`.
    pub async fn start(screen: Screen) -> Option<Self> {
        if ["/usr/bin/chromium", "/usr/bin/chromedriver"].iter().any(|program| !Path::new(program).exists()) {
            let required = std::env::var("BROWSER_TESTS").is_ok_and(|value| value == "required");
            assert!(!required, "the packages chromium and chromium-driver are not installed");
            return None;
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let profile = tempfile::tempdir().unwrap();
        let driver = Command::new("/usr/bin/chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("browserName".to_owned(), json!("chrome"));
        capabilities.insert("goog:chromeOptions".to_owned(), screen.options(profile.path()));
        let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(capabilities);
        let mut tries = 0;
        let client = loop {
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => break client,
                Err(error) if tries > 100 => panic!("the browser did not start: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
            tries += 1;
        };
        let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&shots).unwrap();
        Some(Self { client, screen, shots, driver, _profile: profile })
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Waits for an element that CSS finds, and gives it.
    pub async fn find(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(Duration::from_secs(15)).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{css}: {error}; the page says: {}", self.text().await),
        }
    }

    /// Presses the button or link with this text.
    pub async fn press(&self, label: &str) {
        let xpath = format!("//*[self::button or self::a][normalize-space()='{label}']");
        let wait = self.client.wait().at_most(Duration::from_secs(15));
        match wait.for_element(Locator::XPath(&xpath)).await {
            Ok(element) => element.click().await.unwrap(),
            Err(error) => panic!("{label:?}: {error}; the page says: {}", self.text().await),
        }
    }

    /// Presses the element that CSS finds.
    pub async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Types into the field with this name, in place of what is there.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.find(&format!("[name='{name}']")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Waits until the page says something.
    pub async fn see(&self, words: &str) {
        for _ in 0..150 {
            if self.text().await.contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{words:?} is not on the page: {}", self.text().await);
    }

    /// Opens an address again and again until the page says something.
    pub async fn wait_for(&self, url: &str, words: &str) {
        for _ in 0..60 {
            self.open(url).await;
            if self.text().await.contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("{words:?} does not come up: {}", self.text().await);
    }

    /// The page's HTML.
    pub async fn source(&self) -> String {
        self.client.source().await.unwrap()
    }

    /// What the page says.
    pub async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Keeps a picture of the page under `target/tmp/screenshots`, and holds that nothing sticks out sideways and that
    /// axe-core finds nothing serious, where `AXE_CORE` names its script.
    pub async fn look(&self, name: &str) {
        self.accessible(name).await;
        let widths = "return [document.documentElement.scrollWidth, window.innerWidth]";
        let widths = self.client.execute(widths, Vec::new()).await.unwrap();
        let [content, window] = [0, 1].map(|place| widths[place].as_i64().unwrap());
        assert!(content <= window, "{name}: the page is {content} px wide on a screen of {window}");
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(self.shots.join(format!("{name}-{}.png", self.screen.name())), picture).unwrap();
    }

    async fn accessible(&self, name: &str) {
        let Some(axe) = std::env::var_os("AXE_CORE") else { return };
        let axe = std::fs::read_to_string(&axe).unwrap_or_else(|error| panic!("AXE_CORE: {error}"));
        self.client.execute(&format!("{axe}; return 0"), Vec::new()).await.unwrap();
        let run = "const done = arguments[arguments.length - 1]; axe.run().then(found => done(found.violations
            .filter(one => one.impact === 'serious' || one.impact === 'critical')
            .map(one => one.id + ': ' + one.nodes.map(node => node.html).join(' '))), wrong => done(['' + wrong]))";
        let found = self.client.execute_async(run, Vec::new()).await.unwrap();
        assert_eq!(found, json!([]), "{name}");
    }

    /// Ends the session.
    pub async fn close(self) {
        drop(self.client.clone().close().await);
    }
}

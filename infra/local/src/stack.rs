//! Everything together, started and stopped as one.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use axum::Router;
use common::connect::flow::Step;
use common::haravan::admin::Admin;
use common::haravan::subscription::Subscription;
use common::haravan::token_endpoint::TokenEndpoint;
use common::haravan::webhook::Entity;
use common::intake::job::Intake;
use common::pages::Pages;
use common::refresh::Refresher;
use common::seal::{KeyRing, SecretSource, ensure_ring_file};
use common::store::inbox::Status;
use common::store::{Store, schema};
use common::wire::egress::Reach;
use connect_tests::{getfly, haravan};
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use upkeep::Upkeep;
use url::Url;

use crate::access::{APPS, Access};
use crate::connect;
use crate::embedded::{self, Embedded};
use crate::guard::guarded;
use crate::haravan_urls::HaravanUrls;
use crate::options::{Addresses, GETFLY_PATH, HARAVAN_PATH, Options};
use crate::page;
use crate::pages::{self, Delivering, Simulated};
use crate::pump::{self, Filter, Pump};
use crate::seed::{self, Outside, Seeded};

/// The running stack; dropping it stops everything.
pub struct Stack {
    /// What a script needs to know.
    pub addresses: Addresses,
    /// The embedded engine.
    pub embedded: Embedded,
    /// The tables, as nobody's in particular.
    pub store: Store,
    /// Opens the tables and secrets for a function.
    pub access: Access,
    /// What the intake functions work with: orders', then customers'.
    pub intakes: [Arc<Intake>; 2],
    /// What upkeep works with.
    pub upkeep: Upkeep,
    /// The simulated CRM.
    pub getfly: Option<getfly::Simulator>,
    /// The simulated Haravan.
    pub haravan: Option<haravan::Simulator>,
    /// The simulated Facebook and Zalo.
    pub pages: Option<Simulated>,
    /// Order events on their way, then customer events.
    pub pumps: [Pump; 2],
    /// Where the key ring is.
    pub key_ring: SecretSource,
    tasks: Vec<JoinHandle<()>>,
    /// Held on the data file; `None` in memory.
    lock: Option<std::fs::File>,
    _deliveries: Option<haravan::Deliveries>,
    _delivering: Option<Delivering>,
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        if let (false, SecretSource::File(path)) = (self.lock.is_some(), &self.key_ring) {
            drop(std::fs::remove_file(path));
        }
    }
}

impl Stack {
    /// Starts everything and returns once it serves.
    ///
    /// # Errors
    /// One line that says what is in the way: a busy port, an unreadable data file, an address that may not be called.
    pub async fn start(options: Options) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port))
            .await
            .with_context(|| format!("port {} on 127.0.0.1 cannot be opened", options.port))?;
        let address = listener.local_addr()?;
        if let Some(folder) = options.data.as_deref().and_then(Path::parent) {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        }
        let lock = options.data.as_deref().map(lock).transpose()?;
        let embedded = Embedded::open(options.data.as_deref())?;
        let client = embedded.client();
        let store = Store::new(&client, embedded::table_names());
        let ring = ring_source(options.data.as_deref())?;
        let seeded =
            seed::ensure(&store, &*load(&ring).await?, &outside(&options, address), options.clock.now())
                .await?;
        let addresses = addresses(&options, address, &embedded, &seeded);
        announce(&options, &addresses)?;

        let clock = options.clock.clone();
        let http = Reach::Loopback.client()?;
        let haravan_urls = HaravanUrls::of(&options, &addresses.base_url)?;
        let access =
            Access { key_ring: ring.source.clone(), clock: clock.clone(), between: options.between.clone() };
        let open = |function| access.open(function, &client);
        let apps = pages::source(&options)?;
        let apps = |function| access.secret(function, APPS, apps.clone());
        let intake = |function| {
            let ((store, directory), clock) = (open(function), clock.clone());
            let admin = Admin::new(http.clone(), haravan_urls.admin.clone());
            Arc::new(Intake::new(store, directory, http.clone(), Reach::Loopback, admin, clock))
        };
        let pages = |function| -> Result<Pages> {
            let (store, directory) = open(function);
            let providers = pages::providers(&addresses.base_url, &options, &http, apps(function))?;
            let (directory, providers) = (Arc::new(directory), Arc::new(providers));
            let accounts = TokenEndpoint::new(http.clone(), haravan_urls.accounts.clone());
            let known = Some(Arc::clone(&providers));
            let refresher =
                Refresher::new(store.clone(), Arc::clone(&directory), accounts, known, clock.clone());
            Ok(Pages { store, directory, providers, refresher, clock: clock.clone() })
        };
        let (of_webhook, directory) = open("webhook");
        let front_door = webhook::router(Arc::new(webhook::Webhook {
            store: of_webhook,
            directory,
            pages: webhook::pages::PageDoor::new(pages::apps(apps("webhook"), &clock)),
            clock: clock.clone(),
        }));
        let connects = connect::router(&haravan_urls, &open, &http, &clock);
        let upkeep = upkeep(&haravan_urls, pages("upkeep")?, &http);
        let pages_url: Url = addresses.base_url.parse()?;
        let of_pages = pages::router(pages("page-connect")?, pages("page-disconnect")?, &pages_url);

        let getfly = options.simulators.then(|| simulated_getfly(&seeded, &options)).transpose()?;
        let haravan =
            options.simulators.then(|| simulated_haravan(&seeded, &addresses, &options)).transpose()?;
        let (of_console, directory) = open("console");
        let console = console::router(Arc::new(console::Console {
            store: of_console,
            directory,
            http: http.clone(),
            reach: Reach::Loopback,
            admin: Admin::new(http.clone(), haravan_urls.admin.clone()),
            subscription: Subscription::new(http.clone(), haravan_urls.webhook.clone()),
            accounts_url: haravan_urls.accounts.to_string(),
            pages_url: Some(pages_url),
            providers: vec![addresses.base_url.clone()],
            clock: clock.clone(),
        }));
        let mut app = Router::new().merge(front_door).merge(connects).merge(of_pages).merge(console);
        if let Some(getfly) = &getfly {
            let home = Router::new().route(&format!("{GETFLY_PATH}/"), getfly.home());
            app = app.nest(GETFLY_PATH, guarded(getfly.router())).merge(guarded(home));
        }
        if let Some(haravan) = &haravan {
            app = app.nest(HARAVAN_PATH, guarded(haravan.router()));
        }
        let simulated =
            options.simulators.then(|| Simulated::start(&addresses.base_url, &options)).transpose()?;
        if let Some(simulated) = &simulated {
            app = app.merge(simulated.router());
        }
        app = app.merge(page::router(page::Page {
            store: store.clone(),
            client: client.clone(),
            addresses: addresses.clone(),
            getfly: getfly.clone().filter(|_| options.getfly_url.is_none()),
            haravan: haravan.clone(),
            clock: clock.clone(),
        }));

        let intakes = [intake("order-intake"), intake("customer-intake")];
        let pumps = pumps(&embedded, &options, &intakes)?;
        let mut tasks = vec![tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the server stopped");
            }
        })];
        if let Some(pause) = options.upkeep_every {
            tasks.push(tokio::spawn(run_upkeep(upkeep.clone(), embedded.db.clone(), pause)));
        }
        let deliveries = match (&haravan, options.upkeep_every) {
            // Haravan's retries, hours apart in life, come within the minute here.
            (Some(haravan), Some(_)) => Some(haravan.run_deliveries(60.0)),
            _ => None,
        };
        let delivering = match (&simulated, options.upkeep_every) {
            (Some(simulated), Some(_)) => Some(simulated.deliver()),
            _ => None,
        };
        Ok(Self {
            addresses,
            embedded,
            store,
            access,
            intakes,
            upkeep,
            getfly,
            haravan,
            pumps,
            key_ring: ring.source,
            tasks,
            lock,
            pages: simulated,
            _deliveries: deliveries,
            _delivering: delivering,
        })
    }
}

fn upkeep(urls: &HaravanUrls, pages: Pages, http: &reqwest::Client) -> Upkeep {
    Upkeep {
        store: pages.store.clone(),
        refresher: pages.refresher.clone(),
        directory: Arc::clone(&pages.directory),
        subscription: Subscription::new(http.clone(), urls.webhook.clone()),
        admin: Admin::new(http.clone(), urls.admin.clone()),
        clock: pages.clock.clone(),
        limits: upkeep::Limits { per_tenant: 200, ..upkeep::Limits::default() },
        pages,
    }
}

struct Ring {
    source: SecretSource,
    path: PathBuf,
}

/// The ring's file beside the data file; for a database in memory, one of its own that goes with the stack.
fn ring_source(data: Option<&Path>) -> Result<Ring> {
    static STACKS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let path = match data {
        Some(data) => data.with_extension("keyring"),
        None => {
            let number = STACKS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            std::env::temp_dir().join(format!("haravan-connect-{}-{number}.keyring", std::process::id()))
        }
    };
    ensure_ring_file(&path)
        .with_context(|| format!("the key ring file {} cannot be made", path.display()))?;
    Ok(Ring { source: SecretSource::File(path.clone()), path })
}

async fn load(ring: &Ring) -> Result<Box<KeyRing>> {
    let text = ring.source.text().await;
    let loaded = text.and_then(|text| KeyRing::from_json(text.expose_secret()));
    Ok(Box::new(loaded.with_context(|| format!("the key ring file {} cannot be used", ring.path.display()))?))
}

fn outside(options: &Options, address: SocketAddr) -> Outside {
    Outside {
        public_url: format!("http://{address}"),
        crm_url: options.getfly_url.clone().unwrap_or_else(|| format!("http://{address}{GETFLY_PATH}")),
        crm_key: options.getfly_api_key.clone(),
        client_secret: options.client_secret.clone(),
        access_token: options.haravan_token.clone(),
    }
}

fn addresses(options: &Options, address: SocketAddr, embedded: &Embedded, seeded: &Seeded) -> Addresses {
    let base_url = format!("http://{address}");
    Addresses {
        tenant_id: seeded.tenant.to_string(),
        org_id: seed::ORG.to_string(),
        client_secret: seed::reveal(&seeded.client_secret),
        verify_token: seed::reveal(&seeded.verify_token),
        webhook_url: format!("{base_url}/api/haravan/webhook/{}", seeded.tenant),
        haravan_url: options.haravan_url.clone().unwrap_or_else(|| format!("{base_url}{HARAVAN_PATH}")),
        getfly_url: options.getfly_url.clone().unwrap_or_else(|| format!("{base_url}{GETFLY_PATH}")),
        getfly_api_key: seed::reveal(&seeded.crm_key),
        api_key: seed::reveal(seeded.api_key().reveal()),
        dynamodb_url: format!("http://{}", embedded.address),
        base_url,
    }
}

/// The simulated CRM; its records lie beside the data file and outlive the program, as a real CRM's would.
fn simulated_getfly(seeded: &Seeded, options: &Options) -> Result<getfly::Simulator> {
    let settings = getfly::Settings { api_key: seed::reveal(&seeded.crm_key), ..getfly::Settings::default() };
    let clock = options.clock.clone();
    let now = move || clock.now();
    let simulator = match &options.data {
        Some(data) => getfly::Simulator::persistent(settings, now, data.with_extension("getfly"))?,
        None => getfly::Simulator::with_clock(settings, now),
    };
    // The simulated shop's owner works in the CRM too, so that orders typed in by staff find their assignee.
    if simulator.users().iter().all(|user| user.user_name != "minh.anh") {
        simulator.add_user(getfly::User {
            user_id: 11,
            user_name: "minh.anh".to_owned(),
            contact_name: "Lê Minh Anh".to_owned(),
            email: "minhanh@example.com".to_owned(),
            dept_id: 2,
            dept_name: "Kinh doanh".to_owned(),
            valid: 1,
            ..getfly::User::default()
        });
    }
    Ok(simulator)
}

/// The simulated Haravan; what it still had to deliver when the program ended is delivered by the next.
fn simulated_haravan(
    seeded: &Seeded,
    addresses: &Addresses,
    options: &Options,
) -> Result<haravan::Simulator> {
    let mut plan = haravan::Seed::demo().with_webhook_at(&addresses.webhook_url);
    for app in &mut plan.apps {
        app.redirect_uris =
            [Step::Login, Step::Install].map(|step| format!("{}{}", addresses.base_url, step.path())).into();
        app.client_secret = seed::reveal(&seeded.client_secret);
        app.webhook.verify_token = seed::reveal(&seeded.verify_token);
    }
    for token in &mut plan.tokens {
        token.token = seed::reveal(&seeded.access_token);
    }
    let clock = options.clock.clone();
    let clock = haravan::Clock::new(move || clock.now());
    let simulator = match &options.data {
        Some(data) => haravan::Simulator::persistent(plan, clock, data.with_extension("haravan"))?,
        None => haravan::Simulator::with_clock(plan, clock),
    };
    simulator.set_public_url(&format!("{}{HARAVAN_PATH}", addresses.base_url));
    // A subscription that was lost stays lost over a restart.
    if simulator.subscriptions().is_empty() {
        simulator
            .subscribe(None, None)
            .map_err(|refusal| anyhow!("the simulated shop is not subscribed: {refusal}"))?;
    }
    Ok(simulator)
}

/// Says beside the data file where the stack is, for the operator's command line (`infra/operator`).
fn announce(options: &Options, addresses: &Addresses) -> Result<()> {
    let Some(data) = &options.data else { return Ok(()) };
    let mut environment = pages::environment(options, &addresses.base_url)?;
    let urls = HaravanUrls::of(options, &addresses.base_url)?;
    environment.insert("HARAVAN_WEBHOOK_URL", urls.webhook.to_string());
    let said = serde_json::json!({"dynamodb_url": addresses.dynamodb_url, "environment": environment});
    let path = data.with_extension("running");
    std::fs::write(&path, said.to_string())
        .with_context(|| format!("the file {} cannot be written", path.display()))
}

/// Two programs on one data file would each miss what the other writes.
fn lock(data: &Path) -> Result<std::fs::File> {
    let path = data.with_extension("lock");
    let file = std::fs::File::create(&path)
        .with_context(|| format!("the file {} cannot be made", path.display()))?;
    file.try_lock().map_err(|_| anyhow!("the data file {} is in use by another program", data.display()))?;
    Ok(file)
}

/// One pump per intake function, with the filters of `template.yaml`, on the stream that the inbox has now.
///
/// # Errors
/// An inbox without a stream.
pub fn pumps(
    embedded: &Embedded,
    options: &Options,
    [orders, customers]: &[Arc<Intake>; 2],
) -> Result<[Pump; 2]> {
    let (orders, customers) = (Arc::clone(orders), Arc::clone(customers));
    let arn = embedded.stream_arn("inbox")?;
    let start = |entity: Entity, handler: pump::Handler| {
        let filter = Filter {
            equals: (schema::inbox::STATUS, Status::Ready.as_str()),
            prefix: (schema::inbox::TOPIC, entity.topic_prefix()),
        };
        let checkpoint =
            options.data.as_ref().map(|data| data.with_extension(format!("{}.checkpoint", entity.as_str())));
        let settings = pump::Settings { checkpoint, ..options.pump.clone() };
        Pump::start(embedded.db.clone(), arn.clone(), filter, settings, handler)
    };
    Ok([
        start(
            Entity::Order,
            Arc::new(move |event| {
                let intake = Arc::clone(&orders);
                Box::pin(async move { order_intake::handle(event, &intake).await })
            }),
        )?,
        start(
            Entity::Customer,
            Arc::new(move |event| {
                let intake = Arc::clone(&customers);
                Box::pin(async move { customer_intake::handle(event, &intake).await })
            }),
        )?,
    ])
}

/// The schedule pump: plays the schedule that invokes upkeep, and the expiry that DynamoDB does by itself.
async fn run_upkeep(upkeep: Upkeep, db: dynoxide::Database, pause: Duration) {
    loop {
        tokio::time::sleep(pause).await;
        if let Err(error) = upkeep::handle(&upkeep).await {
            tracing::warn!(%error, "upkeep did not run to its end");
        }
        if let Err(error) = db.sweep_ttl() {
            tracing::warn!(%error, "expired items were not removed");
        }
    }
}

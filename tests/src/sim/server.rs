//! A simulator on a listener of its own.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Where a simulator is reached.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// Where it is served.
    pub(crate) served: Option<String>,
    /// Where it was said to be; this one counts.
    pub(crate) public: Option<String>,
}

impl Addresses {
    /// The base URL without a slash at the end; nothing for a simulator that is not served and was told no address.
    pub(crate) fn base(&self) -> Option<&str> {
        self.public.as_deref().or(self.served.as_deref())
    }
}

/// A simulator being served; dropping it stops it.
#[derive(Debug)]
pub struct Server {
    url: String,
    address: SocketAddr,
    /// Its end stops the server.
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(listener: TcpListener, router: Router, name: &'static str) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            // Both a message and the sender's end mean "stop".
            let stopped = async {
                let _ = stopped.await;
            };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
                tracing::warn!(%error, "the simulated {name} stopped");
            }
        });
        Ok(Self { url: format!("http://{address}"), address, stop: Some(stop), task })
    }

    /// `http://127.0.0.1:{port}`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same, as a CRM calls it.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops and waits until the port is closed.
    pub async fn stop(mut self) {
        self.stop.take();
        let ended = self.task.await;
        tracing::debug!(ok = ended.is_ok(), "a simulator stopped");
    }
}

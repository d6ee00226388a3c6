//! The simulator alone on a listener of its own.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Simulator;

/// A simulator that listens; it stops when this is dropped.
#[derive(Debug)]
pub struct Served {
    base_url: String,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl Served {
    /// `http://127.0.0.1:{port}`, to which the routes are appended.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops and waits until the port is closed.
    pub async fn stop(mut self) {
        self.stop.take();
        if let Some(server) = self.server.take() {
            let ended = server.await;
            tracing::debug!(ok = ended.is_ok(), "the simulated Getfly stopped");
        }
    }
}

pub(super) async fn serve(simulator: &Simulator, address: SocketAddr) -> io::Result<Served> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let router = simulator.router();
    let server = tokio::spawn(async move {
        // Both a message and the sender's end mean "stop".
        let stopped = async {
            let _ = stopped.await;
        };
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
            tracing::warn!(%error, "the simulated Getfly stopped serving");
        }
    });
    Ok(Served { base_url: format!("http://{address}"), address, stop: Some(stop), server: Some(server) })
}

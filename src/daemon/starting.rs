//! Answers on the API's port until the daemon is up: a start may wait long for the store or the metadata database, and who asks whether
//! the process lives must hear of it.

use std::os::fd::AsFd as _;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api;
use crate::config::api::Api;
use crate::http_server::HttpServer;
use crate::metrics::Metrics;
use crate::tls::{Certificates, Protocol};

/// Every answer is at hand: what is not done by then has not come whole, and the daemon need not wait for it.
const FINISH_MAX: Duration = Duration::from_millis(500);

/// The server of the time before.
pub(super) struct Starting {
    stop: CancellationToken,
    served: JoinHandle<()>,
}

impl Starting {
    /// Answers on the same socket as `listener`, which must not be asked for connections before [`Self::end`].
    pub(super) fn serve(
        listener: &TcpListener,
        config: &Api,
        metrics: Metrics,
        side: &TaskTracker,
    ) -> anyhow::Result<Self> {
        let socket = listener.as_fd().try_clone_to_owned().context("share the API's socket")?;
        let listener = TcpListener::from_std(socket.into()).context("listen on the API's socket")?;
        let certificates = config.tls.as_ref().map(|tls| Certificates::load(tls, Protocol::Http1)).transpose();
        let server = HttpServer {
            listener,
            certificates: certificates.context("set up TLS for the API")?,
            router: api::starting(metrics, config),
            protocol: Protocol::Http1,
        };
        let stop = CancellationToken::new();
        let (config, until) = (config.clone(), stop.clone());
        let served = side.spawn(async move { server.serve(&config, until, FINISH_MAX).await });
        Ok(Self { stop, served })
    }

    /// Takes no more connections; those that come wait in the kernel's queue.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.served.await.context("join the API of the start")
    }
}

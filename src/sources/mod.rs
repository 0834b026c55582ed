//! Where records come in, apart from the HTTP API: one file a protocol.
//!
//! A listener is bound before anything runs, so that a port that is taken is an error of the
//! start; it then runs until it is told to stop, finishes the frames it has, and ends.

mod admission;
mod beats;
mod beats_window;
#[cfg(test)]
mod damaged_dialogues;
mod dialogue;
mod fluent;
mod fluent_flow;
mod fluent_handshake;
mod fluent_heartbeat;
mod fluent_json;
mod gathered;
mod gelf;
mod inflate;
mod inflated;
mod inflating;
mod intake;
mod joined_lines;
mod pass;
mod refusals;
mod relp;
mod sender_rate;
mod session;
mod stream;
mod stream_buffer;
mod stream_records;
mod tcp;
mod token_book;
mod udp;
mod unpacking;
mod whose;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use logseal_parsers::LineFormat;
use tokio::net::{TcpListener, UdpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::listener::{ListenerConfig, Protocol, Transport};
use crate::ingest::Ingest;
use crate::metrics::Metrics;
use crate::tls::{self, Certificates};

use admission::Admission;
use intake::Intake;

pub(crate) use token_book::TokenBook;

/// How long after a stop records wait for room in the queue: a full spool must not hold the stop up.
const QUEUE_WAIT_AT_STOP: Duration = Duration::from_secs(5);

/// A bound listener.
pub(crate) struct Listener {
    config: ListenerConfig,
    format: LineFormat,
    address: SocketAddr,
    socket: Socket,
    /// Fluent Forward's, on the port of the same number.
    heartbeat: Option<UdpSocket>,
}

enum Socket {
    Tcp(TcpListener),
    Udp(UdpSocket),
    Tls(TcpListener, Box<Certificates>),
}

impl Listener {
    /// Binds the listener's port and, for TLS, reads its certificates. `format` is what its configuration names.
    ///
    /// # Errors
    /// The port is taken or not allowed, or a certificate cannot be read.
    pub(crate) async fn bind(config: &ListenerConfig, format: LineFormat) -> anyhow::Result<Self> {
        let what = || format!("listen for {} on {} ({})", config.protocol, config.listen(), config.transport);
        let socket = match (config.transport, &config.tls) {
            (Transport::Tcp, _) => Socket::Tcp(TcpListener::bind(config.listen()).await.with_context(what)?),
            (Transport::Udp, _) => Socket::Udp(udp::bind(config).with_context(what)?),
            (Transport::Tls, Some(tls)) => {
                let certificates = Certificates::load(tls, tls::Protocol::Syslog).with_context(what)?;
                Socket::Tls(TcpListener::bind(config.listen()).await.with_context(what)?, Box::new(certificates))
            }
            (Transport::Tls, None) => anyhow::bail!("{}: transport \"tls\" needs certificate and key", what()),
        };
        let address = match &socket {
            Socket::Tcp(listener) | Socket::Tls(listener, _) => listener.local_addr(),
            Socket::Udp(socket) => socket.local_addr(),
        }
        .context("ask for the listener's own address")?;
        let heartbeat = if config.udp_heartbeat {
            let what = || format!("listen for {} heartbeats on {address} (udp)", config.protocol);
            Some(UdpSocket::bind(address).await.with_context(what)?)
        } else {
            None
        };
        Ok(Self { config: config.clone(), format, address, socket, heartbeat })
    }

    /// The address it listens on; the port is a real one even where 0 was configured.
    #[must_use]
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was configured to be.
    #[must_use]
    pub(crate) fn config(&self) -> &ListenerConfig {
        &self.config
    }

    /// Takes records in until `stop`, then finishes what it has read and joins its connections. `book` has the tokens that its
    /// configuration names.
    pub(crate) async fn run(self, ingest: Ingest, metrics: Metrics, book: TokenBook, stop: CancellationToken) {
        let origin = match self.config.protocol {
            Protocol::Syslog => format!("{}:{}", self.config.transport, self.address),
            protocol => format!("{protocol}+{}:{}", self.config.transport, self.address),
        };
        let too_late = CancellationToken::new();
        let intake = Intake::new(&self.config, self.format.clone(), origin, ingest, metrics, too_late.clone());
        let admission = Admission::new(&self.config, &book).map(Arc::new);
        let served = self.serve(&intake, admission, &stop);
        tokio::pin!(served);
        tokio::select! {
            () = &mut served => {}
            () = stop_and_wait(&stop) => {
                too_late.cancel();
                served.await;
            }
        }
    }

    async fn serve(self, intake: &Intake, admission: Option<Arc<Admission>>, stop: &CancellationToken) {
        let connections = TaskTracker::new();
        let (config, socket) = (&self.config, self.socket);
        let gate = |certificates| tcp::Gate::new(certificates, config, intake, admission, &connections, stop);
        let listen = async {
            match socket {
                Socket::Tcp(listener) => tcp::run(listener, gate(None)).await,
                Socket::Tls(listener, certificates) => tcp::run(listener, gate(Some(*certificates))).await,
                Socket::Udp(socket) => udp::run(&socket, config, intake, stop).await,
            }
        };
        let beat = async {
            if let Some(socket) = &self.heartbeat {
                fluent_heartbeat::answer(socket, config, stop).await;
            }
        };
        tokio::join!(listen, beat);
        connections.close();
        connections.wait().await;
    }
}

/// Resolves when what was read has had its time to find room in the queue after `stop`.
async fn stop_and_wait(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(QUEUE_WAIT_AT_STOP).await;
}

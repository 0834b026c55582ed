//! Listeners of TCP and TLS, whatever is spoken on them: accepting connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, debug_span, info, warn};

use super::admission::Admission;
use super::fluent_handshake::Secrets;
use super::intake::Intake;
use super::refusals::Refused;
use super::sender_rate::SenderRate;
use super::session::Session;
use crate::config::listener::ListenerConfig;
use crate::tls::{Certificates, client_names, handshake};

/// After an error that accepting will meet again at once, such as too many open files.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// Connections that do not get in are logged at most so often; the metric counts all that are refused.
const WARN_EVERY: Duration = Duration::from_secs(10);

/// Accepts connections until the gate's `stop`.
pub(super) async fn run(listener: TcpListener, mut gate: Gate<'_>) {
    let config = gate.config;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = gate.stop.cancelled() => break,
        };
        match accepted {
            Ok((socket, peer)) => gate.admit(socket, peer),
            Err(error) => {
                if gate.may_warn(Instant::now()) {
                    warn!(%error, "accepting a connection failed");
                }
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
            }
        }
    }
    // A sender whose connection waits to be accepted may have sent records already.
    for _ in 0..config.connections_max {
        let Some(Ok((socket, peer))) = listener.accept().now_or_never() else { break };
        gate.admit(socket, peer);
    }
    info!(source.name = %config.source(), "stopped accepting connections on {}", config.listen());
}

/// Lets connections in while there are places; each is a task.
pub(super) struct Gate<'a> {
    certificates: Option<Certificates>,
    places: Arc<Semaphore>,
    rate: Arc<SenderRate>,
    secrets: Arc<Secrets>,
    admission: Option<Arc<Admission>>,
    warned_at: Option<Instant>,
    config: &'a ListenerConfig,
    intake: &'a Intake,
    connections: &'a TaskTracker,
    stop: &'a CancellationToken,
}

impl<'a> Gate<'a> {
    /// Connections become tasks of `connections`.
    pub(super) fn new(
        certificates: Option<Certificates>,
        config: &'a ListenerConfig,
        intake: &'a Intake,
        admission: Option<Arc<Admission>>,
        connections: &'a TaskTracker,
        stop: &'a CancellationToken,
    ) -> Self {
        Self {
            certificates,
            places: Arc::new(Semaphore::new(config.connections_max)),
            rate: Arc::new(SenderRate::new(config.records_per_second_per_sender)),
            secrets: Arc::new(Secrets { shared_key: config.shared_key.clone(), users: config.users.clone() }),
            admission,
            warned_at: None,
            config,
            intake,
            connections,
            stop,
        }
    }

    /// Whether it is time again to say that connections do not get in.
    fn may_warn(&mut self, now: Instant) -> bool {
        let is_time = self.warned_at.is_none_or(|at| now.duration_since(at) >= WARN_EVERY);
        if is_time {
            self.warned_at = Some(now);
        }
        is_time
    }

    fn admit(&mut self, socket: TcpStream, peer: SocketAddr) {
        let now = Instant::now();
        if !self.config.allows(peer.ip()) {
            self.intake.connections_refused.inc();
            if self.may_warn(now) {
                warn!(peer = %peer, "refused a connection of {peer}: its network is not among those allowed");
            }
            return;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.intake.connections_refused.inc();
            if self.may_warn(now) {
                warn!(peer = %peer, "refused a connection of {peer}: all {} are taken", self.config.connections_max);
            }
            return;
        };
        let session = Session {
            peer: peer.ip().to_canonical(),
            protocol: self.config.protocol,
            compression: self.config.compression,
            secrets: Arc::clone(&self.secrets),
            admission: self.admission.clone(),
            intake: self.intake.clone(),
            rate: Arc::clone(&self.rate),
            frame_bytes_max: self.config.frame_bytes_max,
            multiline_wait: Duration::from_millis(self.config.multiline_wait_ms),
            idle: Duration::from_secs(self.config.idle_seconds),
            stop: self.stop.clone(),
        };
        let acceptor = self.certificates.as_mut().map(|c| c.acceptor(now));
        let connection = Connection { socket, peer, acceptor, session, _place: place };
        let span = debug_span!("connection", peer = %peer);
        self.connections.spawn(connection.serve().instrument(span));
    }
}

struct Connection {
    socket: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    session: Session,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    async fn serve(self) {
        let Self { socket, peer, acceptor, session, _place } = self;
        session.intake.connections.inc();
        let ended = match acceptor {
            None => session.run(socket, Vec::new()).await,
            Some(acceptor) => match handshake(&acceptor, socket, &session.stop).await {
                Ok(tls) => {
                    let names = client_names(&tls);
                    session.run(tls, names).await
                }
                Err(error) => Err(error),
            },
        };
        session.intake.connections.dec();
        match ended {
            Ok(()) => debug!("connection ended"),
            Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| !refused.is_news) => {
                debug!("connection ended: {error:#}");
            }
            // The sender's fault or the network's: it says why records of this peer stop coming.
            Err(error) => warn!(peer = %peer, "connection of {peer} ended: {error:#}"),
        }
    }
}

//! Connections to receivers: to addresses that were judged, within a deadline, encrypted where that is asked for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::guard::Allowed;
use super::send_error::SendError;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Resolving the name, connecting, and the handshake of TLS.
    pub connect: Duration,
    /// All of it, the connecting included.
    pub whole: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), whole: Duration::from_secs(15) }
    }
}

/// The way out.
pub(super) struct Network {
    pub(super) allowed: Allowed,
    pub(super) deadlines: Deadlines,
    pub(super) tls: Arc<ClientConfig>,
}

pub(super) type Connection = Either<TcpStream, TlsStream<TcpStream>>;

impl Network {
    /// # Errors
    /// The host may not be connected to ([`SendError::Refused`]), or cannot be now.
    pub(super) async fn connect(&self, host: &str, port: u16, is_encrypted: bool) -> Result<Connection, SendError> {
        let deadline = Instant::now() + self.deadlines.connect;
        let late = |_| SendError::later(format!("{host} could not be reached within {:?}", self.deadlines.connect));
        let connected = async {
            let addresses = self.allowed.resolve(host, port).await?;
            let socket = first_that_answers(host, &addresses, deadline).await?;
            if is_encrypted { self.encrypt(host, socket).await.map(Either::Right) } else { Ok(Either::Left(socket)) }
        };
        timeout_at(deadline, connected).await.map_err(late)?
    }

    async fn encrypt(&self, host: &str, socket: TcpStream) -> Result<TlsStream<TcpStream>, SendError> {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| SendError::refused(format!("{host} is no name that a certificate can have")))?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        // A certificate may be renewed, so that even one that is not trusted is tried again.
        connector.connect(name, socket).await.map_err(|error| SendError::later(format!("TLS with {host}: {error}")))
    }
}

/// Each address gets its share of the time that is left: the first may be one that drops packets.
async fn first_that_answers(host: &str, addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, SendError> {
    let mut problem = SendError::later(format!("{host} could not be reached in time"));
    for (number, address) in addresses.iter().enumerate() {
        let others = u32::try_from(addresses.len() - number).unwrap_or(u32::MAX);
        let now = Instant::now();
        let share = now + deadline.saturating_duration_since(now) / others;
        match timeout_at(share, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(error)) => problem = SendError::later(format!("cannot connect to {host}: {error}")),
            Err(_) => {}
        }
    }
    Err(problem)
}

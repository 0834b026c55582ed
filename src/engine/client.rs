//! A `clickhouse` client that dials the engine's Unix socket.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use clickhouse::{Client, Compression};
use http::Uri;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::UnixStream;
use tower_service::Service;

/// A client for the engine behind this socket. It keeps no connections: dialling the socket costs microseconds, and a
/// connection that is never used again cannot be one that the child has closed when it was restarted.
#[must_use]
pub fn over_socket(socket: &Path) -> Client {
    let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(Dial { socket: Arc::new(socket.to_owned()) });
    Client::with_http_client(http).with_url("http://engine.invalid").with_compression(Compression::None)
}

/// Dials the socket, whatever the address in the URL says.
#[derive(Clone)]
struct Dial {
    socket: Arc<PathBuf>,
}

impl Service<Uri> for Dial {
    type Response = TokioIo<UnixStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let socket = Arc::clone(&self.socket);
        Box::pin(async move {
            let stream = UnixStream::connect(socket.as_path()).await?;
            Ok(TokioIo::new(stream))
        })
    }
}

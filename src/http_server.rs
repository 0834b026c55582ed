//! The HTTP server's loop: accepts, bounds, and ends connections. What is served is the router's affair.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::config::Api;

/// After an error that accepting will meet again at once, such as too many open files.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// Serves `router` until `stop`, then lets requests that are under way finish until `deadline` after it.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    config: &Api,
    stop: CancellationToken,
    deadline: Duration,
) {
    let places = Arc::new(Semaphore::new(config.connections_max));
    let graceful = GracefulShutdown::new();
    let tasks = TaskTracker::new();
    let cut_off = CancellationToken::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(config.header_seconds_max))
        .max_buf_size(64 << 10);
    loop {
        // Beyond the limit new connections wait in the kernel's queue.
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = stop.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let socket = match accepted {
            Ok((socket, _)) => socket,
            Err(error) => {
                warn!(%error, "accepting a connection failed");
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                continue;
            }
        };
        if let Err(error) = socket.set_nodelay(true) {
            debug!(%error, "TCP_NODELAY was refused");
        }
        let connection = http.serve_connection(TokioIo::new(socket), TowerToHyperService::new(router.clone()));
        let watched = graceful.watch(connection);
        let cut_off = cut_off.clone();
        tasks.spawn(async move {
            tokio::select! {
                ended = watched => if let Err(error) = ended {
                    debug!(%error, "connection ended");
                },
                () = cut_off.cancelled() => {}
            }
            drop(place);
        });
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(deadline, graceful.shutdown()).await.is_err() {
        warn!("requests were still under way {deadline:?} after the stop and are cut off");
        cut_off.cancel();
    }
    tasks.wait().await;
}

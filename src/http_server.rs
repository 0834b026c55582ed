//! The HTTP server's loop: accepts, bounds, and ends connections. What is served is the router's affair.
//!
//! A connection holds its place no longer than it makes use of it: the TLS handshake, the head of a request and the
//! pause before it (of HTTP/2 its preface), and each wait for the client to take more of an answer have a time. With each request the
//! router is told the address of the connection (`ConnectInfo<SocketAddr>` among the extensions).
//!
//! A request that is to change something is carried out once it has come whole, also where its client does not wait for the answer:
//! there are shippers that send and hang up. It keeps its connection's place until then. What only asks ends with its connection.

mod preface;
mod write_stall;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Method;
use axum::response::Response;
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;
use tracing::{debug, warn};

use crate::config::api::Api;
use crate::tls::{Certificates, Protocol, handshake};
use preface::Preface;
use write_stall::WriteStall;

/// After an error that accepting will meet again at once, such as too many open files.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);
/// A request's head, with what is read ahead of the body. The router refuses smaller ones in words.
const BUFFER_BYTES_MAX: usize = 64 << 10;
/// What the kernel holds of an answer that its client has not taken: left to itself it would be several MiB for each
/// connection, and a wait for room would last until a third of them are gone.
const SEND_BUFFER_BYTES: usize = 512 << 10;

/// What one HTTP/2 connection may have under way at once.
const STREAMS_MAX: u32 = 32;
/// An HTTP/2 client that says nothing for so long is asked whether it is there, and has as long to answer.
const PING_EVERY: Duration = Duration::from_secs(30);

/// A bound server.
pub(crate) struct HttpServer {
    pub(crate) listener: TcpListener,
    /// With them it speaks TLS.
    pub(crate) certificates: Option<Certificates>,
    pub(crate) router: Router,
    /// HTTP/1.1, or HTTP/2 without a word of HTTP/1 before it.
    pub(crate) protocol: Protocol,
}

impl HttpServer {
    /// Serves until `stop`, then lets requests that are under way finish until `deadline` after it.
    pub(crate) async fn serve(mut self, config: &Api, stop: CancellationToken, deadline: Duration) {
        let places = Arc::new(Semaphore::new(config.connections_max));
        let tasks = TaskTracker::new();
        let cut_off = CancellationToken::new();
        let http = Arc::new(match self.protocol {
            Protocol::Http2 => Http::Two(
                http2(config, Tracked { tasks: tasks.clone(), cut_off: cut_off.clone() }),
                Duration::from_secs(config.header_seconds_max),
            ),
            Protocol::Http1 | Protocol::Syslog => Http::One(http1(config)),
        });
        loop {
            // Beyond the limit new connections wait in the kernel's queue.
            let place = tokio::select! {
                place = Arc::clone(&places).acquire_owned() => place,
                () = stop.cancelled() => break,
            };
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            let (socket, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(%error, "accepting a connection failed");
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                    continue;
                }
            };
            let tracked = Tracked { tasks: tasks.clone(), cut_off: cut_off.clone() };
            let connection = Connection {
                http: Arc::clone(&http),
                // The semaphore is never closed: there always is a place.
                under_way: UnderWay { tracked, place: place.ok().map(Arc::new) },
                router: self.router.clone(),
                peer,
                acceptor: self.certificates.as_mut().map(|certificates| certificates.acceptor(Instant::now())),
                write_stall_max: Duration::from_secs(config.write_stall_seconds_max),
            };
            let (stop, cut_off) = (stop.clone(), cut_off.clone());
            tasks.spawn(async move {
                tokio::select! {
                    ended = connection.serve(socket, &stop) => if let Err(error) = ended {
                        debug!(%peer, "connection ended: {error:#}");
                    },
                    () = cut_off.cancelled() => {}
                }
            });
        }
        drop(self);
        tasks.close();
        if tokio::time::timeout(deadline, tasks.wait()).await.is_err() {
            warn!("requests were still under way {deadline:?} after the stop and are cut off");
            cut_off.cancel();
        }
        tasks.wait().await;
    }
}

/// How a connection is spoken to.
enum Http {
    One(http1::Builder),
    /// With the time that a client has for its preface.
    Two(http2::Builder<Tracked>, Duration),
}

/// Runs the streams of HTTP/2 connections as tasks that are joined, and cut off, with all others.
#[derive(Clone)]
struct Tracked {
    tasks: TaskTracker,
    cut_off: CancellationToken,
}

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Tracked {
    fn execute(&self, stream: F) {
        let cut_off = self.cut_off.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                _ = stream => {}
                () = cut_off.cancelled() => {}
            }
        });
    }
}

/// Carries requests out that go on without their connection.
#[derive(Clone)]
struct UnderWay {
    tracked: Tracked,
    /// The connection's, which is free only when nothing of it is left.
    place: Option<Arc<OwnedSemaphorePermit>>,
}

impl UnderWay {
    /// Begins before it returns. HTTP/1 reads on before it first polls what a request is answered by: where the end of the connection
    /// has come with the request, it never does.
    fn carry_out(
        self,
        mut router: Router,
        request: hyper::Request<Incoming>,
    ) -> impl Future<Output = std::io::Result<Response>> {
        let Self { tracked: Tracked { tasks, cut_off }, place } = self;
        let answer = tasks.spawn(async move {
            let answer = tokio::select! {
                answer = router.call(request) => answer.map_err(|never| match never {}),
                () = cut_off.cancelled() => Err(std::io::Error::other("cut off by the stop")),
            };
            drop(place);
            answer
        });
        async move { answer.await.map_err(std::io::Error::other)? }
    }
}

/// Whether a request changes nothing, so that it may end with its connection. A rule is tried on the past by a POST, because it does
/// not fit into an address; whoever hangs up then wants it to end.
fn only_asks(method: &Method, path: &str) -> bool {
    method.is_safe() || path.ends_with("/backtest")
}

fn http2(config: &Api, tasks: Tracked) -> http2::Builder<Tracked> {
    let mut http = http2::Builder::new(tasks);
    http.timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_EVERY)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(BUFFER_BYTES_MAX as u32)
        .initial_connection_window_size(
            u32::try_from(config.body_bytes_max).unwrap_or(u32::MAX).clamp(1 << 16, 4 << 20),
        );
    http
}

fn http1(config: &Api) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(config.header_seconds_max))
        .max_buf_size(BUFFER_BYTES_MAX);
    http
}

/// What one connection needs.
struct Connection {
    http: Arc<Http>,
    under_way: UnderWay,
    router: Router,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    write_stall_max: Duration,
}

impl Connection {
    async fn serve(self, socket: TcpStream, stop: &CancellationToken) -> anyhow::Result<()> {
        prepare(&socket);
        let socket = WriteStall::new(socket, self.write_stall_max);
        match &self.acceptor {
            None => self.answer(socket, stop).await,
            Some(acceptor) => {
                let stream = handshake(acceptor, socket, stop).await?;
                self.answer(stream, stop).await
            }
        }
    }

    /// Answers requests until either side ends the connection, or the last one that is under way at `stop`.
    async fn answer<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self,
        stream: S,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let Self { http, under_way, router, peer, .. } = self;
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            // Cloning is counting, and a router is always ready.
            let (mut router, under_way) = (router.clone(), under_way.clone());
            if only_asks(request.method(), request.uri().path()) {
                Either::Left(async move { router.call(request).await.map_err(|never| match never {}) })
            } else {
                Either::Right(under_way.carry_out(router, request))
            }
        });
        match &*http {
            Http::One(http) => {
                let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
                tokio::select! {
                    ended = connection.as_mut() => return ended.context("HTTP"),
                    () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
                }
                connection.await.context("HTTP")
            }
            Http::Two(http, preface_max) => {
                let stream = TokioIo::new(Preface::new(stream, *preface_max));
                let mut connection = pin!(http.serve_connection(stream, service));
                tokio::select! {
                    ended = connection.as_mut() => return ended.context("HTTP/2"),
                    () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
                }
                connection.await.context("HTTP/2")
            }
        }
    }
}

/// A socket whose options cannot be set serves all the same.
fn prepare(socket: &TcpStream) {
    if let Err(error) = socket.set_nodelay(true) {
        debug!(%error, "TCP_NODELAY was refused");
    }
    if let Err(error) = socket2::SockRef::from(socket).set_send_buffer_size(SEND_BUFFER_BYTES) {
        debug!(%error, "the send buffer's size was refused");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, Bytes};
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// Answers without an end.
    async fn endless() -> Body {
        let chunk = Bytes::from_static(&[b'x'; 4096]);
        Body::from_stream(futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone())))
    }

    fn connection(router: Router) -> Connection {
        let config = Api { header_seconds_max: 1, ..Api::default() };
        Connection {
            http: Arc::new(Http::One(http1(&config))),
            under_way: UnderWay {
                tracked: Tracked { tasks: TaskTracker::new(), cut_off: CancellationToken::new() },
                place: None,
            },
            router,
            peer: SocketAddr::from(([192, 0, 2, 7], 4711)),
            acceptor: None,
            write_stall_max: Duration::from_secs(60),
        }
    }

    #[tokio::test]
    async fn a_client_that_asks_and_never_reads_is_cut_off() {
        let (near, mut far) = tokio::io::duplex(16 << 10);
        let router = Router::new().route("/", get(endless));
        far.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let stream = WriteStall::new(near, Duration::from_millis(50));
        let error = connection(router).answer(stream, &CancellationToken::new()).await.unwrap_err();
        assert!(format!("{error:#}").contains("took nothing of an answer for 50ms"), "{error:#}");
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_is_cut_off() {
        for begun in ["", "GET / HTTP/1.1\r\nHost:"] {
            let (near, mut far) = tokio::io::duplex(1024);
            far.write_all(begun.as_bytes()).await.unwrap();
            let stop = CancellationToken::new();
            let ended = connection(Router::new()).answer(near, &stop);
            let ended = tokio::time::timeout(Duration::from_secs(20), ended);
            assert!(ended.await.expect("it ends by itself").is_err(), "{begun}");
        }
    }

    #[tokio::test]
    async fn an_http2_client_without_a_preface_is_cut_off() {
        for begun in ["", "PRI * HTTP/2.0\r\n"] {
            let (near, mut far) = tokio::io::duplex(1024);
            let stop = CancellationToken::new();
            far.write_all(begun.as_bytes()).await.unwrap();
            let tasks = Tracked { tasks: TaskTracker::new(), cut_off: CancellationToken::new() };
            let http = Http::Two(http2(&Api::default(), tasks), Duration::from_millis(50));
            let connection = Connection { http: Arc::new(http), ..connection(Router::new()) };
            let error = connection.answer(near, &stop).await.unwrap_err();
            assert!(format!("{error:#}").contains("no preface within 50ms"), "{error:#}");
        }
    }

    #[tokio::test]
    async fn what_came_whole_is_carried_out_though_its_client_hangs_up() {
        let (came, has_come) = tokio::sync::oneshot::channel();
        let (hung_up, wait) = tokio::sync::oneshot::channel::<()>();
        let (done, outcome) = tokio::sync::oneshot::channel();
        let parts = Arc::new(std::sync::Mutex::new(Some((came, wait, done))));
        let router = Router::new().route(
            "/",
            post(move |body: Bytes| async move {
                let (came, wait, done) = parts.lock().unwrap().take().unwrap();
                came.send(()).unwrap();
                wait.await.unwrap();
                done.send(body).unwrap();
            }),
        );
        let (near, mut far) = tokio::io::duplex(1024);
        far.write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello").await.unwrap();
        let connection = connection(router);
        let tasks = connection.under_way.tracked.tasks.clone();
        let stop = CancellationToken::new();
        let hang_up = async {
            has_come.await.unwrap();
            drop(far);
        };
        let (answered, ()) = tokio::join!(connection.answer(near, &stop), hang_up);
        answered.unwrap_err();
        hung_up.send(()).unwrap();
        let outcome = tokio::time::timeout(Duration::from_secs(20), outcome);
        assert_eq!(outcome.await.unwrap().unwrap(), "hello");
        // And it is joined.
        tasks.close();
        tokio::time::timeout(Duration::from_secs(20), tasks.wait()).await.unwrap();
    }

    #[tokio::test]
    async fn what_came_together_with_the_end_of_its_connection_is_carried_out() {
        let (done, mut outcomes) = tokio::sync::mpsc::channel::<Bytes>(1);
        let router = Router::new().route("/", post(move |body: Bytes| async move { done.send(body).await.unwrap() }));
        for body in ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"] {
            let (near, mut far) = tokio::io::duplex(1024);
            far.write_all(format!("POST / HTTP/1.1\r\nHost: localhost\r\n{body}").as_bytes()).await.unwrap();
            drop(far);
            // Whether it ends with an error is the client's affair, who is gone.
            drop(connection(router.clone()).answer(near, &CancellationToken::new()).await);
            let outcome = tokio::time::timeout(Duration::from_secs(20), outcomes.recv());
            assert_eq!(outcome.await.unwrap().unwrap(), "hello");
        }
    }

    #[tokio::test]
    async fn what_only_asks_ends_with_its_connection() {
        for request in ["GET /slow", "POST /rules/backtest"] {
            let (kept, mut dropped) = tokio::sync::mpsc::channel::<()>(1);
            let slow = move || async move {
                let _kept = kept;
                std::future::pending::<()>().await;
            };
            let router = Router::new().route("/slow", get(slow.clone())).route("/rules/backtest", post(slow));
            let (near, mut far) = tokio::io::duplex(1024);
            let head = format!("{request} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
            far.write_all(head.as_bytes()).await.unwrap();
            drop(far);
            connection(router).answer(near, &CancellationToken::new()).await.unwrap_err();
            let ended = tokio::time::timeout(Duration::from_secs(20), dropped.recv()).await;
            assert_eq!(ended, Ok(None), "{request}");
        }
    }

    #[tokio::test]
    async fn the_router_is_told_who_asks() {
        async fn who(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
            peer.to_string()
        }
        let (near, mut far) = tokio::io::duplex(1024);
        far.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        connection(Router::new().route("/", get(who))).answer(near, &CancellationToken::new()).await.unwrap();
        let mut answer = String::new();
        far.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("192.0.2.7:4711"), "{answer}");
    }
}

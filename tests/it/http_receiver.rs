//! A receiver of HTTP on loopback that keeps what it is given.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Taken {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What it answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// 0: none, ever.
    pub(crate) status: u16,
    pub(crate) header: Option<(&'static str, String)>,
    pub(crate) body: String,
}

/// Listens as long as the test's runtime lives.
pub(crate) struct HttpReceiver {
    pub(crate) address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl HttpReceiver {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(Mutex::default());
        let kept = Arc::clone(&taken);
        let tasks = TaskTracker::new();
        let connections = tasks.clone();
        tasks.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (kept, answer) = (Arc::clone(&kept), answer.clone());
                let service = service_fn(move |request| respond(request, Arc::clone(&kept), answer.clone()));
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, taken }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }
}

async fn respond(
    request: Request<Incoming>,
    kept: Arc<Mutex<Vec<Taken>>>,
    answer: Answer,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let path = parts.uri.path_and_query().unwrap().to_string();
    kept.lock().unwrap().push(Taken { method: parts.method.to_string(), path, headers: parts.headers, body });
    if answer.status == 0 {
        std::future::pending::<()>().await;
    }
    let mut response = Response::builder().status(answer.status);
    if let Some((name, value)) = &answer.header {
        response = response.header(*name, value);
    }
    Ok(response.body(Full::new(Bytes::from(answer.body))).unwrap())
}

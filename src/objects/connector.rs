//! HTTP to S3, over hyper and rustls (ring): the storage's own client would bring a second TLS.
//!
//! Nothing waits forever: connecting, the time until an answer begins, and each silence within an answer are bounded. Redirects are not followed,
//! so that no request leaves for another place than the configured one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::try_unfold;
use http::HeaderValue;
use http::header::USER_AGENT;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, Client, connect};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody,
    HttpService,
};
use rustls::ClientConfig;

use crate::telemetry;

const CONNECT_MAX: Duration = Duration::from_secs(5);
/// From the request's start, so that a part of 8 MiB may go at 140 kB/s.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// Between two pieces of an answer.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Below what servers usually grant, so that none is used that is being closed.
const IDLE_MAX: Duration = Duration::from_secs(15);

/// Makes the one client of a bucket.
#[derive(Debug)]
pub(super) struct Connector {
    tls: Arc<ClientConfig>,
}

impl Connector {
    pub(super) fn new(tls: ClientConfig) -> Self {
        Self { tls: Arc::new(tls) }
    }
}

impl HttpConnector for Connector {
    // Nothing of the options is used: whether plain HTTP may be spoken is decided by the endpoint, which the configuration has checked.
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let mut tcp = connect::HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_MAX));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config((*self.tls).clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .build(connector);
        Ok(HttpClient::new(Bounded { client }))
    }
}

/// A client whose waits all end.
#[derive(Debug)]
struct Bounded {
    client: Client<HttpsConnector<connect::HttpConnector>, HttpRequestBody>,
}

#[async_trait]
impl HttpService for Bounded {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let name = HeaderValue::from_static(concat!("logseal/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, name);
        let answer = tokio::time::timeout(ANSWER_MAX, self.client.request(request)).await;
        let answer = answer.map_err(|_| silent(ANSWER_MAX))?.map_err(|error| not_answered(&error))?;
        let (head, body) = answer.into_parts();
        Ok(HttpResponse::from_parts(head, bounded(body)))
    }
}

fn bounded(body: Incoming) -> HttpResponseBody {
    HttpResponseBody::new(StreamBody::new(try_unfold(body, |mut body| async move {
        let frame = tokio::time::timeout(SILENCE_MAX, body.frame()).await.map_err(|_| silent(SILENCE_MAX))?;
        let frame = frame.transpose().map_err(|error| failed(HttpErrorKind::Interrupted, &error))?;
        Ok(frame.map(|frame| (frame, body)))
    })))
}

/// The kind decides whether it is tried again.
fn not_answered(error: &legacy::Error) -> HttpError {
    if is_of_certificate(error) {
        // It will be the same the next time: who waits is told at once.
        let detail = format!("its certificate is refused, see storage.ca: {}", telemetry::chain(error));
        return HttpError::new(HttpErrorKind::Unknown, std::io::Error::other(detail));
    }
    if error.is_connect() {
        return failed(HttpErrorKind::Connect, error);
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(http) = inner.downcast_ref::<hyper::Error>()
            && (http.is_closed() || http.is_canceled() || http.is_incomplete_message())
        {
            return failed(HttpErrorKind::Request, error);
        }
        if inner.is::<std::io::Error>() {
            return failed(HttpErrorKind::Interrupted, error);
        }
        cause = inner.source();
    }
    failed(HttpErrorKind::Unknown, error)
}

/// Whether the server's certificate is why there is no connection.
fn is_of_certificate(error: &legacy::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return matches!(tls, rustls::Error::InvalidCertificate(_));
        }
        cause = match inner.downcast_ref::<std::io::Error>() {
            // Its `source` is the one of what it holds.
            Some(io) => io.get_ref().map(|held| -> &(dyn std::error::Error + 'static) { held }),
            None => inner.source(),
        };
    }
    false
}

/// With all causes in the text: that of the one who wraps it has only the first.
fn failed(kind: HttpErrorKind, error: &(dyn std::error::Error + 'static)) -> HttpError {
    HttpError::new(kind, std::io::Error::other(telemetry::chain(error)))
}

fn silent(time: Duration) -> HttpError {
    let detail = format!("nothing came for {} s", time.as_secs());
    HttpError::new(HttpErrorKind::Timeout, std::io::Error::new(std::io::ErrorKind::TimedOut, detail))
}

//! ClickHouse's HTTP interface in front of the engine: one request, one connection of the engine, one answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request as HttpRequest, Response, StatusCode};
use hyper::body::Incoming;
use rand::RngExt as _;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_util::task::TaskTracker;

use super::answer::{self, Answer, Streamed};
use super::cancel::CancelGuard;
use super::chunk_header::Joining;
use super::exception::{Exception, code};
use super::execute::{self, Engine, Event, Events, Job, Piece, Pieces, Plan};
use super::input::{Input, Upload};
use super::login::Login;
use super::request::Request;
use super::statement::{Query, Statement};
use super::wire::Wire;

/// Pieces of a result, or of an INSERT's data, that may lie between the client and the engine.
const PIECES_MAX: usize = 4;
/// How many queries may wait for each one that may run.
const WAITING_PER_RUNNING: usize = 16;
/// The format of a result for which nobody named one.
const DEFAULT_FORMAT: &str = "TabSeparated";

/// What every request needs. Cheap to clone.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) engine: Arc<Engine>,
    /// `None` on the Unix socket, where the folder's mode is the login.
    pub(super) login: Option<Arc<Login>>,
    pub(super) settings: Arc<Vec<(String, String)>>,
    pub(super) turns: Arc<Turns>,
    pub(super) client_stall: Duration,
    /// Tracks jobs and kills, so that the end can wait for them.
    pub(super) tasks: TaskTracker,
}

/// Bounds how many queries run and wait.
pub(super) struct Turns {
    running: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    wait: Duration,
}

impl Turns {
    pub(super) fn new(running_max: usize, wait: Duration) -> Self {
        Self {
            running: Arc::new(Semaphore::new(running_max)),
            waiting: AtomicUsize::new(0),
            waiting_max: running_max * WAITING_PER_RUNNING,
            wait,
        }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// 503, when too many wait already or the turn does not come in time.
    async fn take(&self) -> Result<OwnedSemaphorePermit, Exception> {
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let overloaded = || {
            Exception::new(
                code::TOO_MANY_SIMULTANEOUS_QUERIES,
                "TOO_MANY_SIMULTANEOUS_QUERIES",
                "Too many simultaneous queries",
            )
        };
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= self.waiting_max {
            return Err(overloaded());
        }
        let turn = Arc::clone(&self.running).acquire_owned();
        match tokio::time::timeout(self.wait, turn).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(overloaded()),
        }
    }
}

impl Server {
    /// Answers one request. It never fails: errors are answers.
    pub(super) async fn answer(
        self,
        request: HttpRequest<Incoming>,
        wire: Wire,
    ) -> Result<Response<Answer>, Infallible> {
        let answer = self.try_answer(request, wire).await;
        Ok(answer.unwrap_or_else(|exception| answer::error(&exception)))
    }

    async fn try_answer(&self, request: HttpRequest<Incoming>, wire: Wire) -> Result<Response<Answer>, Exception> {
        let (parts, body) = request.into_parts();
        if !matches!(parts.method, Method::GET | Method::HEAD | Method::POST) {
            return Ok(answer::text(StatusCode::METHOD_NOT_ALLOWED, "only GET, HEAD and POST\n"));
        }
        match parts.uri.path() {
            "/ping" => return Ok(answer::text(StatusCode::OK, "Ok.\n")),
            "/" | "/query" => {}
            path => {
                let text = format!("There is no handle {path}\n");
                return Ok(answer::text(StatusCode::NOT_FOUND, text));
            }
        }
        let mut request = Request::read(&parts)?;
        if let Some(login) = &self.login {
            login.check(&parts.headers, &request.url_login)?;
        }
        if parts.method != Method::POST && request.query.is_empty() {
            return Ok(answer::text(StatusCode::OK, "Ok.\n"));
        }
        let posted = (parts.method == Method::POST).then_some(body);
        let input = Input::read(&mut request, posted, self.client_stall).await?;
        self.run(request, input, wire).await
    }

    async fn run(&self, request: Request, input: Input, wire: Wire) -> Result<Response<Answer>, Exception> {
        let permit = self.turns.take().await?;
        let (plan, format, upload) = plan(&request, input)?;
        let setup = [request.set_statement(&self.settings), request.use_statement()];
        let tag = self.engine.next_tag();
        let (guard, cancelled, job_lives) = CancelGuard::new(Arc::clone(&self.engine), tag.clone(), self.tasks.clone());
        let job = Job { setup: setup.into_iter().flatten().collect(), plan, params: request.params, tag };
        let (sender, mut events) = mpsc::channel(PIECES_MAX);
        let events_in = Events { sender, stall: self.client_stall, runtime: Handle::current() };
        let engine = Arc::clone(&self.engine);
        self.tasks.spawn_blocking(move || {
            // Both are let go when the job has really ended, not when its client has gone.
            let _held: (OwnedSemaphorePermit, watch::Sender<()>) = (permit, job_lives);
            execute::run(&engine, job, &events_in, &cancelled);
        });
        let first = match upload {
            Some(upload) => tokio::join!(upload.feed(), events.recv()).1,
            None => events.recv().await,
        };
        let query_id = request.query_id.as_deref();
        // The answer begins when the first event is there: until then an error has its own status.
        match first {
            Some(Event::Data(bytes)) => {
                let streamed = Streamed::new(Some(bytes), events, exception_tag(), guard, wire);
                let body = Answer::Streamed(Box::new(streamed));
                Ok(answer::result(body, &format, query_id, None))
            }
            first => whole_answer(first, guard, &format, query_id),
        }
    }
}

/// The answer of a job whose first event was its only one.
fn whole_answer(
    event: Option<Event>,
    mut guard: CancelGuard,
    format: &str,
    query_id: Option<&str>,
) -> Result<Response<Answer>, Exception> {
    let whole = |bytes, summary| answer::result(Answer::Whole(Some(bytes)), format, query_id, summary);
    guard.disarm();
    match event {
        Some(Event::Data(bytes)) => Ok(whole(bytes, None)),
        Some(Event::Whole(bytes, summary)) => Ok(whole(bytes, Some(summary))),
        Some(Event::End) => Ok(whole(Bytes::new(), None)),
        Some(Event::Failed(exception)) => Err(exception),
        None => Err(answer::died()),
    }
}

/// How the statement is run, the format of its answer, and where the data of an INSERT comes from.
fn plan(request: &Request, input: Input) -> Result<(Plan, String, Option<Upload>), Exception> {
    let wanted = request.default_format.as_deref().unwrap_or(DEFAULT_FORMAT);
    match input.statement {
        Statement::Insert { sql, format, .. } => {
            let (sender, data) = mpsc::channel::<Piece>(PIECES_MAX);
            let upload = Upload { head: input.data, body: input.body, sender, stall: input.stall };
            let plan = Plan::Insert { sql, format, data };
            Ok((plan, wanted.to_owned(), Some(upload)))
        }
        Statement::Query(query) => {
            let format = query.format.clone().unwrap_or_else(|| wanted.to_owned());
            let pieces =
                joining(request, &query, &format).map(|joining| Pieces { joining, select_length: query.select_length });
            let plan = Plan::Query { sql: query.sql, format: format.clone(), pieces };
            Ok((plan, format, None))
        }
        Statement::NeedMore => Err(Exception::bad_request("the statement has no end")),
    }
}

/// How the pieces of the result go together, `None` if it must be made in one go.
fn joining(request: &Request, query: &Query, format: &str) -> Option<Joining> {
    // These settings add rows behind the result, or make one document of it.
    let whole = request.settings.iter().any(|(name, value)| {
        let makes_whole = matches!(
            name.as_str(),
            "extremes" | "output_format_json_array_of_rows" | "output_format_binary_encode_types_in_binary_format"
        );
        makes_whole && value != "0" && value != "false"
    });
    if !query.streamable || whole || request.wait_end {
        return None;
    }
    Joining::of(format)
}

/// 16 letters that no result contains by chance.
fn exception_tag() -> String {
    let mut rng = rand::rng();
    (0..16).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect()
}

//! Runs one request on a connection of its own, on a blocking thread.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::chdb::{ChdbError, Connection, Library, ResultData, Statement};
use super::chunk_header::{Joiner, Joining};
use super::exception::{Exception, code};

/// The engine of this process: opens connections as long as it is open.
pub(super) struct Engine {
    library: Library,
    arguments: Vec<String>,
    /// Held open from start to end: closing the last connection would shut the engine down.
    anchor: Mutex<Option<Connection>>,
    nonce: u64,
    next_tag: AtomicU64,
}

impl Engine {
    /// Starts the engine.
    ///
    /// # Errors
    /// When it refuses to start.
    pub(super) fn start(library: Library, arguments: Vec<String>) -> Result<Self, ChdbError> {
        let anchor = library.connect(&arguments)?;
        Ok(Self {
            library,
            arguments,
            anchor: Mutex::new(Some(anchor)),
            nonce: rand::random(),
            next_tag: AtomicU64::new(1),
        })
    }

    /// A comment that marks one query in the engine's list of running queries.
    pub(super) fn next_tag(&self) -> String {
        let number = self.next_tag.fetch_add(1, Ordering::Relaxed);
        format!("/*q{:x}-{number}*/", self.nonce)
    }

    /// Kills the query with this tag, if it runs. Blocks for a millisecond or so.
    pub(super) fn kill(&self, tag: &str) {
        self.kill_like(&format!("%{tag}"));
    }

    /// Kills every query of this server.
    pub(super) fn kill_all(&self) {
        self.kill_like(&format!("%/*q{:x}-%*/", self.nonce));
    }

    fn kill_like(&self, pattern: &str) {
        // The pattern must match the end of the text, so it never matches this statement.
        let sql = format!("KILL QUERY WHERE query LIKE '{pattern}' ASYNC");
        let outcome = self.library.connect(&self.arguments).and_then(|mut c| c.query(plain(sql.as_bytes())));
        if let Err(error) = outcome {
            tracing::debug!("kill a query: {error}");
        }
    }

    /// Closes the last connection and stops the engine's threads.
    pub(super) fn close(&self) {
        if let Ok(mut anchor) = self.anchor.lock() {
            drop(anchor.take());
        }
        self.library.shutdown();
    }
}

fn plain(sql: &[u8]) -> Statement<'_> {
    Statement { sql, format: "TabSeparated", params: &[] }
}

/// What a request wants to have run.
pub(super) struct Job {
    /// SET and USE, run first.
    pub(super) setup: Vec<String>,
    /// The statement.
    pub(super) plan: Plan,
    /// Its parameters.
    pub(super) params: Vec<(String, Vec<u8>)>,
    /// Its mark, from [`Engine::next_tag`].
    pub(super) tag: String,
}

/// The statement of a [`Job`].
pub(super) enum Plan {
    /// Returns a result in `format`, whole or in pieces.
    Query { sql: Vec<u8>, format: String, pieces: Option<Pieces> },
    /// Takes the data of an INSERT.
    Insert { sql: Vec<u8>, format: String, data: mpsc::Receiver<Piece> },
}

/// How a result is streamed.
pub(super) struct Pieces {
    /// How its pieces go together.
    pub(super) joining: Joining,
    /// How much of the text is the SELECT itself, if that is known.
    pub(super) select_length: Option<usize>,
}

/// A piece of the data of an INSERT.
pub(super) enum Piece {
    Data(Bytes),
    /// The data is whole. A channel that closes without it means that it is not.
    End,
}

/// What happens to a request, in this order: either one `Whole`, or any number of `Data` and one `End`; or `Failed`
/// at any time. A channel that closes before that means the job died.
pub(super) enum Event {
    Whole(Bytes, Summary),
    Data(Bytes),
    End,
    Failed(Exception),
}

/// The figures of `X-ClickHouse-Summary`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Summary {
    pub(super) read_rows: u64,
    pub(super) read_bytes: u64,
    pub(super) written_rows: u64,
    pub(super) written_bytes: u64,
    pub(super) result_rows: u64,
    pub(super) elapsed: Duration,
}

/// Where a job's events go; waits for a slow client, but not for ever.
pub(super) struct Events {
    pub(super) sender: mpsc::Sender<Event>,
    pub(super) stall: Duration,
    pub(super) runtime: Handle,
}

impl Events {
    /// Whether the event was taken.
    fn send(&self, event: Event) -> bool {
        let sent = tokio::time::timeout(self.stall, self.sender.send(event));
        matches!(self.runtime.block_on(sent), Ok(Ok(())))
    }
}

/// Runs the job. Errors are events; a client that has gone is no error.
pub(super) fn run(engine: &Engine, job: Job, events: &Events, cancelled: &AtomicBool) {
    if let Err(exception) = try_run(engine, job, events, cancelled) {
        // Nobody takes it when the client has gone, which is fine.
        events.send(Event::Failed(exception));
    }
}

fn try_run(engine: &Engine, job: Job, events: &Events, cancelled: &AtomicBool) -> Result<(), Exception> {
    let started = Instant::now();
    let mut connection = open(engine, &job.setup)?;
    if cancelled.load(Ordering::Acquire) {
        return Err(gone());
    }
    let params = &job.params;
    match job.plan {
        Plan::Insert { sql, format, data } => {
            let sql = &tagged(&sql, &job.tag);
            let format = &format;
            let statement = Statement { sql, format, params };
            let written = insert(&mut connection, statement, data)?;
            events.send(Event::Whole(Bytes::new(), summary(&written, started)));
        }
        Plan::Query { sql, format, pieces } => {
            let text = &tagged(&sql, &job.tag);
            let statement = Statement { sql: text, format: &format, params };
            let result = match pieces {
                None => Some(connection.query(statement)?),
                Some(pieces) if stream(&mut connection, statement, pieces.joining, events)? => None,
                Some(pieces) => {
                    let header = pieces.select_length.and_then(|n| sql.get(..n));
                    Some(no_rows(engine, &job.setup, statement, header)?)
                }
            };
            if let Some(result) = result {
                let summary = summary(&result, started);
                events.send(Event::Whole(result.bytes.into(), summary));
            }
        }
    }
    Ok(())
}

/// A connection with the request's settings and database.
fn open(engine: &Engine, setup: &[String]) -> Result<Connection, ChdbError> {
    let mut connection = engine.library.connect(&engine.arguments)?;
    for statement in setup {
        connection.query(plain(statement.as_bytes()))?;
    }
    Ok(connection)
}

/// The answer to a query that was streamed and has no rows: its header. `LIMIT 0` around the SELECT gives it without
/// running the query again (measured: 2 ms around 3 billion rows); where that does not work, the query is run again, whole.
fn no_rows(
    engine: &Engine,
    setup: &[String],
    statement: Statement<'_>,
    select: Option<&[u8]>,
) -> Result<ResultData, ChdbError> {
    if let Some(select) = select {
        let sql = [b"SELECT * FROM (\n".as_slice(), select, b"\n) LIMIT 0"].concat();
        let header = Statement { sql: &sql, ..statement };
        // On a connection of its own: a failed statement must be the last one.
        if let Ok(header) = open(engine, setup)?.query(header) {
            return Ok(header);
        }
    }
    open(engine, setup)?.query(statement)
}

/// Sends a result piece by piece. Returns `false` when it was empty and the format wants a header all the same:
/// the engine gives none for a stream without rows.
fn stream(
    connection: &mut Connection,
    statement: Statement<'_>,
    joining: Joining,
    events: &Events,
) -> Result<bool, Exception> {
    let mut joiner = Joiner::new(joining);
    let mut pieces = connection.stream(statement)?;
    let mut empty = true;
    while let Some(piece) = pieces.next_chunk()? {
        empty = false;
        let bytes = joiner.join(piece.bytes)?;
        if !events.send(Event::Data(bytes.into())) {
            return Err(gone());
        }
    }
    if empty && joining.has_header() {
        return Ok(false);
    }
    events.send(Event::End);
    Ok(true)
}

fn insert(
    connection: &mut Connection,
    statement: Statement<'_>,
    mut data: mpsc::Receiver<Piece>,
) -> Result<ResultData, Exception> {
    let mut stream = connection.insert(statement)?;
    loop {
        match data.blocking_recv() {
            Some(Piece::Data(bytes)) => stream.append(&bytes)?,
            Some(Piece::End) => return Ok(stream.finish()?),
            // Never finish on part of the data: the engine may take a torn block for a whole one.
            None => {
                return Err(Exception::new(
                    code::CANNOT_READ_ALL_DATA,
                    "CANNOT_READ_ALL_DATA",
                    "The request body ended before its end; nothing of it was committed",
                ));
            }
        }
    }
}

fn tagged(sql: &[u8], tag: &str) -> Vec<u8> {
    // On a line of its own: the text may end in a comment.
    [sql, b"\n", tag.as_bytes()].concat()
}

fn summary(result: &ResultData, started: Instant) -> Summary {
    Summary {
        read_rows: result.read_rows,
        read_bytes: result.read_bytes,
        written_rows: result.written_rows,
        written_bytes: result.written_bytes,
        result_rows: result.result_rows,
        elapsed: started.elapsed(),
    }
}

fn gone() -> Exception {
    Exception::new(code::QUERY_WAS_CANCELLED, "QUERY_WAS_CANCELLED", "The client has gone or does not take its result")
}

//! The C interface of `libchdb`, loaded at run time, behind safe types.
//!
//! This is the only file of the program with `unsafe` in it. What its types guarantee:
//!
//! * the library is loaded once and never unloaded, so no thread of it loses its code;
//! * a connection runs one statement at a time (`&mut self`), and is closed when dropped;
//! * a [`QueryStream`] is fetched from one thread, never after its end or its first error, and is
//!   cancelled when it is dropped early; an [`InsertStream`] that was not finished writes nothing more
//!   and is cancelled when it is dropped;
//! * every result is copied out before it is destroyed.
#![expect(unsafe_code, reason = "the C interface of the engine; nothing else may be unsafe")]

use std::ffi::{CStr, CString, NulError, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::NonNull;

/// Why a call into the library failed.
#[derive(Debug, thiserror::Error)]
pub enum ChdbError {
    /// The file is not there, cannot be loaded or lacks a function: the installation is wrong.
    #[error("load the engine library {path}")]
    Load {
        /// The file that was tried.
        path: String,
        /// What the loader said.
        source: libloading::Error,
    },
    /// An argument for the engine contains a NUL byte.
    #[error("engine argument contains a NUL byte")]
    Argument(#[from] NulError),
    /// The engine refused to start or to open a connection; it wrote the reason to its log (stderr).
    #[error("the engine refused to open a connection to its data folder")]
    Connect,
    /// The engine refused the statement; the text is its own, `Code: N. DB::Exception: …`.
    #[error("{0}")]
    Query(String),
}

type RawConnection = *mut *mut c_void;
type RawResult = *mut c_void;
type RawInsert = *mut c_void;
type WithParams<R> = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    *const *const c_char,
    *const usize,
    usize,
) -> R;

/// The functions of the library that are used, resolved once.
struct Api {
    connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> RawConnection,
    close_conn: unsafe extern "C" fn(RawConnection),
    query: WithParams<RawResult>,
    stream_query: WithParams<RawResult>,
    stream_fetch: unsafe extern "C" fn(*mut c_void, RawResult) -> RawResult,
    stream_cancel: unsafe extern "C" fn(*mut c_void, RawResult),
    stream_insert: WithParams<RawInsert>,
    stream_append: unsafe extern "C" fn(RawInsert, *const c_void, usize) -> c_int,
    stream_done: unsafe extern "C" fn(RawInsert) -> RawResult,
    cancel_insert: unsafe extern "C" fn(RawInsert),
    insert_error: unsafe extern "C" fn(RawInsert) -> *const c_char,
    destroy_insert: unsafe extern "C" fn(RawInsert),
    result_buffer: unsafe extern "C" fn(RawResult) -> *const c_char,
    result_length: unsafe extern "C" fn(RawResult) -> usize,
    result_error: unsafe extern "C" fn(RawResult) -> *const c_char,
    rows_read: unsafe extern "C" fn(RawResult) -> u64,
    storage_rows_read: unsafe extern "C" fn(RawResult) -> u64,
    storage_bytes_read: unsafe extern "C" fn(RawResult) -> u64,
    rows_written: unsafe extern "C" fn(RawResult) -> u64,
    bytes_written: unsafe extern "C" fn(RawResult) -> u64,
    destroy_result: unsafe extern "C" fn(RawResult),
    set_signal_handlers_enabled: unsafe extern "C" fn(c_int),
    shutdown: unsafe extern "C" fn() -> c_int,
}

/// The loaded library. Copies are the same library; it stays loaded until the process ends.
#[derive(Clone, Copy)]
pub(super) struct Library {
    api: &'static Api,
}

impl Library {
    /// Loads the library and switches its signal handlers off.
    ///
    /// # Errors
    /// [`ChdbError::Load`] when the file cannot be loaded or is not a chdb library of this interface.
    pub(super) fn load(path: &Path) -> Result<Self, ChdbError> {
        let failed = |source| ChdbError::Load { path: path.display().to_string(), source };
        // SAFETY: loading runs the initialisers of the file; it is the pinned engine library, whose
        // initialisers are those of a C++ runtime and have no preconditions.
        let lib = unsafe { libloading::Library::new(path) }.map_err(failed)?;
        let lib: &'static libloading::Library = Box::leak(Box::new(lib));
        let api: &'static Api = Box::leak(Box::new(Api::resolve(lib).map_err(failed)?));
        // SAFETY: takes an int, may be called at any time before the first connection.
        unsafe { (api.set_signal_handlers_enabled)(0) };
        Ok(Self { api })
    }

    /// Opens a connection. The first one starts the engine on the folder given by `--path=…`; later ones
    /// join it and take about 0.1 ms. `arguments` do not include the program name.
    ///
    /// # Errors
    /// [`ChdbError::Connect`] when the engine refuses.
    pub(super) fn connect(self, arguments: &[String]) -> Result<Connection, ChdbError> {
        let owned: Vec<CString> = std::iter::once("clickhouse")
            .chain(arguments.iter().map(String::as_str))
            .map(CString::new)
            .collect::<Result<_, _>>()?;
        let mut argv: Vec<*mut c_char> = owned.iter().map(|a| a.as_ptr().cast_mut()).collect();
        let argc = c_int::try_from(argv.len()).map_err(|_| ChdbError::Connect)?;
        // SAFETY: argv holds argc pointers to NUL-terminated strings that live across the call; the
        // library copies them and does not write to them.
        let raw = unsafe { (self.api.connect)(argc, argv.as_mut_ptr()) };
        let raw = NonNull::new(raw).ok_or(ChdbError::Connect)?;
        Ok(Connection { api: self.api, raw })
    }

    /// Stops the engine's threads. Call it after the last connection is closed, just before the process
    /// ends. Returns whether every thread could be stopped; `false` is harmless.
    pub(super) fn shutdown(self) -> bool {
        // SAFETY: the function may be called from any thread and checks for open connections itself.
        unsafe { (self.api.shutdown)() == 0 }
    }
}

impl Api {
    fn resolve(lib: &'static libloading::Library) -> Result<Self, libloading::Error> {
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: the symbol is a function of the library's C header with exactly the type of
                // the field it is stored in, and the library is never unloaded.
                *unsafe { lib.get($name.as_bytes()) }?
            };
        }
        Ok(Self {
            connect: symbol!("chdb_connect"),
            close_conn: symbol!("chdb_close_conn"),
            query: symbol!("chdb_query_with_params_n"),
            stream_query: symbol!("chdb_stream_query_with_params_n"),
            stream_fetch: symbol!("chdb_stream_fetch_result"),
            stream_cancel: symbol!("chdb_stream_cancel_query"),
            stream_insert: symbol!("chdb_stream_insert_with_params_n"),
            stream_append: symbol!("chdb_stream_append"),
            stream_done: symbol!("chdb_stream_done"),
            cancel_insert: symbol!("chdb_stream_cancel_insert"),
            insert_error: symbol!("chdb_stream_insert_error"),
            destroy_insert: symbol!("chdb_destroy_insert_stream"),
            result_buffer: symbol!("chdb_result_buffer"),
            result_length: symbol!("chdb_result_length"),
            result_error: symbol!("chdb_result_error"),
            rows_read: symbol!("chdb_result_rows_read"),
            storage_rows_read: symbol!("chdb_result_storage_rows_read"),
            storage_bytes_read: symbol!("chdb_result_storage_bytes_read"),
            rows_written: symbol!("chdb_result_rows_written"),
            bytes_written: symbol!("chdb_result_bytes_written"),
            destroy_result: symbol!("chdb_destroy_query_result"),
            set_signal_handlers_enabled: symbol!("chdb_set_signal_handlers_enabled"),
            shutdown: symbol!("chdb_shutdown"),
        })
    }
}

/// A statement with its default format and the values of its `{name:Type}` parameters. All of it is bytes: NUL is allowed.
#[derive(Clone, Copy)]
pub(super) struct Statement<'a> {
    /// The SQL text.
    pub(super) sql: &'a [u8],
    /// The format used when the text has no FORMAT clause.
    pub(super) format: &'a str,
    /// Parameter names (without `param_`) and values in ClickHouse's escaped text form.
    pub(super) params: &'a [(String, Vec<u8>)],
}

/// One connection: one session of the engine. Closed when dropped.
pub(super) struct Connection {
    api: &'static Api,
    raw: NonNull<*mut c_void>,
}

// SAFETY: connections have no thread affinity (measured, and stated by the header: only concurrent use of one
// connection is forbidden, which `&mut self` on every method excludes).
unsafe impl Send for Connection {}

impl Connection {
    fn handle(&self) -> *mut c_void {
        // SAFETY: raw points to the handle until chdb_close_conn, which only Drop calls.
        unsafe { *self.raw.as_ptr() }
    }

    fn call<R>(&mut self, function: WithParams<R>, statement: Statement<'_>) -> R {
        let names: Vec<*const c_char> = statement.params.iter().map(|(n, _)| n.as_ptr().cast()).collect();
        let name_lens: Vec<usize> = statement.params.iter().map(|(n, _)| n.len()).collect();
        let values: Vec<*const c_char> = statement.params.iter().map(|(_, v)| v.as_ptr().cast()).collect();
        let value_lens: Vec<usize> = statement.params.iter().map(|(_, v)| v.len()).collect();
        // SAFETY: the handle is open; every pointer comes with its exact length, the four arrays have
        // params.len() elements, and all of them outlive the call, after which the library keeps no pointer.
        unsafe {
            function(
                self.handle(),
                statement.sql.as_ptr().cast(),
                statement.sql.len(),
                statement.format.as_ptr().cast(),
                statement.format.len(),
                names.as_ptr(),
                name_lens.as_ptr(),
                values.as_ptr(),
                value_lens.as_ptr(),
                statement.params.len(),
            )
        }
    }

    /// Runs a statement and returns its whole result.
    ///
    /// # Errors
    /// [`ChdbError::Query`]. The connection must not be used again after it: the engine would put what the failed
    /// statement had already written in front of the next result.
    pub(super) fn query(&mut self, statement: Statement<'_>) -> Result<ResultData, ChdbError> {
        let raw = self.call(self.api.query, statement);
        RawGuard::new(self.api, raw)?.read()
    }

    /// Starts a statement whose result is fetched piece by piece. Only SELECT can be streamed.
    ///
    /// # Errors
    /// [`ChdbError::Query`], with the same rule as [`Connection::query`].
    pub(super) fn stream(&mut self, statement: Statement<'_>) -> Result<QueryStream<'_>, ChdbError> {
        let raw = self.call(self.api.stream_query, statement);
        let result = RawGuard::new(self.api, raw)?;
        result.check()?;
        Ok(QueryStream { connection: self, result, ended: false })
    }

    /// Starts an INSERT whose data is appended piece by piece. `statement.sql` is the INSERT without FORMAT and data,
    /// `statement.format` the format of the data.
    ///
    /// # Errors
    /// [`ChdbError::Query`] when the statement is refused.
    pub(super) fn insert(&mut self, statement: Statement<'_>) -> Result<InsertStream<'_>, ChdbError> {
        let raw = self.call(self.api.stream_insert, statement);
        let raw = NonNull::new(raw).ok_or_else(|| no_handle("insert stream"))?;
        let stream = InsertStream { connection: self, raw, finished: false };
        match stream.error() {
            Some(message) => Err(ChdbError::Query(message)),
            None => Ok(stream),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: raw came from chdb_connect and is closed exactly once; streams borrow the connection, so
        // none is open any more.
        unsafe { (self.api.close_conn)(self.raw.as_ptr()) }
    }
}

/// What a statement returned.
#[derive(Debug, Default)]
pub(super) struct ResultData {
    /// The formatted output.
    pub(super) bytes: Vec<u8>,
    /// Rows in the result.
    pub(super) result_rows: u64,
    /// Rows read from tables.
    pub(super) read_rows: u64,
    /// Bytes read from tables.
    pub(super) read_bytes: u64,
    /// Rows written, those of materialized views included.
    pub(super) written_rows: u64,
    /// Bytes written, those of materialized views included.
    pub(super) written_bytes: u64,
}

/// Owns one result of the library.
struct RawGuard {
    api: &'static Api,
    raw: NonNull<c_void>,
}

impl RawGuard {
    fn new(api: &'static Api, raw: RawResult) -> Result<Self, ChdbError> {
        let raw = NonNull::new(raw).ok_or_else(|| no_handle("result"))?;
        Ok(Self { api, raw })
    }

    fn check(&self) -> Result<(), ChdbError> {
        // SAFETY: the result is live; the function returns NULL or a NUL-terminated string owned by it.
        let error = unsafe { text((self.api.result_error)(self.raw.as_ptr())) };
        error.map_or(Ok(()), |message| Err(ChdbError::Query(message)))
    }

    fn read(&self) -> Result<ResultData, ChdbError> {
        self.check()?;
        let raw = self.raw.as_ptr();
        // SAFETY: the result is live; the accessors only read it.
        let (buffer, length) = unsafe { ((self.api.result_buffer)(raw), (self.api.result_length)(raw)) };
        let bytes = if buffer.is_null() || length == 0 {
            Vec::new()
        } else {
            // SAFETY: the library states that buffer points to length readable bytes until the result is destroyed.
            unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), length) }.to_vec()
        };
        // SAFETY: as above, the accessors only read the live result.
        unsafe {
            Ok(ResultData {
                bytes,
                result_rows: (self.api.rows_read)(raw),
                read_rows: (self.api.storage_rows_read)(raw),
                read_bytes: (self.api.storage_bytes_read)(raw),
                written_rows: (self.api.rows_written)(raw),
                written_bytes: (self.api.bytes_written)(raw),
            })
        }
    }
}

impl Drop for RawGuard {
    fn drop(&mut self) {
        // SAFETY: the result is destroyed exactly once, and nothing borrowed from it outlives this guard.
        unsafe { (self.api.destroy_result)(self.raw.as_ptr()) }
    }
}

/// A result that is fetched piece by piece. Dropping it before its end cancels the query.
pub(super) struct QueryStream<'c> {
    connection: &'c mut Connection,
    result: RawGuard,
    ended: bool,
}

impl QueryStream<'_> {
    /// The next piece of formatted output, `None` at the end. After the end, and after an error, it is always `None`.
    ///
    /// # Errors
    /// [`ChdbError::Query`] when the query failed after it had begun.
    pub(super) fn next_chunk(&mut self) -> Result<Option<ResultData>, ChdbError> {
        if self.ended {
            return Ok(None);
        }
        // Until the fetch has succeeded the stream counts as ended: after an error it may not be touched again.
        self.ended = true;
        let api = self.connection.api;
        // SAFETY: the connection and the stream are live, and `&mut self` excludes a second fetch at the same time.
        let raw = unsafe { (api.stream_fetch)(self.connection.handle(), self.result.raw.as_ptr()) };
        let data = RawGuard::new(api, raw)?.read()?;
        // Rows may have no bytes (an empty tuple in RowBinary): only a piece without rows is the end.
        if data.bytes.is_empty() && data.result_rows == 0 {
            return Ok(None);
        }
        self.ended = false;
        Ok(Some(data))
    }
}

impl Drop for QueryStream<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let handle = self.connection.handle();
            // SAFETY: the stream is live, has not ended, and no fetch is running (`&mut self`).
            unsafe { (self.connection.api.stream_cancel)(handle, self.result.raw.as_ptr()) }
        }
        // `result` is destroyed after this, and the connection only after its borrow ends.
    }
}

/// An INSERT that is being fed. Dropping it before [`InsertStream::finish`] cancels it: what was not yet written stays unwritten.
pub(super) struct InsertStream<'c> {
    connection: &'c mut Connection,
    raw: NonNull<c_void>,
    finished: bool,
}

impl InsertStream<'_> {
    fn error(&self) -> Option<String> {
        // SAFETY: the stream is live; NULL or a NUL-terminated string owned by it is returned.
        unsafe { text((self.connection.api.insert_error)(self.raw.as_ptr())) }
    }

    /// Hands over a piece of data; it may be cut anywhere. Blocks while the engine is busy with earlier pieces.
    ///
    /// # Errors
    /// [`ChdbError::Query`] when the insert has failed; the stream is then of no more use.
    pub(super) fn append(&mut self, data: &[u8]) -> Result<(), ChdbError> {
        if data.is_empty() {
            return Ok(());
        }
        let append = self.connection.api.stream_append;
        // SAFETY: the stream is live and not finished; data is readable for its length and copied by the library.
        let state = unsafe { append(self.raw.as_ptr(), data.as_ptr().cast(), data.len()) };
        if state == 0 {
            return Ok(());
        }
        Err(ChdbError::Query(
            self.error().unwrap_or_else(|| "Code: 1002. DB::Exception: the insert ended without a reason".to_owned()),
        ))
    }

    /// Ends the data and waits until everything is written.
    ///
    /// # Errors
    /// [`ChdbError::Query`] when the insert failed.
    pub(super) fn finish(mut self) -> Result<ResultData, ChdbError> {
        self.finished = true;
        let api = self.connection.api;
        // SAFETY: the stream is live and finished exactly once, as `self` is consumed.
        let raw = unsafe { (api.stream_done)(self.raw.as_ptr()) };
        RawGuard::new(api, raw)?.read()
    }
}

impl Drop for InsertStream<'_> {
    fn drop(&mut self) {
        let api = self.connection.api;
        // SAFETY: the stream is live; it is cancelled only if it was not finished, and destroyed exactly once.
        unsafe {
            if !self.finished {
                (api.cancel_insert)(self.raw.as_ptr());
            }
            (api.destroy_insert)(self.raw.as_ptr());
        }
    }
}

fn no_handle(what: &str) -> ChdbError {
    ChdbError::Query(format!("Code: 1002. DB::Exception: the engine returned no {what}"))
}

/// Copies a C string of the library; `None` for NULL and for the empty string.
///
/// # Safety
/// `raw` is NULL or points to a NUL-terminated string that is live during the call.
unsafe fn text(raw: *const c_char) -> Option<String> {
    if raw.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    let message = unsafe { CStr::from_ptr(raw) }.to_string_lossy();
    (!message.is_empty()).then(|| message.into_owned())
}

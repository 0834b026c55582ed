//! The life of the process that holds the engine: prepare, listen, serve, end.

use std::io::{self, BufRead as _, Read as _};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::chdb::{ChdbError, Library};
use super::config::{EngineConfig, Listen};
use super::execute::Engine;
use super::login::Login;
use super::server::{Server, Turns};
use super::wire::{Noted, Wire};

/// Open connections that are served at the same time; more wait in the socket's backlog.
const CONNECTIONS_MAX: usize = 512;
/// Open files asked for; parts of tables are many small files.
const OPEN_FILES_WANTED: u64 = 262_144;
/// How often running queries are killed at the end, and how long they get each time to notice it.
const END_KILLS: u32 = 20;
const END_KILL_PAUSE: Duration = Duration::from_millis(100);
/// After this the process is killed, whatever hangs in it.
const END_MAX: Duration = Duration::from_secs(5);
/// How long the data folder may still be locked by the process before.
const LOCK_WAIT: Duration = Duration::from_secs(8);
/// How long a client may take for its request's head.
const HEAD_WAIT: Duration = Duration::from_secs(60);
/// The longest configuration read from stdin, in bytes.
const CONFIG_MAX: u64 = 1 << 20;

/// The exit code of a child that cannot load the engine's library: EX_CONFIG of sysexits.h.
pub const UNLOADABLE: u8 = 78;

/// Why the process could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// The configuration on stdin is no configuration.
    #[error("read the engine's configuration from stdin")]
    Config(#[source] serde_json::Error),
    /// The engine is missing or refuses to start.
    #[error("start the engine")]
    Engine(#[source] ChdbError),
    /// A listener that anyone could reach without a password.
    #[error("refuse to listen on {0} without a password: only a loopback address may go without")]
    Open(SocketAddr),
    /// Another process uses the data folder.
    #[error("data folder {0} is in use by another process")]
    InUse(PathBuf),
    /// Anything else the system refused.
    #[error("{doing}")]
    Io {
        /// What was tried.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

impl ChildError {
    /// What the process says of it to the one that started it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Engine(ChdbError::Load { .. })) { UNLOADABLE } else { 1 }
    }
}

fn failed(doing: impl Into<String>) -> impl FnOnce(io::Error) -> ChildError {
    let doing = doing.into();
    move |source| ChildError::Io { doing, source }
}

/// The child of a supervisor: takes its configuration from the first line of stdin and serves until stdin ends or a
/// SIGTERM comes. Blocks; call it before anything else has started threads.
///
/// # Errors
/// When it cannot begin to serve.
pub fn run_supervised() -> Result<(), ChildError> {
    let mut line = String::new();
    io::stdin().lock().take(CONFIG_MAX).read_line(&mut line).map_err(failed("read stdin"))?;
    let config = serde_json::from_str(&line).map_err(ChildError::Config)?;
    run(&config)
}

/// Serves until SIGTERM or SIGINT and, on a Unix socket, until stdin ends. Blocks; it builds its own runtime.
///
/// # Errors
/// When it cannot begin to serve.
pub fn run(config: &EngineConfig) -> Result<(), ChildError> {
    if let Listen::Tcp { address, password, .. } = &config.listen
        && !address.ip().is_loopback()
        && password.as_deref().unwrap_or_default().is_empty()
    {
        return Err(ChildError::Open(*address));
    }
    let stop = CancellationToken::new();
    if matches!(config.listen, Listen::Socket { .. }) {
        die_with_parent(&stop);
    }
    raise_open_files();
    private_folder(&config.data_dir)?;
    let _lock = lock_data(&config.data_dir)?;
    let config_file = config.data_dir.join("engine.xml");
    std::fs::write(&config_file, "<clickhouse></clickhouse>\n")
        .map_err(failed("write the engine's configuration file"))?;
    let library = Library::load(&config.library).map_err(ChildError::Engine)?;
    let engine = Engine::start(library, config.engine_arguments(&config_file)).map_err(ChildError::Engine)?;
    let engine = Arc::new(engine);
    let concurrency = config.concurrency();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        // Jobs hold a turn; kills and the like come on top.
        .max_blocking_threads(2 * concurrency + 8)
        .thread_name("engine-http")
        .enable_all()
        .build()
        .map_err(failed("start the runtime"))?;
    let served = runtime.block_on(serve(config, Arc::clone(&engine), stop));
    // A job that does not end keeps its connection: closing the engine under it would crash. The process ends without.
    runtime.shutdown_timeout(Duration::from_millis(100));
    let ended_cleanly = served?;
    if !ended_cleanly {
        kill_self();
    }
    engine.close();
    Ok(())
}

/// Listens and serves until `stop`. Returns whether every query has ended.
async fn serve(config: &EngineConfig, engine: Arc<Engine>, stop: CancellationToken) -> Result<bool, ChildError> {
    let tasks = TaskTracker::new();
    let mut server = Server {
        engine: Arc::clone(&engine),
        login: None,
        settings: Arc::new(config.settings.clone()),
        turns: Arc::new(Turns::new(config.concurrency(), config.queue_wait)),
        client_stall: config.client_stall,
        tasks: tasks.clone(),
    };
    stop_on_signals(&tasks, &stop)?;
    match &config.listen {
        Listen::Socket { path } => {
            let listener = bind_socket(path)?;
            accept(server, &stop, async || Ok(listener.accept().await?.0)).await;
        }
        Listen::Tcp { address, user, password } => {
            let login = Login { user: user.clone(), password: password.clone() };
            server.login = Some(Arc::new(login));
            let listener = TcpListener::bind(address).await.map_err(failed(format!("listen on {address}")))?;
            let bound = listener.local_addr().map_err(failed("read the bound address"))?;
            tracing::info!("listening on {bound}");
            let connect = async || {
                let stream = listener.accept().await?.0;
                stream.set_nodelay(true)?;
                Ok(stream)
            };
            accept(server, &stop, connect).await;
        }
    }
    std::thread::spawn(|| {
        std::thread::sleep(END_MAX);
        kill_self();
    });
    tasks.close();
    // Again and again: a query may begin between a kill and the end of its request's reading.
    for _ in 0..END_KILLS {
        let engine = Arc::clone(&engine);
        let killed = tokio::task::spawn_blocking(move || engine.kill_all()).await;
        if killed.is_ok() && tokio::time::timeout(END_KILL_PAUSE, tasks.wait()).await.is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Serves every connection that comes in until `stop`; open ones then end after the request they are in.
async fn accept<S>(server: Server, stop: &CancellationToken, mut next: impl AsyncFnMut() -> io::Result<S>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        // Both futures are cancel-safe: a token, and tokio's accept.
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = next() => accepted,
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!("accept a connection to the engine: {error}");
                // Most often too many open files: give them time to be closed.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (server, stop) = (server.clone(), stop.clone());
        server.tasks.clone().spawn(async move {
            let _place = place;
            let wire = Wire::default();
            let noted = Noted { stream, wire: wire.clone() };
            let service = service_fn(move |request| server.clone().answer(request, wire.clone()));
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_WAIT)
                .serve_connection(TokioIo::new(noted), service);
            let mut connection = std::pin::pin!(connection);
            let served = tokio::select! {
                served = connection.as_mut() => served,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = served {
                tracing::debug!("connection to the engine ended: {error}");
            }
        });
    }
}

fn stop_on_signals(tasks: &TaskTracker, stop: &CancellationToken) -> Result<(), ChildError> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut signals = signal(kind).map_err(failed("listen for signals"))?;
        let stop = stop.clone();
        tasks.spawn(async move {
            tokio::select! {
                _ = signals.recv() => stop.cancel(),
                () = stop.cancelled() => {}
            }
        });
    }
    Ok(())
}

/// Ends this process when its parent does, however that ends: by the kernel's signal, and by the end of stdin,
/// which also tells of a parent that was gone before the signal could be asked for.
fn die_with_parent(stop: &CancellationToken) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(Signal::TERM)) {
        tracing::warn!("ask for a signal at the parent's end: {error}");
    }
    let stop = stop.clone();
    std::thread::spawn(move || {
        let mut rest = [0; 256];
        while matches!(io::stdin().lock().read(&mut rest), Ok(1..)) {}
        stop.cancel();
        std::thread::sleep(END_MAX);
        kill_self();
    });
}

/// The last resort: no destructors, which would crash in an engine that is still at work.
fn kill_self() {
    if let Err(error) = rustix::process::kill_process(rustix::process::getpid(), Signal::KILL) {
        tracing::error!("end this process: {error}");
    }
}

/// Asks for as many open files as the system grants: each connection, segment and part is one.
pub(crate) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(OPEN_FILES_WANTED, |max| max.min(OPEN_FILES_WANTED));
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit { current: Some(wanted), maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!("raise the number of open files to {wanted}: {error}");
        }
    }
}

/// Makes the folder, for this user only.
fn private_folder(path: &Path) -> Result<(), ChildError> {
    let doing = || format!("make folder {} for this user only", path.display());
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(doing()))?;
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(path, mode).map_err(failed(doing()))
}

/// Holds the data folder against a second process. The lock goes with the process.
fn lock_data(data_dir: &Path) -> Result<std::fs::File, ChildError> {
    let path = data_dir.join("engine.lock");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed("open the lock of the data folder"))?;
    let pause = Duration::from_millis(50);
    // A child that was killed a moment ago may still be on its way out.
    for _ in 0..LOCK_WAIT.as_millis() / pause.as_millis() {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(pause),
            Err(std::fs::TryLockError::Error(error)) => {
                return Err(failed("lock the data folder")(error));
            }
        }
    }
    Err(ChildError::InUse(data_dir.to_owned()))
}

/// Binds the socket with mode 0600 in a folder with mode 0700; a socket that was left there goes first.
fn bind_socket(path: &Path) -> Result<UnixListener, ChildError> {
    if let Some(folder) = path.parent() {
        private_folder(folder)?;
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed("remove the old socket")(error));
        }
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(failed(format!("listen on {}", path.display())))?;
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, mode).map_err(failed("close the socket to other users"))?;
    Ok(listener)
}

//! Keeps the engine's child process alive.
//!
//! The child cannot outlive this process: the kernel sends it a signal when this process ends, its stdin closes, and
//! dropping the supervisor's task kills it.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::child::UNLOADABLE;
use super::config::EngineConfig;

/// The first pause before a restart; it doubles with every child that ends before it has answered.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
/// The longest pause before a restart.
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// The pause between two looks whether the child answers.
const READY_PAUSE: Duration = Duration::from_millis(20);
/// The longest line of the child's log that is passed on, in bytes.
const LOG_LINE_MAX: u64 = 8 * 1024;

/// What the supervisor starts and how long it waits.
#[derive(Clone, Debug)]
pub struct SupervisorConfig {
    /// The program, in production the running one.
    pub program: PathBuf,
    /// The arguments that make it call [`super::child::run_supervised`].
    pub arguments: Vec<OsString>,
    /// What the child is told. It must listen on a socket.
    pub engine: EngineConfig,
    /// The socket in `engine.listen`.
    pub socket: PathBuf,
    /// How long a started child may take until it answers; the data folder may need checking first.
    pub ready_within: Duration,
    /// How long a child may take to end before it is killed.
    pub stop_within: Duration,
}

/// What the engine is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineState {
    /// A child was started and does not answer yet.
    Starting,
    /// The child answers.
    Up,
    /// There is no child; the next one is started soon, unless the supervisor was stopped.
    Down {
        /// Why.
        reason: String,
        /// Whether the library cannot be loaded, which the next child cannot do either.
        is_unloadable: bool,
    },
}

/// A running supervisor. Dropping it without [`Supervisor::stop`] kills the child.
pub struct Supervisor {
    state: watch::Receiver<EngineState>,
    shared: Arc<Shared>,
    stop: CancellationToken,
    library: PathBuf,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    restarts: AtomicU64,
    /// 0: no child.
    pid: AtomicU32,
}

impl Supervisor {
    /// Starts the child and the task, tracked by `tasks`, that watches it.
    #[must_use]
    pub fn start(config: SupervisorConfig, tasks: &TaskTracker) -> Self {
        let (state_in, state) = watch::channel(EngineState::Starting);
        let shared = Arc::new(Shared::default());
        let stop = CancellationToken::new();
        let library = config.engine.library.clone();
        let watched =
            Watched { config, state: state_in, shared: Arc::clone(&shared), stop: stop.clone(), tasks: tasks.clone() };
        let task = tasks.spawn(watched.run());
        Self { state, shared, stop, library, task }
    }

    /// The state, and a way to wait for its changes.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<EngineState> {
        self.state.clone()
    }

    /// How often a child was started after the first one.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.shared.restarts.load(Ordering::Relaxed)
    }

    /// The process id of the child, if there is one.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        Some(self.shared.pid.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }

    /// Waits until the engine answers. Returns whether it does.
    pub async fn up_within(&self, wait: Duration) -> bool {
        let mut state = self.state.clone();
        let up = state.wait_for(|s| *s == EngineState::Up);
        matches!(tokio::time::timeout(wait, up).await, Ok(Ok(_)))
    }

    /// The library, as soon as a child has ended because it cannot be loaded.
    pub async fn unloadable(&self) -> &Path {
        let mut state = self.state.clone();
        let refused = state.wait_for(|s| matches!(s, EngineState::Down { is_unloadable: true, .. }));
        match refused.await {
            Ok(_) => &self.library,
            // The supervisor has ended: nothing will be refused any more.
            Err(_) => std::future::pending().await,
        }
    }

    /// Ends the child: asks it to, and kills it at the deadline. Returns when it is gone.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Err(error) = (&mut self.task).await {
            tracing::error!("engine supervisor: {error}");
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Without an orderly stop the task is dropped, and the child with it (kill_on_drop).
        self.task.abort();
    }
}

/// The state of the supervisor's task.
struct Watched {
    config: SupervisorConfig,
    state: watch::Sender<EngineState>,
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Watched {
    async fn run(self) {
        let mut backoff = BACKOFF_FIRST;
        while !self.stop.is_cancelled() {
            self.state.send_replace(EngineState::Starting);
            let outcome = self.live_once().await;
            self.shared.pid.store(0, Ordering::Relaxed);
            // However often one is killed that works, the next one comes at once; starting takes long enough to keep a
            // child that dies of its work from taking all of the processor.
            if *self.state.borrow() == EngineState::Up {
                backoff = BACKOFF_FIRST;
            }
            let (reason, is_unloadable) = match outcome {
                Ok(()) => ("stopped".to_owned(), false),
                Err(ended) => (ended.to_string(), ended.is_unloadable()),
            };
            self.state.send_replace(EngineState::Down { reason: reason.clone(), is_unloadable });
            if self.stop.is_cancelled() {
                break;
            }
            tracing::warn!(
                backoff_ms = u64::try_from(backoff.as_millis()).unwrap_or(u64::MAX),
                "the engine is down and will be restarted: {reason}"
            );
            tokio::select! {
                () = tokio::time::sleep(backoff) => {}
                () = self.stop.cancelled() => break,
            }
            backoff = (2 * backoff).min(BACKOFF_MAX);
            self.shared.restarts.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// From the start of one child to its end. `Ok` when it was asked to end.
    async fn live_once(&self) -> Result<(), Ended> {
        let (mut child, _stdin) = self.spawn().await.map_err(Ended::NotStarted)?;
        let ready = tokio::select! {
            status = child.wait() => return Err(Ended::Itself(status)),
            () = self.stop.cancelled() => return self.end(child).await,
            ready = tokio::time::timeout(self.config.ready_within, answers(&self.config.socket)) => ready,
        };
        if ready.is_err() {
            drop(child.kill().await);
            return Err(Ended::Mute(self.config.ready_within));
        }
        self.state.send_replace(EngineState::Up);
        tracing::info!(engine.pid = child.id(), "the engine is up");
        tokio::select! {
            status = child.wait() => Err(Ended::Itself(status)),
            () = self.stop.cancelled() => self.end(child).await,
        }
    }

    /// Starts the child and gives it its configuration. Its stdin stays open as long as the handle lives.
    async fn spawn(&self) -> io::Result<(Child, ChildStdin)> {
        // A socket of the child before would look like an answer.
        if let Err(error) = std::fs::remove_file(&self.config.socket)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut child = Command::new(&self.config.program)
            .args(&self.config.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        self.shared.pid.store(child.id().unwrap_or(0), Ordering::Relaxed);
        if let Some(stderr) = child.stderr.take() {
            self.tasks.spawn(pass_log_on(stderr));
        }
        let mut stdin = child.stdin.take().ok_or_else(|| io::Error::other("the child has no stdin"))?;
        let mut line = serde_json::to_vec(&self.config.engine).map_err(io::Error::other)?;
        line.push(b'\n');
        stdin.write_all(&line).await?;
        stdin.flush().await?;
        Ok((child, stdin))
    }

    async fn end(&self, mut child: Child) -> Result<(), Ended> {
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid
            && let Err(error) = kill_process(pid, Signal::TERM)
        {
            tracing::warn!("ask the engine to end: {error}");
        }
        if tokio::time::timeout(self.config.stop_within, child.wait()).await.is_err() {
            tracing::warn!("the engine did not end in time and is killed");
            child.kill().await.map_err(Ended::NotKilled)?;
        }
        Ok(())
    }
}

/// Why there is no child although none was asked to end.
enum Ended {
    NotStarted(io::Error),
    Itself(io::Result<ExitStatus>),
    /// It did not answer within this.
    Mute(Duration),
    NotKilled(io::Error),
}

impl Ended {
    fn is_unloadable(&self) -> bool {
        matches!(self, Self::Itself(Ok(status)) if status.code() == Some(UNLOADABLE.into()))
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(error) => write!(f, "start: {error}"),
            Self::Itself(Ok(status)) => write!(f, "it ended with {status}"),
            Self::Itself(Err(error)) => write!(f, "wait for it: {error}"),
            Self::Mute(wait) => write!(f, "it did not answer within {wait:?}"),
            Self::NotKilled(error) => write!(f, "kill: {error}"),
        }
    }
}

/// Waits until the engine answers on its socket.
async fn answers(socket: &Path) {
    loop {
        if ping(socket).await.unwrap_or(false) {
            return;
        }
        tokio::time::sleep(READY_PAUSE).await;
    }
}

async fn ping(socket: &Path) -> io::Result<bool> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(b"GET /ping HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.take(1024).read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200 "))
}

/// Writes the child's stderr into the log, line by line, until it closes.
async fn pass_log_on(stderr: tokio::process::ChildStderr) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader).take(LOG_LINE_MAX).read_until(b'\n', &mut line).await;
        match read {
            Ok(0) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                let text = text.trim_end();
                if !text.is_empty() {
                    tracing::warn!(target: "engine", "{text}");
                }
            }
            Err(error) => {
                tracing::warn!("read the engine's log: {error}");
                return;
            }
        }
    }
}

//! What the program does for the embedded engine: finds and starts it, fetches its library, offers it to other tools.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::config::stages::Engine;
use crate::engine::config::{EngineConfig, Listen};
use crate::engine::supervisor::{Supervisor, SupervisorConfig};
use crate::engine::{child, install as engine_install, library};
use crate::printing::{print_line, remark_line};

/// The file name of the child's socket, below `engine` in the data folder.
const SOCKET: &str = "engine.sock";
const READY_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Starts the engine as a child of this process; its tables lie in `data_dir`.
///
/// # Errors
/// The library is not there; the text says how to get it.
pub(crate) fn start(
    config: &Engine,
    data_dir: &Path,
    tasks: &TaskTracker,
) -> anyhow::Result<(clickhouse::Client, Supervisor)> {
    let library = find_library(config)?;
    let folder = data_dir.join("engine");
    let socket = folder.join("run").join(SOCKET);
    let mut engine = EngineConfig::new(library, folder.join("store"), Listen::Socket { path: socket.clone() });
    limit_memory(&mut engine, config);
    let supervisor = Supervisor::start(
        SupervisorConfig {
            program: std::env::current_exe().context("find this program's own file")?,
            arguments: vec!["engine".into(), "run".into()],
            engine,
            socket: socket.clone(),
            ready_within: READY_WITHIN,
            stop_within: STOP_WITHIN,
        },
        tasks,
    );
    Ok((crate::engine::client::over_socket(&socket), supervisor))
}

fn limit_memory(engine: &mut EngineConfig, config: &Engine) {
    if config.memory_bytes_max > 0 {
        engine.max_server_memory_bytes = config.memory_bytes_max;
    }
}

/// `logseal engine install`: fetches the library into the cache, or takes it from a file.
///
/// # Errors
/// It cannot be fetched, or is not the file whose checksum is known.
pub fn install(from: Option<&Path>) -> anyhow::Result<()> {
    let environment = Environment::read();
    let folder = library::cache_folder(environment.places(None))
        .context("find a folder for the library: set HOME or XDG_CACHE_HOME")?;
    let installed = folder.join(library::FILE_NAME);
    if from.is_none() && installed.is_file() {
        // It was verified when it was put there, and put there whole.
        return Ok(print_line(format_args!("the engine library is installed: {}", installed.display()))?);
    }
    let mut printed = Ok(());
    engine_install::install(from, &folder, &mut |line| {
        // The library is wanted though nobody can be told how it comes.
        if printed.is_ok() {
            printed = print_line(line);
        }
    })?;
    Ok(printed?)
}

/// `logseal engine serve`: the engine's tables over ClickHouse's HTTP interface, while no daemon uses them.
///
/// # Errors
/// The library is missing, the tables are in use, or the address is refused.
pub fn serve(config: &Config, listen: SocketAddr) -> anyhow::Result<()> {
    let library = find_library(&config.engine)?;
    let password = (!config.clickhouse.password.is_empty()).then(|| config.clickhouse.password.clone());
    let user = config.clickhouse.user.clone();
    let data_dir = std::path::absolute(&config.data_dir).context("resolve the data folder")?.join("engine/store");
    let mut engine = EngineConfig::new(library, data_dir, Listen::Tcp { address: listen, user, password });
    limit_memory(&mut engine, &config.engine);
    child::run(&engine)?;
    Ok(())
}

/// The life of the engine's child process. What keeps it from serving goes to stderr, which the supervisor writes into its log.
#[must_use]
pub fn run_child() -> ExitCode {
    match child::run_supervised() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = error.exit_code();
            remark_line(format_args!("logseal: {:#}", anyhow::Error::new(error)));
            ExitCode::from(code)
        }
    }
}

fn find_library(config: &Engine) -> anyhow::Result<PathBuf> {
    let configured = (!config.library.as_os_str().is_empty()).then_some(config.library.as_path());
    Ok(library::find(Environment::read().places(configured))?)
}

/// Where this process looks for the library.
struct Environment {
    program: Option<PathBuf>,
    xdg_cache_home: Option<OsString>,
    home: Option<OsString>,
}

impl Environment {
    fn read() -> Self {
        Self {
            program: std::env::current_exe().ok(),
            xdg_cache_home: std::env::var_os("XDG_CACHE_HOME"),
            home: std::env::var_os("HOME"),
        }
    }

    fn places<'a>(&'a self, configured: Option<&'a Path>) -> library::Places<'a> {
        library::Places {
            configured,
            program: self.program.as_deref(),
            xdg_cache_home: self.xdg_cache_home.as_deref(),
            home: self.home.as_deref(),
        }
    }
}

//! The program: `logseal` runs the daemon, `logseal COMMAND` everything else.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use logseal::cli::{Cli, Command, EngineCommand, report};
use logseal::config::Config;
use logseal::printing::{print_line, remark_line};
use logseal::{account_commands, daemon, engine_commands, telemetry};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let config_file = cli.config.clone();
    let outcome = match cli.command() {
        Command::Client(command) if config_file.is_none() && !is_daemon_named() => return command.run(),
        Command::Client(command) => match load(config_file.as_deref()) {
            Ok(config) => {
                let command = command.with_formats(config.formats());
                return command.or_daemon(&config.api, config.data_dir).run();
            }
            Err(error) => Err(error),
        },
        Command::Serve => serve(config_file.as_deref()),
        Command::CheckConfig => check_config(config_file.as_deref()),
        Command::User(command) => {
            load(config_file.as_deref()).and_then(|config| account_commands::user(&config, command))
        }
        Command::Token(command) => {
            load(config_file.as_deref()).and_then(|config| account_commands::token(&config, command))
        }
        Command::Engine(EngineCommand::Install { from }) => engine_commands::install(from.as_deref()),
        Command::Engine(EngineCommand::Serve { listen }) => load(config_file.as_deref()).and_then(|config| {
            telemetry::set_up(&config.log)?;
            engine_commands::serve(&config, listen)
        }),
        // It serves before anything else of the process has started.
        Command::Engine(EngineCommand::Run { .. }) => return engine_commands::run_child(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// Whether the variables say where the daemon is, as they do in a container.
fn is_daemon_named() -> bool {
    ["LOGSEAL__API__LISTEN", "LOGSEAL__DATA_DIR"].iter().any(|name| std::env::var_os(name).is_some())
}

fn load(file: Option<&Path>) -> anyhow::Result<Config> {
    // A name or value that is not text cannot be one of ours.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(Config::load(file, variables)?)
}

fn serve(file: Option<&Path>) -> anyhow::Result<()> {
    let config = load(file)?;
    telemetry::set_up(&config.log)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the asynchronous runtime")?;
    runtime.block_on(daemon::run(config))
}

fn check_config(file: Option<&Path>) -> anyhow::Result<()> {
    let config = load(file)?;
    daemon::check_configuration(&config)?;
    let config = config.without_secrets();
    let text = toml::to_string(&config).context("show the configuration")?;
    print_line(text)?;
    remark_line("the configuration is valid");
    Ok(())
}

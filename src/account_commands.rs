//! `logseal user` and `logseal token`: accounts from the terminal, in the metadata database itself, whether or not a daemon runs.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::num::NonZeroU32;

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, Utc};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::auth::password::hash_now;
use crate::auth::password_policy::PasswordPolicy;
use crate::auth::secret::{Secret, display_prefix};
use crate::cli::accounts::{TokenCommand, UserCommand};
use crate::config::Config;
use crate::meta::{Actor, Location, Meta, MetaError, NewToken, NewUser, User, UserPatch, UserStatus};

/// Users that are listed; who has more asks the API.
const LISTED_MAX: u32 = 1000;

/// Runs `logseal user …`.
///
/// # Errors
/// What a person can do something about, in words.
pub fn user(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    on_meta(config, async |meta, by, now| match command {
        UserCommand::Add { name, role, email, generate } => {
            let (password, is_drawn) = new_password(generate)?;
            let hash = checked_hash(&password, &name)?;
            let new = NewUser { username: &name, email: email.as_deref(), password_hash: &hash, role };
            let made = meta.create_user(&new, by, now).await.map_err(in_words)?;
            eprintln!("made {} (id {}, role {})", made.username, made.id, made.role);
            if is_drawn {
                println!("{password}");
            }
            Ok(())
        }
        UserCommand::Passwd { name, generate } => {
            let user = known(meta, &name).await?;
            let (password, is_drawn) = new_password(generate)?;
            let hash = checked_hash(&password, &user.username)?;
            let patch = UserPatch { password_hash: Some(&hash), ..UserPatch::default() };
            meta.update_user(user.id, &patch, by, now).await.map_err(in_words)?;
            eprintln!("changed the password of {}; its sessions have ended", user.username);
            if is_drawn {
                println!("{password}");
            }
            Ok(())
        }
        UserCommand::List => {
            for user in meta.users(1, LISTED_MAX, "").await.map_err(in_words)?.list {
                let last = user.last_login_at.map_or_else(|| "never".to_owned(), |at| at.to_rfc3339());
                println!("{:5}  {:20} {:8} {:9} last login {last}", user.id, user.username, user.role, user.status);
            }
            Ok(())
        }
        UserCommand::Disable { name } => set_status(meta, &name, UserStatus::Disabled, by, now).await,
        UserCommand::Enable { name } => set_status(meta, &name, UserStatus::Active, by, now).await,
    })
}

/// Runs `logseal token …`.
///
/// # Errors
/// As [`user`].
pub fn token(config: &Config, command: TokenCommand) -> anyhow::Result<()> {
    on_meta(config, async |meta, by, now| match command {
        TokenCommand::Add { name, scope, source, rate_limit, expires } => {
            let secret = Secret::api_token();
            let new = NewToken {
                name: &name,
                secret_hash: secret.hash(),
                prefix: &display_prefix(&secret),
                scopes: scope.into_iter().collect(),
                source: source.as_deref(),
                rate_limit: rate_limit.map(NonZeroU32::get),
                expires_at: expires.map(|span| now + span),
            };
            let made = meta.create_token(&new, by, now).await.map_err(in_words)?;
            eprintln!("made the token {} (id {}, scopes {}); it is shown this once:", made.name, made.id, made.scopes);
            println!("{}", secret.expose());
            Ok(())
        }
        TokenCommand::List => {
            for token in meta.tokens().await.map_err(in_words)? {
                let last = token.last_used_at.map_or_else(|| "never".to_owned(), |at| at.to_rfc3339());
                println!("{:5}  {:20} {}…  {}  last used {last}", token.id, token.name, token.prefix, token.scopes);
            }
            Ok(())
        }
        TokenCommand::Revoke { name } => {
            let tokens = meta.tokens().await.map_err(in_words)?;
            let found = tokens.iter().find(|token| token.name == name);
            let token = found.ok_or_else(|| anyhow!("there is no token {name}"))?;
            meta.revoke_token(token.id, by, now).await.map_err(in_words)?;
            eprintln!("revoked {name}: refused within a second");
            Ok(())
        }
    })
}

fn on_meta(
    config: &Config,
    work: impl AsyncFnOnce(&Meta, &Actor, DateTime<Utc>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(&config.data_dir).with_context(|| format!("make {}", config.data_dir.display()))?;
    let location = Location::parse(&config.database.url, &config.data_dir).context("read database.url")?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the asynchronous runtime")?;
    // Who may open the database is its owner; the log says that it was no session.
    let by = Actor { username: Some("terminal".to_owned()), ..Actor::default() };
    #[expect(clippy::disallowed_methods, reason = "a command reads the clock, and hands the time on")]
    let now = DateTime::<Utc>::from(std::time::SystemTime::now());
    runtime.block_on(async {
        let meta = Meta::open(&location, config.node).await.context("open the metadata database")?;
        let done = work(&meta, &by, now).await;
        meta.close().await;
        done
    })
}

async fn known(meta: &Meta, name: &str) -> anyhow::Result<User> {
    meta.user_by_username(name).await.map_err(in_words)?.ok_or_else(|| anyhow!("there is no user {name}"))
}

async fn set_status(meta: &Meta, name: &str, status: UserStatus, by: &Actor, now: DateTime<Utc>) -> anyhow::Result<()> {
    let user = known(meta, name).await?;
    let patch = UserPatch { status: Some(status), ..UserPatch::default() };
    meta.update_user(user.id, &patch, by, now).await.map_err(in_words)?;
    eprintln!("{} is {status}", user.username);
    Ok(())
}

fn in_words(error: MetaError) -> anyhow::Error {
    match error {
        MetaError::Conflict { field } => anyhow!("this {field} is taken"),
        MetaError::LastAdmin => anyhow!("this is the last active admin: make another one first"),
        error => anyhow::Error::new(error),
    }
}

fn checked_hash(password: &str, username: &str) -> anyhow::Result<String> {
    PasswordPolicy::new().check(password, username)?;
    hash_now(password).context("hash the password")
}

/// A drawn password, or one that is typed twice, or the line that standard input has; and whether it was drawn.
fn new_password(generate: bool) -> anyhow::Result<(String, bool)> {
    if generate {
        return Ok((Secret::password().expose().to_owned(), true));
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok((line()?, false));
    }
    let typed = unseen("password: ")?;
    if unseen("again: ")? != typed {
        return Err(anyhow!("the two passwords differ"));
    }
    Ok((typed, false))
}

/// Asks, and reads a line without showing it.
fn unseen(prompt: &str) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    eprint!("{prompt}");
    std::io::stderr().flush().context("ask for the password")?;
    let shown = tcgetattr(&stdin).context("read the terminal's mode")?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Now, &hidden).context("hide what is typed")?;
    let typed = line();
    tcsetattr(&stdin, OptionalActions::Now, &shown).context("show again what is typed")?;
    eprintln!();
    typed
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("read the password from standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

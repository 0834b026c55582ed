//! Opens what people and programs are known by: the metadata database, the secret of sessions, the first admin, the
//! token of the terminal's commands.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::api::Accounts;
use crate::auth::mail::Mailer;
use crate::auth::password::hash_now;
use crate::auth::password_policy::PasswordPolicy;
use crate::auth::secret::{self, Secret};
use crate::auth::server_secret::ServerSecret;
use crate::clock::now;
use crate::config::Config;
use crate::meta::{Actor, Location, Meta, NewToken, Scope};
use crate::telemetry::chain;

use super::banner;

const FIRST_ADMIN: &str = "admin";
/// In the data folder: who can read it may use the commands of the terminal.
const CLI_TOKEN_FILE: &str = "cli.token";
const JWT_SECRET_FILE: &str = "jwt.secret";
const NOTE_USES_EVERY: Duration = Duration::from_secs(10);
/// Prunes once in so many rounds: every hour.
const PRUNE_ROUNDS: u32 = 360;

pub(super) struct People {
    pub(super) accounts: Accounts,
    /// Of an admin that was made just now with a password that nobody knows yet.
    pub(super) first_password: Option<(&'static str, Secret)>,
}

impl People {
    /// Waits for the database as long as it takes.
    pub(super) async fn open(config: &Config, stop: &CancellationToken) -> anyhow::Result<Self> {
        let location = Location::parse(&config.database.url, &config.data_dir).context("read database.url")?;
        let meta = Meta::open_when_up(&location, config.node, stop).await.context("open the metadata database")?;
        let meta = meta.context("stopped before the metadata database was there")?;
        let secret = match config.auth.jwt_secret.expose() {
            "" => ServerSecret::load_or_create(&config.data_dir.join(JWT_SECRET_FILE)),
            given => ServerSecret::given(given),
        };
        let secret = secret.context("load the secret of access tokens")?;
        let mailer = config.smtp.as_ref().map(Mailer::new).transpose().context("set up mail")?;
        cli_token(&meta, config, now()).await.context("write the token of the terminal's commands")?;
        let first_password = first_admin(&meta, config, now()).await.context("make the first admin")?;
        Ok(Self { accounts: Accounts::new(meta, secret, mailer, &config.auth), first_password })
    }
}

/// Said before anything is started: the first admin is made late.
///
/// # Errors
/// `auth.admin_password` is none that an account may have.
pub(super) fn check_admin_password(config: &Config) -> anyhow::Result<()> {
    match config.auth.admin_password.expose() {
        "" => Ok(()),
        given => PasswordPolicy::new().check(given, FIRST_ADMIN).context("auth.admin_password"),
    }
}

/// Makes an admin where there is no user yet. A drawn password is shown before the admin is there, and again in the banner: the start may
/// fail, or be killed, at any point between the two.
async fn first_admin(
    meta: &Meta,
    config: &Config,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<(&'static str, Secret)>> {
    // A look first: the hash below takes its time.
    if meta.users(1, 1, "").await?.total > 0 {
        return Ok(None);
    }
    let given = config.auth.admin_password.expose();
    let drawn = given.is_empty().then(Secret::password);
    let password = drawn.as_ref().map_or(given, Secret::expose);
    let show = || match &drawn {
        Some(password) => show(password),
        None => Ok(()),
    };
    let is_made = meta.ensure_first_admin(FIRST_ADMIN, &hash_now(password)?, show, &Actor::default(), now).await?;
    Ok(drawn.filter(|_| is_made).map(|password| (FIRST_ADMIN, password)))
}

fn show(password: &Secret) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{}", banner::first_login(FIRST_ADMIN, password)).and_then(|()| out.flush());
    written.context("show the password of the first admin on standard output (auth.admin_password would state it)")
}

/// A token for who may read the data folder: the one that lies there, or a new one where that is not good.
async fn cli_token(meta: &Meta, config: &Config, now: DateTime<Utc>) -> anyhow::Result<()> {
    let name = if config.node == 0 { "cli".to_owned() } else { format!("cli-{}", config.node) };
    let path = config.data_dir.join(CLI_TOKEN_FILE);
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if secret::is_api_token(&kept)
        && meta.token_access(&secret::hash(&kept), now).await?.is_some_and(|access| access.name == name)
    {
        return Ok(());
    }
    let daemon = Actor::default();
    for old in meta.tokens().await?.iter().filter(|token| token.name == name) {
        meta.revoke_token(old.id, &daemon, now).await?;
    }
    let token = Secret::api_token();
    let new = NewToken {
        name: &name,
        secret_hash: token.hash(),
        prefix: &secret::display_prefix(&token),
        scopes: [Scope::Ingest, Scope::Read].into_iter().collect(),
        source: None,
        rate_limit: None,
        expires_at: None,
    };
    meta.create_token(&new, &daemon, now).await?;
    write_private(&path, token.expose())
}

/// Replaces the file whole, readable by its owner alone.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let new = path.with_extension("token.new");
    let written = || -> std::io::Result<()> {
        if new.exists() {
            std::fs::remove_file(&new)?;
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        std::fs::rename(&new, path)
    };
    written().with_context(|| format!("write {}", path.display()))
}

/// Notes which tokens and sessions are in use, and removes what is over, until `stop`.
pub(super) async fn keep(accounts: Accounts, stop: CancellationToken) {
    for round in 0u32.. {
        if let Err(error) = accounts.note_uses().await {
            debug!(error = %chain(&error), "noting the last use of tokens and sessions failed");
        }
        if round % PRUNE_ROUNDS == 0
            && let Err(error) = accounts.meta.prune(now()).await
        {
            warn!(error = %chain(&error), "removing sessions and codes that are over failed and is tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(NOTE_USES_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

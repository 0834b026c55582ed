//! `logseal user` and `logseal token`: accounts from the terminal, in the metadata database itself, whether or not a daemon runs.

mod listing;

use std::io::{BufRead as _, IsTerminal as _};
use std::num::NonZeroU32;

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use crate::auth::account_name::{check_username, read_email};
use crate::auth::password::hash_now;
use crate::auth::password_policy::PasswordPolicy;
use crate::auth::secret::{Secret, display_prefix};
use crate::cli::accounts::{TokenCommand, UserCommand};
use crate::config::Config;
use crate::config::source_name::{self, RESERVED_DETAIL, SourceFault};
use crate::meta::{Actor, Location, Meta, MetaError, NewToken, NewUser, User, UserPatch, UserStatus};
use crate::printing::{OutputError, print, print_line, remark, remark_line};

/// Users that are read at once.
const PAGE: u32 = 1000;
/// What Ctrl-C sends.
const INTERRUPT: u8 = 3;

/// Runs `logseal user …`.
///
/// # Errors
/// What a person can do something about, in words.
pub fn user(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    on_meta(config, async |meta, by, now| match command {
        UserCommand::Add { name, role, email, generate } => {
            // Before a password is asked for.
            check_username(&name)?;
            let email = email.as_deref().map(read_email).transpose()?;
            let (password, is_drawn) = new_password(generate)?;
            let hash = checked_hash(&password, &name)?;
            let new = NewUser { username: &name, email: email.as_deref(), password_hash: &hash, role };
            let made = meta.create_user(&new, by, now).await.map_err(in_words)?;
            remark_line(format_args!("made {} (id {}, role {})", made.username, made.id, made.role));
            if is_drawn { show_password(&password, &made.username) } else { Ok(()) }
        }
        UserCommand::Passwd { name, generate } => {
            let user = known(meta, &name).await?;
            let (password, is_drawn) = new_password(generate)?;
            let hash = checked_hash(&password, &user.username)?;
            let patch = UserPatch { password_hash: Some(&hash), ..UserPatch::default() };
            meta.update_user(user.id, &patch, by, now).await.map_err(in_words)?;
            remark_line(format_args!("changed the password of {}; its sessions have ended", user.username));
            if is_drawn { show_password(&password, &user.username) } else { Ok(()) }
        }
        UserCommand::List => {
            for page in 1.. {
                let users = meta.users(page, PAGE, "").await.map_err(in_words)?.list;
                print(listing::users(&users))?;
                if users.len() < PAGE as usize {
                    break;
                }
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
            if let Some(source) = &source {
                check_source(source)?;
            }
            let expires_at = expires.map(|span| end_of(span, now)).transpose()?;
            let secret = Secret::api_token();
            let new = NewToken {
                name: &name,
                secret_hash: secret.hash(),
                prefix: &display_prefix(&secret),
                scopes: scope.into_iter().collect(),
                source: source.as_deref(),
                rate_limit: rate_limit.map(NonZeroU32::get),
                expires_at,
            };
            let made = meta.create_token(&new, by, now).await.map_err(in_words)?;
            let (name, id) = (&made.name, made.id);
            remark_line(format_args!(
                "made the token {name} (id {id}, scopes {}); it is shown this once:",
                made.scopes
            ));
            print_line(secret.expose()).map_err(|OutputError(error)| {
                anyhow!(
                    "the token {name} was made, but could not be shown ({error}), and is lost: take it away with `logseal token revoke {id}` and make another"
                )
            })
        }
        TokenCommand::List => Ok(print(listing::tokens(&meta.tokens().await.map_err(in_words)?, now))?),
        TokenCommand::Revoke { token } => {
            let tokens = meta.tokens().await.map_err(in_words)?;
            let id = token.parse::<i64>().ok();
            let found =
                tokens.iter().find(|one| one.name == token).or_else(|| tokens.iter().find(|one| Some(one.id) == id));
            let found = found.ok_or_else(|| anyhow!("there is no token with the name or id {token}"))?;
            meta.revoke_token(found.id, by, now).await.map_err(in_words)?;
            remark_line(format_args!("revoked {} (id {}): refused within a second", found.name, found.id));
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
    // Whoever forgot --config would otherwise make accounts that no daemon knows.
    let is_new = matches!(&location, Location::Sqlite(path) if !path.exists());
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the asynchronous runtime")?;
    // Who may open the database is its owner; the log says that it was no session.
    let by = Actor { username: Some(format!("terminal ({})", system_user())), ..Actor::default() };
    #[expect(clippy::disallowed_methods, reason = "a command reads the clock, and hands the time on")]
    let now = DateTime::<Utc>::from(std::time::SystemTime::now());
    runtime.block_on(async {
        let meta = Meta::open(&location, config.node).await.context("open the metadata database")?;
        if let (true, Location::Sqlite(path)) = (is_new, &location) {
            remark_line(format_args!("there was no metadata database, so a new one was made: {}", path.display()));
        }
        let done = work(&meta, &by, now).await;
        meta.close().await;
        done
    })
}

/// The user of this machine whose command it is: who signed in, where the kernel knows it (`sudo` does not change that), else who runs it.
fn system_user() -> String {
    let signed_in = std::fs::read_to_string("/proc/self/loginuid").ok().and_then(|text| text.trim().parse().ok());
    let id = signed_in.filter(|id| *id != u32::MAX).unwrap_or_else(|| rustix::process::getuid().as_raw());
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_in(&accounts, id).map_or_else(|| format!("uid {id}"), str::to_owned)
}

/// The name of user `id` in the lines of passwd(5).
fn name_in(accounts: &str, id: u32) -> Option<&str> {
    let id = id.to_string();
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then_some(name)
    })
}

async fn known(meta: &Meta, name: &str) -> anyhow::Result<User> {
    meta.user_by_username(name).await.map_err(in_words)?.ok_or_else(|| anyhow!("there is no user {name}"))
}

async fn set_status(meta: &Meta, name: &str, status: UserStatus, by: &Actor, now: DateTime<Utc>) -> anyhow::Result<()> {
    let user = known(meta, name).await?;
    let patch = UserPatch { status: Some(status), ..UserPatch::default() };
    meta.update_user(user.id, &patch, by, now).await.map_err(in_words)?;
    remark_line(format_args!("{} is {status}", user.username));
    Ok(())
}

/// The account has it already: where it cannot be shown, nobody knows it.
fn show_password(password: &str, username: &str) -> anyhow::Result<()> {
    print_line(password).map_err(|OutputError(error)| {
        anyhow!(
            "{username} has a new password, which could not be shown ({error}), and is lost: set another with `logseal user passwd {username}`"
        )
    })
}

/// When a token ends that holds for `span`, in a year that the API can tell.
fn end_of(span: TimeDelta, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let end = now.checked_add_signed(span).filter(|end| end.year() < 10_000);
    end.context("the token would expire behind the year 9999: leave out --expires for one that never does")
}

fn in_words(error: MetaError) -> anyhow::Error {
    match error {
        MetaError::Conflict { field } => anyhow!("this {field} is taken"),
        MetaError::LastAdmin => anyhow!("this is the last active admin: make another one first"),
        error => anyhow::Error::new(error),
    }
}

fn check_source(source: &str) -> anyhow::Result<()> {
    source_name::check(source).map_err(|fault| match fault {
        SourceFault::Length | SourceFault::Unreadable => anyhow!(fault),
        SourceFault::Reserved => anyhow!("source {source}: {RESERVED_DETAIL}"),
    })
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
    remark(prompt);
    let shown = tcgetattr(&stdin).context("read the terminal's mode")?;
    let mut hidden = shown.clone();
    // Ctrl-C ends the line instead of the process, which would leave the terminal hidden.
    hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
    hidden.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
    tcsetattr(&stdin, OptionalActions::Now, &hidden).context("hide what is typed")?;
    let typed = line();
    tcsetattr(&stdin, OptionalActions::Now, &shown).context("show again what is typed")?;
    remark_line("");
    typed
}

/// A line of standard input without its end.
fn line() -> anyhow::Result<String> {
    let mut line = Vec::new();
    let mut stdin = std::io::stdin().lock();
    loop {
        let read = stdin.fill_buf().context("read the password from standard input")?;
        let end = read.iter().position(|byte| matches!(*byte, b'\n' | INTERRUPT));
        let taken = end.map_or(read.len(), |end| end + 1);
        let last = end.and_then(|end| read.get(end).copied());
        line.extend(read.iter().take(end.unwrap_or(read.len())));
        stdin.consume(taken);
        match last {
            Some(INTERRUPT) => return Err(anyhow!("interrupted: nothing was changed")),
            None if taken > 0 => {}
            Some(_) | None => break,
        }
    }
    let line = String::from_utf8(line).map_err(|_| anyhow!("the password is not UTF-8"))?;
    Ok(line.trim_end_matches('\r').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_user_is_found_by_its_id_alone() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nbroken\nalice:x:1000:0:1001:/home/alice:/bin/sh\n";
        assert_eq!(name_in(accounts, 0), Some("root"));
        assert_eq!(name_in(accounts, 1000), Some("alice"));
        assert_eq!(name_in(accounts, 1001), None);
    }
}

//! The one configuration tree: defaults, then a TOML file, then `LOGSEAL__*` variables.
//!
//! A variable names a key by its path, `__` between the parts: `LOGSEAL__CLICKHOUSE__URL` sets
//! `clickhouse.url`. Its value is read as TOML where it is TOML (`8`, `true`, `["a"]`), as text
//! otherwise. Unknown keys are refused, in the file with their line. `DATABASE_URL`, `JWT_SECRET`,
//! `JWT_EXPIRE_MINUTES` and `LOGSEAL_ADMIN_PASSWORD` are taken, too; the variable with the path goes before them.

pub mod alerts;
pub mod auth;
pub mod formats;
pub mod listener;
pub mod otlp;
pub mod secret_text;
pub mod smtp;
pub mod source_name;
pub mod spool_rules;
pub mod storage;
pub mod uploads;

mod api_rules;
mod listener_tokens;
mod networks;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use logseal_parsers::Formats;
use serde::{Deserialize, Serialize};

pub use networks::Networks;

use alerts::Alerts;
use auth::Auth;
use formats::FormatConfig;
use listener::{ListenerConfig, Protocol, Transport};
use otlp::Otlp;
use smtp::Smtp;
use storage::Storage;
use uploads::{Analysers, Uploads};

/// What stands in the place of a secret where the configuration is shown.
const NOT_SHOWN: &str = "(not shown)";

/// The ends of keys that hold secrets, or what belongs to one: always text, though it may be digits.
const SECRETS: [&str; 5] = ["__jwt_secret", "__password", "__access_key_id", "__secret_access_key", "__token"];

/// Everything that can be configured.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where spool, engine and generated files lie.
    pub data_dir: PathBuf,
    /// This daemon's number among those that write to one store, 0 to 1023: the high bits of its record ids.
    pub node: u16,
    pub api: Api,
    pub syslog: Vec<ListenerConfig>,
    /// Listeners of the protocols that shippers speak.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listener: Vec<ListenerConfig>,
    /// Formats of one's own, by the names under which they are stated.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub formats: BTreeMap<String, FormatConfig>,
    /// Without it OTLP is taken over HTTP only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp: Option<Otlp>,
    pub ingest: Ingest,
    pub spool: Spool,
    pub engine: Engine,
    pub clickhouse: ClickHouse,
    pub database: Database,
    /// Where uploaded files are kept.
    pub storage: Storage,
    pub query: Query,
    pub retention: Retention,
    pub auth: Auth,
    pub operation_log: OperationLog,
    /// Without it no mail is sent: no registration, no password reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp: Option<Smtp>,
    pub uploads: Uploads,
    /// Programs that are told of finished uploads.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub analysers: Analysers,
    pub alerts: Alerts,
    pub log: Log,
    pub shutdown_seconds: u64,
}

/// The HTTP API.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    /// Beyond loopback it takes `tls` or `plain_http_beyond_loopback`.
    pub listen: SocketAddr,
    /// Something in front of it ends TLS.
    pub plain_http_beyond_loopback: bool,
    /// Names under which it is reached, beside those of loopback.
    pub hosts: Vec<String>,
    /// Origins whose pages may use it from a browser.
    pub cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Networks,
    pub body_bytes_max: usize,
    pub connections_max: usize,
    /// Requests that are worked on at once; answers on their way out do not count.
    pub requests_max: usize,
    pub header_seconds_max: u64,
    pub body_seconds_max: u64,
    /// How long an answer may be worked on, behind the body's time and apart from exports.
    pub request_seconds_max: u64,
    /// A connection ends when its client takes nothing of an answer for so long.
    pub write_stall_seconds_max: u64,
    pub tails_max: usize,
    /// Whether each request is a line of the log, or only those that failed by a fault of ours.
    pub request_log: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// Certificates of the API or of a TLS listener, PEM; read again when the files change.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Authorities whose client certificates are demanded; without it any client may connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ca: Option<PathBuf>,
}

/// The way from a source to the spool.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ingest {
    /// Memory for records that are not durable yet.
    pub queue_bytes_max: usize,
    /// How long an HTTP sender waits for room in the queue before it is told 503.
    pub queue_wait_ms: u64,
    /// How much one group commit takes at most.
    pub group_bytes_max: usize,
    /// A segment is sealed, and so sent to the store, at this age at the latest.
    pub seal_after_ms: u64,
}

/// The durable segments between acknowledgement and store.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spool {
    pub segment_rows_max: u64,
    pub segment_bytes_max: u64,
    /// Senders are refused or slowed down while the spool is larger than this.
    pub disk_bytes_max: u64,
    /// Senders are refused or slowed down while the file system has less room than this.
    pub disk_free_bytes_min: u64,
}

/// The embedded ClickHouse engine; not started where `clickhouse.url` is set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Engine {
    /// `libchdb.so`; empty: beside the binary, in the cache, in the system's library folders.
    pub library: PathBuf,
    /// Memory that the engine may use; 0: 1.2 GB.
    pub memory_bytes_max: u64,
}

/// A ClickHouse server instead of the embedded engine.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClickHouse {
    /// `http://host:8123`; empty: the embedded engine.
    pub url: String,
    pub user: String,
    pub password: String,
    pub database: String,
}

/// Users, tokens, settings and the operation log.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, or `sqlite:PATH`; empty: a SQLite file in the data folder.
    pub url: String,
}

impl Database {
    /// The address without the password, for people to read.
    #[must_use]
    pub fn url_shown(&self) -> String {
        const HIDDEN: &str = "(not shown)";
        let Some((scheme, rest)) = self.url.split_once("://") else { return self.url.clone() };
        // A parameter can be a password, too.
        if rest.contains("password") {
            return format!("{scheme}://{HIDDEN}");
        }
        // The last @ ends user and password, whatever characters a password has that should have been escaped.
        match rest.rsplit_once('@') {
            Some((login, host)) => {
                let user = login.split_once(':').map_or(login.to_owned(), |(user, _)| format!("{user}:{HIDDEN}"));
                format!("{scheme}://{user}@{host}")
            }
            None => self.url.clone(),
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("url", &self.url_shown()).finish()
    }
}

/// Limits of every read.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    pub seconds_max: u32,
    pub memory_bytes_max: u64,
    pub concurrent_max: NonZeroUsize,
    /// Exports may run this long.
    pub export_seconds_max: u32,
}

/// The log of what people and programs did.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperationLog {
    /// Whether each entry also becomes a log record of source `logseal.audit`.
    pub publish: bool,
}

impl Default for OperationLog {
    fn default() -> Self {
        Self { publish: true }
    }
}

/// How long records are kept.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Days by arrival, for sources without a number of their own; a stored setting comes before it.
    pub days: NonZeroU32,
}

/// The daemon's own log, on standard error.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `info`, or directives such as `info,logseal::sources=debug`.
    pub level: String,
    pub format: LogFormat,
}

/// How a line of the daemon's own log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Human,
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            node: 0,
            api: Api::default(),
            syslog: vec![ListenerConfig::syslog(Transport::Tcp), ListenerConfig::syslog(Transport::Udp)],
            listener: Vec::new(),
            formats: BTreeMap::new(),
            otlp: None,
            ingest: Ingest::default(),
            spool: Spool::default(),
            engine: Engine::default(),
            clickhouse: ClickHouse::default(),
            database: Database::default(),
            storage: Storage::default(),
            query: Query::default(),
            retention: Retention::default(),
            auth: Auth::default(),
            operation_log: OperationLog::default(),
            smtp: None,
            uploads: Uploads::default(),
            analysers: Analysers::default(),
            alerts: Alerts::default(),
            log: Log::default(),
            shutdown_seconds: 20,
        }
    }
}

impl Default for Api {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            plain_http_beyond_loopback: false,
            hosts: Vec::new(),
            cors_origins: Vec::new(),
            trusted_proxies: Networks::default(),
            body_bytes_max: 64 << 20,
            connections_max: 1024,
            // Fewer than connections, so that some are left to be told so, and to ask for health.
            requests_max: 1000,
            header_seconds_max: 10,
            body_seconds_max: 300,
            request_seconds_max: 60,
            write_stall_seconds_max: 60,
            tails_max: 64,
            request_log: false,
            tls: None,
        }
    }
}

impl Default for Ingest {
    fn default() -> Self {
        Self { queue_bytes_max: 32 << 20, queue_wait_ms: 2_000, group_bytes_max: 8 << 20, seal_after_ms: 1_000 }
    }
}

impl Default for Spool {
    fn default() -> Self {
        Self {
            segment_rows_max: 400_000,
            segment_bytes_max: 128 << 20,
            disk_bytes_max: 16 << 30,
            disk_free_bytes_min: 256 << 20,
        }
    }
}

impl Default for ClickHouse {
    fn default() -> Self {
        Self { url: String::new(), user: "default".to_owned(), password: String::new(), database: "logseal".to_owned() }
    }
}

impl Default for Query {
    fn default() -> Self {
        Self {
            seconds_max: 30,
            memory_bytes_max: 512 << 20,
            concurrent_max: NonZeroUsize::new(8).expect("8 is not 0"),
            export_seconds_max: 3600,
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: NonZeroU32::new(184).expect("184 is not 0") }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Human }
    }
}

/// Why a configuration was refused; the text names the key or the line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("configuration {path} is not valid\n{detail}")]
    File { path: PathBuf, detail: toml::de::Error },
    #[error("configuration variables are not valid: {0}")]
    Variables(toml::de::Error),
    #[error("{key}: {detail}")]
    Value { key: String, detail: String },
}

impl Config {
    /// Reads `file` (none: defaults) and lays `variables` over it. `DATABASE_URL`, which many platforms set, is `database.url` where
    /// `LOGSEAL__DATABASE__URL` is not set.
    ///
    /// # Errors
    /// [`ConfigError`] with the file's line, the variable or the key that is wrong.
    pub fn load(file: Option<&Path>, variables: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => {
                std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?
            }
            None => String::new(),
        };
        // Once on its own, so that an error in the file is shown with its line.
        let mut config: Self = toml::from_str(&text)
            .map_err(|detail| ConfigError::File { path: file.unwrap_or(Path::new("")).to_owned(), detail })?;
        let mut tree: toml::Table = toml::from_str(&text).map_err(ConfigError::Variables)?;
        let mut overridden = false;
        let mut variables: Vec<_> = variables.collect();
        // The plain names first, so that a variable with the path lies over them.
        variables.sort_by_key(|(name, _)| name.starts_with("LOGSEAL__"));
        for (name, value) in variables {
            if let Some((key, value)) = plain(&name, &value)? {
                set_value(&mut tree, key, value)?;
                overridden = true;
            } else if let Some(path) = name.strip_prefix("LOGSEAL__") {
                set(&mut tree, path, &value)?;
                overridden = true;
            }
        }
        if overridden {
            config = tree.try_into().map_err(ConfigError::Variables)?;
        }
        config.check()?;
        Ok(config)
    }

    /// The address of ClickHouse where a server is used instead of the embedded engine.
    #[must_use]
    pub fn clickhouse_server(&self) -> Option<&str> {
        (!self.clickhouse.url.is_empty()).then_some(self.clickhouse.url.as_str())
    }

    /// The formats that can be named.
    #[must_use]
    pub fn formats(&self) -> Formats {
        formats::compile(&self.formats)
    }

    /// The configuration as it may be shown: secrets replaced.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        if !self.clickhouse.password.is_empty() {
            self.clickhouse.password = NOT_SHOWN.to_owned();
        }
        self.database.url = self.database.url_shown();
        for listener in &mut self.listener {
            listener.shared_key.hide();
            listener.users.values_mut().for_each(secret_text::SecretText::hide);
        }
        self.storage.secret_access_key.hide();
        self.auth.jwt_secret.hide();
        self.auth.admin_password.hide();
        for analyser in self.analysers.values_mut() {
            analyser.token.hide();
        }
        if let Some(smtp) = &mut self.smtp {
            smtp.password.hide();
        }
        self
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, detail: String| Err(ConfigError::Value { key: key.to_owned(), detail });
        if self.node > 1023 {
            return wrong("node", format!("{} is not within 0 to 1023", self.node));
        }
        self.api.check()?;
        spool_rules::check(self)?;
        if let Err((key, detail)) = uploads::check(&self.analysers) {
            return wrong(&key, detail);
        }
        let schemes = ["postgres://", "postgresql://", "sqlite:"];
        if !self.database.url.is_empty() && !schemes.iter().any(|scheme| self.database.url.starts_with(scheme)) {
            return wrong("database.url", "must begin with postgres:// or sqlite:, or be empty".to_owned());
        }
        if self.ingest.seal_after_ms == 0 || self.ingest.seal_after_ms > 60_000 {
            return wrong("ingest.seal_after_ms", format!("{} is not within 1 to 60000", self.ingest.seal_after_ms));
        }
        if self.retention.days.get() > 36_500 {
            return wrong("retention.days", format!("{} is not within 1 to 36500", self.retention.days));
        }
        for (name, format) in &self.formats {
            format.check(name).or_else(|(key, detail)| wrong(&format!("formats.{key}"), detail))?;
        }
        let formats = self.formats();
        let listeners = self.syslog.iter().enumerate().map(|(i, listener)| ("syslog", i, listener));
        for (table, i, listener) in listeners.chain(self.listener.iter().enumerate().map(|(i, l)| ("listener", i, l))) {
            let known = formats.find(listener.format()).map(drop);
            known.or_else(|error| wrong(&format!("{table}[{i}].format"), error.to_string()))?;
        }
        for (i, listener) in self.syslog.iter().enumerate() {
            let only = "only [[listener]] has it: [[syslog]] speaks syslog".to_owned();
            if listener.protocol != Protocol::Syslog {
                return wrong(&format!("syslog[{i}].protocol"), only);
            }
            listener.check().or_else(|(key, detail)| wrong(&format!("syslog[{i}].{key}"), detail))?;
        }
        for (i, listener) in self.listener.iter().enumerate() {
            listener.check().or_else(|(key, detail)| wrong(&format!("listener[{i}].{key}"), detail))?;
        }
        let people = self.auth.check(self.smtp.is_some());
        let mail = self.smtp.as_ref().map_or(Ok(()), Smtp::check);
        let otlp = self.otlp.as_ref().map_or(Ok(()), Otlp::check);
        people.and(mail).or_else(|(key, detail)| wrong(key, detail))?;
        self.storage.check().or_else(|(key, detail)| wrong(key, detail))?;
        otlp.or_else(|(key, detail)| wrong(key, detail))
    }
}

/// The key and value of a variable whose name is not a path; an empty one is as good as none.
fn plain(name: &str, value: &str) -> Result<Option<(&'static str, toml::Value)>, ConfigError> {
    if value.is_empty() {
        return Ok(None);
    }
    match name {
        "DATABASE_URL" => Ok(Some(("database__url", toml::Value::String(value.to_owned())))),
        "LOGSEAL_ADMIN_PASSWORD" => Ok(Some(("auth__admin_password", toml::Value::String(value.to_owned())))),
        "JWT_SECRET" => Ok(Some(("auth__jwt_secret", toml::Value::String(value.to_owned())))),
        "JWT_EXPIRE_MINUTES" => match value.parse() {
            Ok(minutes) => Ok(Some(("auth__access_token_minutes", toml::Value::Integer(minutes)))),
            Err(_) => Err(ConfigError::Value { key: name.to_owned(), detail: "is not a number of minutes".to_owned() }),
        },
        _ => Ok(None),
    }
}

/// Sets the key at `path` to what `value` is as TOML, or as text. A password of digits only is text, too.
fn set(tree: &mut toml::Table, path: &str, value: &str) -> Result<(), ConfigError> {
    let is_secret = SECRETS.iter().any(|key| path.to_ascii_lowercase().ends_with(key));
    let parsed = toml::from_str::<toml::Table>(&format!("v = {value}")).ok().and_then(|mut t| t.remove("v"));
    let parsed = parsed.filter(|parsed| parsed.is_str() || !is_secret);
    set_value(tree, path, parsed.unwrap_or_else(|| toml::Value::String(value.to_owned())))
}

/// Sets the key at `path` (parts joined by `__`, any case).
fn set_value(tree: &mut toml::Table, path: &str, value: toml::Value) -> Result<(), ConfigError> {
    let path = path.to_ascii_lowercase();
    let mut parts: Vec<&str> = path.split("__").collect();
    let last = parts.pop().unwrap_or_default();
    let mut table = tree;
    for part in parts {
        table = table.entry(part).or_insert_with(|| toml::Value::Table(toml::Table::new())).as_table_mut().ok_or_else(
            || ConfigError::Value { key: path.replace("__", "."), detail: format!("{part} is not a table") },
        )?;
    }
    table.insert(last.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests;

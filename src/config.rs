//! The one configuration tree: defaults, then a TOML file, then `LOGSEAL__*` variables.
//!
//! A variable names a key by its path, `__` between the parts: `LOGSEAL__CLICKHOUSE__URL` sets
//! `clickhouse.url`. Its value is read as TOML where it is TOML (`8`, `true`, `["a"]`), as text
//! otherwise. Unknown keys are refused, in the file with their line. `DATABASE_URL`, `JWT_SECRET`,
//! `JWT_EXPIRE_MINUTES` and `LOGSEAL_ADMIN_PASSWORD` are taken, too; the variable with the path goes before them.

pub mod alerts;
pub mod api;
pub mod auth;
pub mod database;
pub mod formats;
pub mod listener;
pub mod log;
pub mod otlp;
pub mod secret_text;
pub mod smtp;
pub mod source_name;
pub mod spool_rules;
pub mod stages;
pub mod storage;
pub mod uploads;

mod addresses;
mod file_fault;
mod listener_tokens;
mod networks;
mod variables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use logseal_parsers::Formats;
use serde::{Deserialize, Serialize};

pub use networks::Networks;

use alerts::Alerts;
use api::Api;
use auth::Auth;
use database::Database;
use formats::FormatConfig;
use listener::{ListenerConfig, Protocol, Transport};
use log::{Log, OperationLog};
use otlp::Otlp;
use smtp::Smtp;
use stages::{ClickHouse, Engine, Ingest, Query, Retention, Spool};
use storage::Storage;
use uploads::{Analysers, Uploads};
use variables::{plain, set, set_value};

/// What stands in the place of a secret where the configuration is shown.
const NOT_SHOWN: &str = "(not shown)";

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

/// Why a configuration was refused; the text names the key or the line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("configuration {path} is not valid\n{detail}")]
    File { path: PathBuf, detail: String },
    #[error("configuration variables are not valid: {0}")]
    Variables(toml::de::Error),
    #[error("{key}: {detail}")]
    Value { key: String, detail: String },
}

/// The largest number of seconds, or milliseconds, that something may be waited for: a year of seconds. An instant is added to it.
const WAIT_MAX: u64 = 31_536_000;

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
            .map_err(|error| file_fault::shown(&error, &text))
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
        for (key, count) in [
            ("api.header_seconds_max", self.api.header_seconds_max),
            ("api.body_seconds_max", self.api.body_seconds_max),
            ("api.request_seconds_max", self.api.request_seconds_max),
            ("api.write_stall_seconds_max", self.api.write_stall_seconds_max),
            ("ingest.queue_wait_ms", self.ingest.queue_wait_ms),
            ("uploads.stall_seconds_max", self.uploads.stall_seconds_max),
            ("shutdown_seconds", self.shutdown_seconds),
        ] {
            if count > WAIT_MAX {
                return wrong(key, format!("{count} is more than {WAIT_MAX}"));
            }
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
        otlp.or_else(|(key, detail)| wrong(key, detail))?;
        self.engine.check().or_else(|(key, detail)| wrong(key, detail))?;
        self.clickhouse.check().or_else(|(key, detail)| wrong(key, detail))?;
        self.log.check().or_else(|(key, detail)| wrong(key, detail))?;
        addresses::check(self)
    }
}

#[cfg(test)]
mod tests;

//! logseal: a log ingestion and audit pipeline. See `docs/ARCHITECTURE.md` for the way a record takes.

pub mod account_commands;
pub mod api;
pub mod archive;
pub mod auth;
pub mod cli;
mod clock;
pub mod config;
pub mod daemon;
pub mod engine;
pub mod engine_commands;
mod http_server;
pub mod ingest;
pub mod jobs;
pub mod meta;
pub mod metrics;
pub mod notify;
pub mod objects;
pub mod query;
pub mod record;
pub mod rules;
pub mod settings;
mod sources;
mod spelling;
pub mod spool;
pub mod store;
pub mod telemetry;
mod tls;

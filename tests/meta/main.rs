//! Every function of `meta`, on SQLite and on a real Postgres.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails may panic")]

mod alert_model;
mod alert_samples;
mod alerts;
mod away;
mod codes;
mod failures;
mod faults;
mod harness;
mod jobs;
mod opening;
mod operations;
#[path = "../support/postgres.rs"]
mod postgres;
mod prune;
mod rules;
mod schema;
mod sessions;
mod settings;
mod telling;
mod tokens;
mod users;

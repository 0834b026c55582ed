//! Every function of `meta`, on SQLite and on a real Postgres.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails may panic")]

mod away;
mod codes;
mod failures;
mod harness;
mod jobs;
mod opening;
mod operations;
#[path = "../support/postgres.rs"]
mod postgres;
mod prune;
mod schema;
mod sessions;
mod settings;
mod tokens;
mod users;

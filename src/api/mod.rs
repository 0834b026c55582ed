//! The HTTP API: every route on one page (`router.rs`), one file a resource, one form of error.
//!
//! A handler reads its parameters strictly (`params.rs`), asks the store or the spool, and answers.
//! What went wrong is an `ApiError`; `guard.rs`, around every handler, bounds it in number and time; `observe.rs`, around
//! that, gives an error the request's trace id and writes the envelope. The public description of all this is `docs/API.md`.
//! The protocols of shippers, outside `/api/v1`, are in `shippers/`; they answer in forms of their own.

mod access;
mod account;
mod account_fields;
mod accounts;
mod alerts;
mod body;
mod bulk;
mod caller;
mod cluster_names;
mod cors;
mod credentials;
mod csv_cells;
mod cutter;
mod database;
mod decompress;
mod error;
mod export;
mod export_columns;
mod export_rows;
mod fields;
mod flattened;
mod guard;
mod hosts;
mod jobs;
mod letters;
mod lines;
mod listed;
mod live;
mod live_settings;
mod login;
mod logs;
mod observe;
mod openapi;
mod operation_logs;
mod page;
mod params;
mod peer;
mod post;
mod record;
mod recording;
mod registration;
mod request_log;
mod router;
mod rules;
mod searchable;
mod security_headers;
mod settings;
mod shippers;
mod sources;
mod standing;
mod starting;
mod state;
mod stats;
mod submission;
mod system;
mod tail;
#[cfg(test)]
mod tests;
mod time_buckets;
mod tokens;
mod trace_id;
mod users;
mod watching;

pub use accounts::Accounts;
pub use live_settings::LiveSettings;
pub use router::{Routers, routers};
pub use starting::starting;
pub use state::ApiState;

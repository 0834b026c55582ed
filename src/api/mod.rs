//! The HTTP API: every route on one page (`router.rs`), one file a resource, one form of error.
//!
//! A handler reads its parameters strictly (`params.rs`), asks the store or the spool, and answers.
//! What went wrong is an `ApiError`; `observe.rs`, around every handler, gives it the request's trace id
//! and writes the envelope. The public description of all this is `docs/API.md`.

mod body;
mod bulk;
mod clock;
mod csv_cells;
mod decompress;
mod error;
mod export;
mod export_columns;
mod export_rows;
mod flattened;
mod lines;
mod live;
mod local_only;
mod logs;
mod observe;
mod page;
mod params;
mod post;
mod record;
mod router;
mod searchable;
mod state;
mod stats;
mod submission;
mod system;
mod tail;
#[cfg(test)]
mod tests;
mod time_buckets;
mod trace_id;

pub use router::router;
pub use state::ApiState;

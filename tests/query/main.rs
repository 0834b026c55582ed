//! Properties of the query language: texts and expressions, and the store against the matcher.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by a panic")]

mod engine;
mod generate;
mod language;
mod store;

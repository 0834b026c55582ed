//! The embedded engine, with the real library, through its real child process.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that panics says what failed"
)]

mod answers;
mod counts;
mod exports;
mod harness;
mod inserts;
mod lifecycle;
mod network;
mod retention;
mod streams;

//! The embedded ClickHouse engine.
//!
//! ```text
//!  daemon                                     child: the same binary, started again
//!  ┌───────────────────────────┐  stdin:     ┌──────────────────────────────────────────┐
//!  │ supervisor ── starts ─────┼──config────►│ child ── server ── execute ── chdb ── .so│
//!  │ client ── HTTP ───────────┼──socket────►│ (one engine connection for each request) │
//!  └───────────────────────────┘             └──────────────────────────────────────────┘
//! ```
//!
//! The daemon speaks to the child as to any ClickHouse server, so a crash of the library stays in the child, and
//! storing on a real server needs no other code. [`child::run`] is the child's whole life, [`supervisor`] keeps it
//! alive, [`client`] dials it, [`library`] finds and [`install`] fetches the engine's library.

mod answer;
mod cancel;
mod chdb;
pub mod child;
mod chunk_header;
pub mod client;
pub mod config;
mod exception;
mod execute;
mod input;
pub mod install;
mod lexer;
pub mod library;
mod login;
mod multipart;
mod request;
mod server;
mod statement;
pub mod supervisor;
mod wire;

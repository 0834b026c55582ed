//! The filter language: text → expression → SQL for the store, and expression → matcher for the
//! live tail and the alert rules. Both must select the same records; a property test holds them to it.
//!
//! ```text
//! text ── parse ──► ast::Expr ──┬── sql::Where        (ClickHouse, bound parameters only)
//! filter::Filter ───────────────┴── matcher::Matcher  (one record in memory)
//! ```

pub mod ast;
mod build;
mod display;
pub mod error;
pub mod field;
pub mod filter;
pub mod ip_range;
pub mod level_set;
mod lexer;
pub mod matcher;
mod needle;
mod number;
pub mod parse;
pub mod pattern;
pub mod regex_text;
pub mod sql;
pub mod time;
mod words;

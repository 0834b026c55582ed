//! Alert rules: what a rule is, how it is checked and compiled, and the evaluation of records as they come.
//!
//! ```text
//! JSON ── RuleSpec::from_json ──► RuleSpec ── Rule::new ──► Rule ─┐
//! records in the order of their ids ── observe ──► Evaluator ◄────┘
//!                                                  │ take_effects
//!                                                  ▼
//!                          Raised, Continued, Ended: the story of each alert
//! ```
//!
//! A rule of the kind `sigma` may have several parts, detection rules and correlations, each of which is evaluated like a rule of
//! its own under the one code. All detection rules of all rules are asked about a record at once (`detections.rs`).
//!
//! Nothing here reads a clock or stores anything: time comes with the records and with [`Evaluator::tick`](evaluator::Evaluator::tick),
//! and the same checkpoint, records and ticks give the same effects. Times are microseconds since 1970 (UTC). Windows are half
//! open: a record at `t` counts in `(now - window, now]`, so that one exactly a window earlier is outside.

mod buckets;
pub mod check;
mod checkpoint;
pub mod columns;
mod compile;
mod detections;
pub mod effect;
mod episodes;
pub mod evaluator;
pub mod fault;
pub mod frame;
mod groups;
mod hash;
mod hosts;
mod kinds;
pub mod limits;
mod need;
mod prefilter;
mod raising;
mod room;
mod row_field;
pub mod rule;
mod running;
pub mod shipped;
pub mod sigma;
mod sigma_parts;
mod sigma_reading;
pub mod spec;
mod spec_reading;
mod state;
mod template;
mod timers;
mod window;

#[cfg(test)]
mod tests;

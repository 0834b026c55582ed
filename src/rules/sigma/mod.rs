//! Sigma: detection rules of the SigmaHQ format, taken as they are and matched against our records.
//!
//! A text becomes documents ([`document`]), which are assessed and made rules of ours ([`import`]). Detection rules are matched
//! together ([`matcher`]); correlations are described ([`correlations`]) for whoever keeps windows; filters are added to the
//! rules that they name ([`filters`]). The formats' grammar and the comparison of values are rsigma's; what a rule's log source
//! and fields are in our records is said in `logsources.rs`, `windows.rs` and [`mapping`].
//!
//! Nothing here knows a clock or does I/O. Texts from outside are bounded (`limits.rs`).

mod actions;
pub mod assessment;
mod compile;
mod condition;
pub mod correlations;
pub mod document;
pub mod field;
pub mod filters;
pub mod import;
mod index;
pub mod limits;
pub mod links;
mod literals;
mod logsources;
pub mod mapping;
pub mod matcher;
mod needs;
mod rewrite;
pub(crate) mod selects;
mod slots;
mod variants;
mod view;
mod when;
mod windows;

#[cfg(test)]
mod tests;

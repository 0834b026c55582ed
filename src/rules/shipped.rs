//! The rules that come with the program, in `shipped.json`: written as everybody writes rules, for what our parsers make of records.
//!
//! Failed logins are those that the parsers say failed (the attribute `outcome`), those of the audit daemon and of Windows, requests
//! that a web server refused with 401, and JSON whose message says so. Lines that sshd writes beside "Failed password" for the same
//! attempt are left out.

use serde_json::Value;

use super::fault::Fault;
use super::spec::RuleSpec;

const TEXT: &str = include_str!("shipped.json");

/// The rules. `source-silent`, `volume-fall` and `volume-rise` are not enabled: which sources must not be silent, only people know.
///
/// # Errors
/// The faults of a rule that cannot be read. The tests hold that there is none.
pub fn rules() -> Result<Vec<RuleSpec>, Vec<Fault>> {
    let all: Vec<Value> = serde_json::from_str(TEXT).map_err(|error| vec![Fault::new("rule", error.to_string())])?;
    all.iter().map(RuleSpec::from_json).collect()
}

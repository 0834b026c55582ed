//! Alerts, who is told of them and when not, and what belongs together.

pub(super) mod channels;
pub(super) mod clusters;
pub(super) mod faults;
pub(super) mod found;
pub(super) mod live;
pub(super) mod silences;

use super::params::Params;

/// What a comma-separated parameter names; none where it was not given.
fn several<T: std::str::FromStr>(params: &mut Params, name: &'static str, choices: &str) -> Vec<T> {
    let Some(text) = params.text(name) else { return Vec::new() };
    let read: Result<Vec<T>, _> = text.split(',').map(|word| word.trim().parse()).collect();
    read.unwrap_or_else(|_| {
        params.fault(name, format!("{name} must be of {choices}, separated by commas"));
        Vec::new()
    })
}

//! How much an alert matters.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::role::names;

/// How much an alert matters; a larger one matters more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

names!(
    Severity: "info, low, medium, high, critical",
    Info = "info",
    Low = "low",
    Medium = "medium",
    High = "high",
    Critical = "critical"
);

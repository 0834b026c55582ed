//! Rules that raise alerts.

pub mod sigma;

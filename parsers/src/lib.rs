//! Log formats and stream framings as pure functions: bytes in, [`LogEvent`] out.
//!
//! Nothing here reads a clock, a file or a socket; what a parser needs to know of its
//! surroundings (the time of arrival, the zone a sender's clock is in) comes in a [`Context`].
//! A parser never fails a record away: what it cannot understand becomes an event that holds
//! the whole line as its message, with level [`Level::Unknown`] and a [`parse_error`](LogEvent::parse_error).
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod address;
pub mod cri;
mod event;
pub mod fluent;
pub mod format;
pub mod framing;
pub mod json;
mod level;
pub mod level_names;
mod mentions;
pub mod msgpack;
pub mod plain;
pub mod syslog;
pub mod timestamp;
mod zone;

pub use event::{Attributes, Context, LogEvent};
pub use format::{Format, UnknownFormat};
pub use level::{Level, UnknownLevel};
pub use zone::{UnknownZone, Zone};

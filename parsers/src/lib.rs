//! Log formats and stream framings as pure functions: bytes in, [`LogEvent`] out.
//!
//! Nothing here reads a clock, a file or a socket; what a parser needs to know of its
//! surroundings (the time of arrival, the zone a sender's clock is in) comes in a [`Context`].
//! A parser never fails a record away: what it cannot understand becomes an event that holds
//! the whole line as its message, with level [`Level::Unknown`] and a [`parse_error`](LogEvent::parse_error).
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod access;
pub mod address;
pub mod apache_error;
pub mod app;
pub mod auditd;
pub mod cef;
pub mod cisco_asa;
mod compose;
pub mod connections;
mod contained;
mod content;
pub mod cri;
mod cursor;
pub mod custom;
mod detect;
mod device_time;
mod devices;
mod divided;
pub mod elb;
mod event;
mod fields;
mod file;
mod filled;
pub mod filterlog;
mod find;
mod first_line;
pub mod fluent;
pub mod fluent_front;
pub mod format;
pub mod framing;
pub mod haproxy;
mod http_status;
pub mod iptables;
pub mod json;
mod leading;
pub mod leef;
mod level;
pub mod level_names;
mod line_parser;
pub mod logfmt;
mod logins;
pub mod ltsv;
pub mod lumberjack;
mod mentions;
mod mikrotik;
pub mod msgpack;
pub mod multiline;
pub mod nginx_error;
pub mod pan_os;
pub mod plain;
mod programs;
pub mod push;
mod request_line;
mod signs;
pub mod squid;
mod stated;
pub mod syslog;
mod table;
pub mod timestamp;
mod unifi;
pub mod winevent;
mod wrapped;
mod zone;

pub use custom::format::{CustomFormat, Formats, LineFormat, UnknownName};
pub use detect::StreamFormat;
pub use event::{Attributes, Context, LogEvent};
pub use file::{FileOptions, FileParser, FileRecord};
pub use filled::{Filled, filled_by};
pub use format::{Format, UnknownFormat};
pub use level::{Level, UnknownLevel};
pub use line_parser::LineParser;
pub use zone::{UnknownZone, Zone};

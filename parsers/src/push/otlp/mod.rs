//! OpenTelemetry's logs (OTLP): `ExportLogsServiceRequest`, in protobuf and in its JSON form.
//!
//! ```text
//! resource_logs[]  resource { attributes }
//!   scope_logs[]   scope { name, version, attributes }
//!     log_records[]  time, severity, body, attributes, trace and span
//! ```
//!
//! What becomes of a record:
//!
//! | field | from |
//! |---|---|
//! | time | `time_unix_nano`, else `observed_time_unix_nano` |
//! | level | `severity_number`, else `severity_text`, else what the message states |
//! | message | `body`: a text as it is, another value as its JSON; where there is none, `event_name` |
//! | app, host, process id | `service.name`, `host.name`, `process.pid` of the resource |
//! | user, address | attributes: `enduser.id`, `user.name` …; `client.address`, `source.address` … |
//!
//! Attributes are kept under their own names; what the protocol says beside them under the protocol's (`trace_id`, `severity_text`,
//! `scope.name` …), those of the resource behind `resource.`, those of the scope behind `scope.attributes.`. Lists and maps are kept as JSON,
//! bytes as base64. A body that is a JSON object gives its members as attributes, too.
//!
//! The **original bytes** of a record are its own part of the body: the text of its JSON object, or the bytes of its `LogRecord` message without the
//! tag and the length before it. A body that is a text stands in them verbatim (in JSON where it has no escapes), so it is borrowed.
//! What is written once for many records (resource and scope) is not in them; it is in the attributes of each.
//!
//! A record that is not as the protocol says is rejected by itself, and so is a resource or scope that cannot be walked; a body that cannot be, or of
//! which nothing can, is refused. What is only strange is kept: values that lie too deep in others as text in those (of protobuf in base64), ids of
//! another length as `invalid_trace_id` and `invalid_span_id`, what a resource or scope says and is none as `resource` and `scope`, bytes of JSON that are
//! not UTF-8 as U+FFFD (not in the original bytes).

mod json;
mod json_values;
mod names;
mod protobuf;
mod record;
mod value;

use self::record::{Around, Fields};
use super::fault::BodyFault;
use super::growth::Growth;
use crate::{Context, LogEvent};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "otlp";

/// What one `LogRecord` came to.
#[derive(Debug)]
pub enum Item<'r> {
    /// A record.
    Record {
        /// What it says.
        event: Box<LogEvent<'r>>,
        /// Its own bytes of the body.
        raw: &'r [u8],
        /// The service that its resource names; empty where it names none.
        service: &'r str,
    },
    /// Something that is no record; the text says why.
    Rejected(String),
}

/// In which of its two forms a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

/// Hands the records of a request to `each`, in order.
///
/// # Errors
/// The body is not a request. Records that came before the fault have been handed over: what is done with them must not
/// last.
pub fn decode(encoding: Encoding, body: &[u8], cx: &Context, each: &mut dyn FnMut(Item<'_>)) -> Result<(), BodyFault> {
    let mut sink = Sink { growth: Growth::new(), cx, each, has_item: false, lost: None };
    match encoding {
        Encoding::Protobuf => protobuf::request(body, &mut sink)?,
        Encoding::Json => json::request(body, &mut sink)?,
    }
    match sink.lost {
        Some(why) if !sink.has_item => Err(BodyFault::Malformed(why)),
        _ => Ok(()),
    }
}

/// Where records go.
struct Sink<'s> {
    growth: Growth,
    cx: &'s Context,
    each: &'s mut dyn FnMut(Item<'_>),
    /// Whether there was a record, good or bad.
    has_item: bool,
    /// What was wrong with the first part in which no record could be told.
    lost: Option<String>,
}

impl Sink<'_> {
    /// Takes what a record came to whose own bytes are `raw`.
    fn record<'r>(
        &mut self,
        fields: Result<Fields<'r>, impl std::fmt::Display>,
        raw: &'r [u8],
        around: Around<'r>,
    ) -> Result<(), BodyFault> {
        self.growth.spend(around.bytes())?;
        self.has_item = true;
        let item = match fields {
            Ok(fields) => {
                Item::Record { event: Box::new(fields.into_event(around, self.cx)), raw, service: around.service() }
            }
            Err(why) => Item::Rejected(why.to_string()),
        };
        (self.each)(item);
        Ok(())
    }

    /// That a part of the request cannot be walked, with whatever records were in it. What is beside it goes on.
    fn part(&mut self, outcome: Result<(), BodyFault>) -> Result<(), BodyFault> {
        match outcome {
            Err(BodyFault::Malformed(why)) => {
                self.lost.get_or_insert_with(|| why.clone());
                (self.each)(Item::Rejected(why));
                Ok(())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;

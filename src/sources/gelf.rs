//! GELF over UDP: chunks put together, and compression undone.

use std::borrow::Cow;
use std::net::SocketAddr;

use logseal_parsers::framing::gelf_chunks::{Datagram, Limits, Reassembly};

use super::inflate::{InflateError, inflate};
use crate::metrics::{DropReason, Metrics};

/// The most that a compressed message may hold.
const INFLATED_BYTES_MAX: usize = 16 << 20;

/// What came in one datagram or its chunks.
pub(super) struct Message<'b> {
    pub(super) bytes: Cow<'b, [u8]>,
    /// Why they are still compressed.
    pub(super) fault: Option<InflateError>,
}

impl<'b> Message<'b> {
    pub(super) fn of(bytes: Cow<'b, [u8]>) -> Self {
        Self { bytes, fault: None }
    }

    /// Undoes its compression. What cannot be undone is kept as it came.
    fn inflated(bytes: Cow<'b, [u8]>) -> Self {
        let fault = match bytes {
            Cow::Borrowed(bytes) => match inflate(bytes, INFLATED_BYTES_MAX) {
                Ok(content) => return Self::of(content),
                Err(fault) => fault,
            },
            Cow::Owned(ref bytes) => match inflate(bytes, INFLATED_BYTES_MAX) {
                Ok(content) => return Self::of(Cow::Owned(content.into_owned())),
                Err(fault) => fault,
            },
        };
        Self { bytes, fault: Some(fault) }
    }
}

/// Messages of which some chunks are there.
pub(super) struct GelfDatagrams(Reassembly<SocketAddr>);

impl GelfDatagrams {
    pub(super) fn new() -> Self {
        Self(Reassembly::new(Limits::default()))
    }

    /// The message that `datagram` is, or whose last chunk it is.
    pub(super) fn message<'b>(
        &mut self,
        sender: SocketAddr,
        datagram: &'b [u8],
        received_at: i64,
        metrics: &Metrics,
    ) -> Option<Message<'b>> {
        let found = self.0.add(sender, datagram, received_at);
        let given_up = self.0.take_given_up();
        if given_up > 0 {
            metrics.drop_records(DropReason::Incomplete, given_up);
        }
        match found {
            Datagram::Message(bytes) => Some(Message::inflated(Cow::Borrowed(bytes))),
            Datagram::Completed(bytes) => Some(Message::inflated(Cow::Owned(bytes))),
            Datagram::Waiting => None,
            Datagram::Malformed => {
                metrics.drop_records(DropReason::Incomplete, 1);
                None
            }
        }
    }
}

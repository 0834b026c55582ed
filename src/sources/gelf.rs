//! GELF over UDP: chunks put together, and compression undone.

use std::borrow::Cow;
use std::net::SocketAddr;

use logseal_parsers::framing::gelf_chunks::{Datagram, Limits, Reassembly};

use super::inflate::inflate;
use crate::metrics::{DropReason, Metrics};

/// The most that a compressed message may hold.
const INFLATED_BYTES_MAX: usize = 16 << 20;

/// Messages of which some chunks are there.
pub(super) struct GelfDatagrams(Reassembly<SocketAddr>);

impl GelfDatagrams {
    pub(super) fn new() -> Self {
        Self(Reassembly::new(Limits::default()))
    }

    /// The message that `datagram` is, or whose last chunk it is. One whose compression is damaged is kept as it came.
    pub(super) fn message<'b>(
        &mut self,
        sender: SocketAddr,
        datagram: &'b [u8],
        received_at: i64,
        metrics: &Metrics,
    ) -> Option<Cow<'b, [u8]>> {
        let found = self.0.add(sender, datagram, received_at);
        let given_up = self.0.take_given_up();
        if given_up > 0 {
            metrics.drop_records(DropReason::Incomplete, given_up);
        }
        match found {
            Datagram::Message(bytes) => Some(inflate(bytes, INFLATED_BYTES_MAX).unwrap_or(Cow::Borrowed(bytes))),
            Datagram::Completed(bytes) => {
                let content = inflate(&bytes, INFLATED_BYTES_MAX).map(Cow::into_owned);
                Some(Cow::Owned(content.unwrap_or(bytes)))
            }
            Datagram::Waiting => None,
            Datagram::Malformed => {
                metrics.drop_records(DropReason::Incomplete, 1);
                None
            }
        }
    }
}

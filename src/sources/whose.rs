//! Whose the records of a connection or of a datagram are.

use std::net::IpAddr;

use super::pass::Pass;

/// What is filed with each record beside what the listener says.
pub(super) struct Whose {
    pub(super) address: IpAddr,
    /// As it is stored.
    pub(super) peer: String,
    /// Of a client that acts as an API token.
    pub(super) pass: Option<Pass>,
}

impl Whose {
    /// Of a sender of whom only the address is known.
    pub(super) fn at(peer: IpAddr) -> Self {
        Self { address: peer, peer: peer.to_string(), pass: None }
    }
}

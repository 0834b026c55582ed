//! OpenTelemetry's logs over gRPC.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::api::Tls;

/// The listener for OTLP over gRPC; without this section there is none. Its connections and bodies have the bounds of `[api]`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Otlp {
    /// Beyond loopback it takes `tls` or `plain_grpc_beyond_loopback`.
    pub grpc: SocketAddr,
    /// Something in front of it ends TLS.
    pub plain_grpc_beyond_loopback: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

impl Default for Otlp {
    fn default() -> Self {
        Self { grpc: SocketAddr::from(([127, 0, 0, 1], 4317)), plain_grpc_beyond_loopback: false, tls: None }
    }
}

impl Otlp {
    /// # Errors
    /// The first key that is wrong, and why.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.grpc.ip().is_loopback() || self.tls.is_some() || self.plain_grpc_beyond_loopback {
            return Ok(());
        }
        let detail = format!(
            "{} is not a loopback address, and without TLS tokens would cross the network for all to read: set otlp.tls, or \
             otlp.plain_grpc_beyond_loopback = true where something in front of it ends TLS",
            self.grpc
        );
        Err(("otlp.grpc", detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_leave_loopback_only_encrypted_or_when_told_to() {
        let beyond = Otlp { grpc: SocketAddr::from(([0, 0, 0, 0], 4317)), ..Otlp::default() };
        assert_eq!(Otlp::default().check(), Ok(()));
        assert_eq!(beyond.check().unwrap_err().0, "otlp.grpc");
        assert_eq!(Otlp { plain_grpc_beyond_loopback: true, ..beyond }.check(), Ok(()));
    }
}

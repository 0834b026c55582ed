//! The bodies in which shippers push records over HTTP: each protocol's envelope, and the records in it.
//!
//! A decoder gives for each record its event and the bytes it came from, as a slice of the body where the protocol
//! lets it. It does no more than that: who may send, what is answered and when is the server's affair.

pub mod datadog;
pub mod elastic;
pub mod fault;
pub mod form;
pub mod gelf;
mod growth;
pub mod journal;
pub mod json_stream;
pub mod loki;
pub mod otlp;
mod protobuf;
pub mod splunk;
mod text;

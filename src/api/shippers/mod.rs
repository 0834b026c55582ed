//! The protocols that shippers speak over HTTP, at the paths at which they expect them, outside `/api/v1`.
//!
//! One file a protocol: it reads the body with its decoder (`logseal_parsers::push`), hands the records to an [`intake`] and answers
//! in the protocol's own way, once they are durable. What goes wrong on the way is an `ApiError` as everywhere;
//! [`dialect`] puts it into the words of the protocol. Credentials are API tokens, in the schemes of `credentials.rs`.
//! What each client has to be told is in `docs/SHIPPERS.md`.

pub(super) mod datadog;
pub(super) mod dialect;
pub(super) mod elastic;
pub(super) mod elastic_document;
pub(super) mod elastic_probes;
pub(super) mod gelf;
mod intake;
pub(super) mod journal;
pub(super) mod logstash_http;
pub(super) mod loki;
pub(super) mod otlp;
pub(super) mod otlp_grpc;
mod otlp_message;
pub(super) mod splunk;

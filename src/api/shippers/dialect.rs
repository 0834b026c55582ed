//! Which protocol a path belongs to, and how errors are told in it.

use axum::http::HeaderMap;
use axum::response::Response;
use logseal_parsers::push::otlp::Encoding;

use super::{datadog, elastic, gelf, journal, loki, otlp, otlp_grpc, splunk};
use crate::api::error::Problem;
use crate::api::trace_id::TraceId;

/// In which form a client expects its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Dialect {
    /// The API's own.
    Own,
    Elastic,
    Splunk,
    Gelf,
    Journal,
    Loki,
    Otlp(Encoding),
    OtlpGrpc,
    Datadog,
}

impl Dialect {
    /// The protocol that `path` belongs to, whether or not there is such a route.
    pub(in crate::api) fn of(path: &str, headers: &HeaderMap) -> Self {
        match path {
            "/api/prom/push" => Self::Loki,
            "/api/v2/logs" | "/v1/input" => Self::Datadog,
            _ if path.starts_with("/api/") => Self::Own,
            "/gelf" => Self::Gelf,
            "/upload" => Self::Journal,
            "/v1/logs" | "/otlp/v1/logs" | "/v1/traces" | "/v1/metrics" => Self::Otlp(otlp::encoding_of(headers)),
            _ if path.starts_with("/opentelemetry.proto.") => Self::OtlpGrpc,
            _ if path.starts_with("/loki/") => Self::Loki,
            _ if path.starts_with("/services/collector") => Self::Splunk,
            // Elasticsearch's own names begin so, and those of indices do not.
            _ if path.contains("/_") => Self::Elastic,
            _ => Self::Own,
        }
    }

    /// What went wrong, in the protocol's words. The caller adds the headers.
    pub(in crate::api) fn envelope(self, problem: &Problem, trace_id: TraceId) -> Response {
        match self {
            Self::Own => problem.envelope(trace_id),
            Self::Elastic => elastic::refusal(problem),
            Self::Splunk => splunk::refusal(problem),
            Self::Gelf => gelf::refusal(problem),
            Self::Journal => journal::refusal(problem),
            Self::Loki => loki::refusal(problem),
            Self::Otlp(encoding) => otlp::refusal(problem, encoding),
            Self::OtlpGrpc => otlp_grpc::refusal(problem),
            Self::Datadog => datadog::refusal(problem),
        }
    }

    /// Adds what clients look for in the headers of every answer.
    pub(in crate::api) fn sign(self, headers: &mut HeaderMap) {
        match self {
            Self::Elastic => elastic::sign(headers),
            Self::Own
            | Self::Splunk
            | Self::Gelf
            | Self::Journal
            | Self::Loki
            | Self::Otlp(_)
            | Self::OtlpGrpc
            | Self::Datadog => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_its_protocol() {
        for (path, dialect) in [
            ("/", Dialect::Own),
            ("/health", Dialect::Own),
            ("/api/v1/logs", Dialect::Own),
            ("/api/v1/_bulk", Dialect::Own),
            ("/_bulk", Dialect::Elastic),
            ("/logs-app/_bulk", Dialect::Elastic),
            ("/_snapshot/unknown", Dialect::Elastic),
            ("/services/collector/event/1.0", Dialect::Splunk),
            ("/gelf", Dialect::Gelf),
            ("/upload", Dialect::Journal),
            ("/loki/api/v1/push", Dialect::Loki),
            ("/api/prom/push", Dialect::Loki),
            ("/logs/_doc/1", Dialect::Elastic),
            ("/api/v2/logs", Dialect::Datadog),
            ("/v1/logs", Dialect::Otlp(Encoding::Json)),
            (otlp_grpc::EXPORT, Dialect::OtlpGrpc),
        ] {
            assert_eq!(Dialect::of(path, &HeaderMap::new()), dialect, "{path}");
        }
    }
}

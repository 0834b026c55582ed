//! Which protocol a path belongs to, and how errors are told in it.

use axum::http::HeaderMap;
use axum::response::Response;

use super::{elastic, gelf, journal, splunk};
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
}

impl Dialect {
    /// The protocol that `path` belongs to, whether or not there is such a route.
    pub(in crate::api) fn of(path: &str) -> Self {
        match path {
            _ if path.starts_with("/api/") => Self::Own,
            "/gelf" => Self::Gelf,
            "/upload" => Self::Journal,
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
        }
    }

    /// Adds what clients look for in the headers of every answer.
    pub(in crate::api) fn sign(self, headers: &mut HeaderMap) {
        match self {
            Self::Elastic => elastic::sign(headers),
            Self::Own | Self::Splunk | Self::Gelf | Self::Journal => {}
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
        ] {
            assert_eq!(Dialect::of(path), dialect, "{path}");
        }
    }
}

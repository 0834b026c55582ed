//! Which protocol a path belongs to, and how errors are told in it.

use axum::http::HeaderMap;
use axum::response::Response;

use super::gelf;
use crate::api::error::Problem;
use crate::api::trace_id::TraceId;

/// In which form a client expects its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Dialect {
    /// The API's own.
    Own,
    Gelf,
}

impl Dialect {
    /// The protocol that `path` belongs to, whether or not there is such a route.
    pub(in crate::api) fn of(path: &str) -> Self {
        match path {
            "/gelf" => Self::Gelf,
            _ => Self::Own,
        }
    }

    /// What went wrong, in the protocol's words. The caller adds the headers.
    pub(in crate::api) fn envelope(self, problem: &Problem, trace_id: TraceId) -> Response {
        match self {
            Self::Own => problem.envelope(trace_id),
            Self::Gelf => gelf::refusal(problem),
        }
    }

    /// Adds what clients look for in the headers of every answer.
    pub(in crate::api) fn sign(self, _headers: &mut HeaderMap) {
        match self {
            Self::Own | Self::Gelf => {}
        }
    }
}

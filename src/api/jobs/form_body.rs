//! The body of a form whose `Content-Encoding` is undone before its parts are told apart.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use bytes::Bytes;
use futures_util::stream;

use super::super::body::Inflow;
use super::super::error::ApiError;
use super::super::state::Api;

/// What a form has beside its file: texts, names and boundaries.
const ROOM_BESIDE_THE_FILE: u64 = 1 << 20;

/// Why a body could not be undone. The library that reads the parts only tells that it failed.
#[derive(Clone, Default)]
pub(super) struct Failure(Arc<Mutex<Option<ApiError>>>);

impl Failure {
    /// The cause, once.
    pub(super) fn take(&self) -> Option<ApiError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, error: ApiError) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// `request` as it was before it was compressed, and where its failure will be told. What is not compressed stays as it is.
///
/// # Errors
/// 415 for an encoding that cannot be undone.
pub(super) fn plain(api: &Api, request: Request) -> Result<(Request, Failure), ApiError> {
    let failure = Failure::default();
    if !request.headers().contains_key(header::CONTENT_ENCODING) {
        return Ok((request, failure));
    }
    let limits = api.jobs.limits();
    let bytes_max = limits.file_bytes_max.saturating_add(ROOM_BESIDE_THE_FILE);
    let (parts, body) = request.into_parts();
    let inflow = Inflow::patient(api, &parts.headers, body, bytes_max, limits.stall_seconds_max)?;
    let state = Some((inflow, Bytes::new(), failure.clone()));
    let pieces = stream::unfold(state, async |state| {
        let (mut inflow, piece, failure) = state?;
        // The reader of the parts takes all that is ready into memory before it looks at it. So never more than a piece is ready: a small body may
        // become a large one.
        tokio::task::yield_now().await;
        // One piece ahead: the last one is given when the end, with its checksum, was found to be good. A form ends before that.
        match inflow.next().await {
            Ok(Some(next)) => Some((Ok(piece), Some((inflow, next, failure)))),
            Ok(None) => Some((Ok(piece), None)),
            Err(error) => {
                failure.put(error);
                Some((Err(io::Error::other("the body could not be decompressed")), None))
            }
        }
    });
    Ok((Request::from_parts(parts, Body::from_stream(pieces)), failure))
}

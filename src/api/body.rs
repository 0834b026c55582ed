//! Request bodies as they arrive: decompressed, bounded in bytes and in time.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::decompress::{Coding, Decoder};
use super::error::ApiError;
use super::state::{Api, BODY_UNIT_BYTES};

/// What one step of a decoder gives at most.
const PIECE_BYTES_MAX: usize = 64 << 10;
/// A streamed body has at most this many bytes after decompression.
const STREAM_BYTES_MAX: u64 = 4 << 30;
/// Beyond the first `body_bytes_max` bytes, a streamed body may grow by at most this factor in decompression.
const STREAM_RATIO_MAX: u64 = 250;
/// Parsing more than this takes longer than a request may hold up its thread.
const PARSE_INLINE_BYTES_MAX: usize = 128 << 10;
/// A body that tells of one thing, such as an account, has at most this many bytes.
const SMALL_BYTES_MAX: u64 = 64 << 10;
/// One that may hold a long text or list, such as a rule with a Sigma text of 1 MiB or a cluster of 10,000 hosts, each written in JSON.
const LARGE_BYTES_MAX: usize = 4 << 20;

/// What of a body may be read.
#[derive(Clone, Copy, Debug)]
enum Limit {
    /// This many bytes, after decompression.
    Whole(u64),
    /// [`STREAM_BYTES_MAX`] and [`STREAM_RATIO_MAX`], the latter only beyond this many bytes.
    Stream { free: u64 },
}

/// A body on its way in.
pub(super) struct Inflow {
    body: Body,
    decoder: Option<Decoder>,
    /// Bytes as they came and as they were meant.
    received: u64,
    plain: u64,
    limit: Limit,
    seconds_max: u64,
    /// For the whole body; `None`: each piece has `seconds_max` of its own.
    deadline: Option<Instant>,
    scratch: Vec<u8>,
}

/// A body that is held whole, and its share of the memory for such bodies.
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl Inflow {
    /// A body that is worked on while it arrives.
    ///
    /// # Errors
    /// 415 for an encoding that cannot be undone.
    pub(super) fn streamed(api: &Api, headers: &HeaderMap, body: Body) -> Result<Self, ApiError> {
        Self::new(api, Coding::of(headers)?, body, Limit::Stream { free: api.config.body_bytes_max as u64 })
    }

    fn new(api: &Api, coding: Coding, body: Body, limit: Limit) -> Result<Self, ApiError> {
        let decoder = Decoder::new(coding).map_err(ApiError::internal)?;
        let seconds_max = api.config.body_seconds_max;
        Ok(Self {
            body,
            scratch: if decoder.is_some() { vec![0; PIECE_BYTES_MAX] } else { Vec::new() },
            decoder,
            received: 0,
            plain: 0,
            limit,
            seconds_max,
            deadline: Some(Instant::now() + Duration::from_secs(seconds_max)),
        })
    }

    /// A body of at most `bytes_max` bytes that may take as long as it wants, while some of it comes every `stall_seconds_max` seconds.
    ///
    /// # Errors
    /// 415 for an encoding that cannot be undone.
    pub(super) fn patient(
        api: &Api,
        headers: &HeaderMap,
        body: Body,
        bytes_max: u64,
        stall_seconds_max: u64,
    ) -> Result<Self, ApiError> {
        let inflow = Self::new(api, Coding::of(headers)?, body, Limit::Whole(bytes_max))?;
        Ok(Self { seconds_max: stall_seconds_max, deadline: None, ..inflow })
    }

    /// The next decompressed bytes; `None` at the body's end.
    ///
    /// # Errors
    /// 400 where the connection fails, 408 past the deadline, 413 over the limit, 422 where the compressed bytes are damaged.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            let Some(decoder) = &mut self.decoder else {
                let piece = self.receive().await?;
                self.plain = self.received;
                self.check_limit()?;
                return Ok(piece);
            };
            match decoder.read(&mut self.scratch) {
                Ok(0) => return Ok(None),
                Ok(count) => {
                    self.plain += count as u64;
                    self.check_limit()?;
                    return Ok(self.scratch.get(..count).map(Bytes::copy_from_slice));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let arrived = self.receive().await?;
                    match (arrived, &mut self.decoder) {
                        (Some(bytes), Some(decoder)) => decoder.feed(bytes),
                        (None, Some(decoder)) => decoder.end(),
                        (_, None) => {}
                    }
                }
                Err(error) => {
                    return Err(ApiError::body(format!("the compressed body is damaged or cut short: {error}")));
                }
            }
        }
    }

    /// The next bytes as they come; `None` at the end.
    async fn receive(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            let deadline = self.deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(self.seconds_max));
            let frame = tokio::time::timeout_at(deadline, self.body.frame()).await;
            let frame = frame.map_err(|_| ApiError::slow_body(self.seconds_max))?;
            let Some(frame) = frame else { return Ok(None) };
            // What is not data is trailers, which nobody asked for.
            if let Ok(data) = frame.map_err(ApiError::broken_body)?.into_data() {
                self.received += data.len() as u64;
                return Ok(Some(data));
            }
        }
    }

    fn check_limit(&self) -> Result<(), ApiError> {
        let allowed = match self.limit {
            Limit::Whole(bytes) => bytes,
            Limit::Stream { free } => free.max(self.received.saturating_mul(STREAM_RATIO_MAX)).min(STREAM_BYTES_MAX),
        };
        if self.plain <= allowed {
            return Ok(());
        }
        Err(ApiError::too_large(match self.limit {
            Limit::Whole(bytes) => over(bytes),
            Limit::Stream { .. } if self.plain > STREAM_BYTES_MAX => over(STREAM_BYTES_MAX),
            Limit::Stream { free } => {
                format!("the body grows more than {STREAM_RATIO_MAX}-fold in decompression, and over {free} bytes")
            }
        }))
    }
}

/// Reads a body that has to be there as a whole before it can be understood.
///
/// # Errors
/// As [`Inflow::next`], and 503 while too many such bodies are in memory.
pub(super) async fn whole(api: &Api, headers: &HeaderMap, body: Body) -> Result<Whole, ApiError> {
    whole_coded(api, headers, Coding::of(headers)?, body).await
}

/// As [`whole`], where the headers do not say how the body is compressed, or are not to be believed.
///
/// # Errors
/// As [`whole`].
pub(super) async fn whole_coded(api: &Api, headers: &HeaderMap, coding: Coding, body: Body) -> Result<Whole, ApiError> {
    whole_up_to(api, headers, coding, body, api.config.body_bytes_max).await
}

/// Reads a body of a route that may need much.
///
/// # Errors
/// As [`whole`].
pub(super) async fn large(api: &Api, headers: &HeaderMap, body: Body) -> Result<Whole, ApiError> {
    whole_up_to(api, headers, Coding::of(headers)?, body, LARGE_BYTES_MAX.min(api.config.body_bytes_max)).await
}

async fn whole_up_to(
    api: &Api,
    headers: &HeaderMap,
    coding: Coding,
    body: Body,
    bytes_max: usize,
) -> Result<Whole, ApiError> {
    let bytes_max = bytes_max as u64;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max) {
        return Err(ApiError::too_large(over(bytes_max)));
    }
    let mut inflow = Inflow::new(api, coding, body, Limit::Whole(bytes_max))?;
    // Most bodies are one piece, which need not be copied.
    let Some(first) = inflow.next().await? else { return Ok(Whole { bytes: Bytes::new(), _room: None }) };
    let mut room = room_for(api, first.len())?;
    let Some(second) = inflow.next().await? else { return Ok(Whole { bytes: first, _room: Some(room) }) };
    let mut bytes = BytesMut::from(first);
    let mut next = Some(second);
    while let Some(piece) = next {
        room.merge(room_for(api, piece.len())?);
        bytes.extend_from_slice(&piece);
        next = inflow.next().await?;
    }
    Ok(Whole { bytes: bytes.freeze(), _room: Some(room) })
}

/// Does `work` on a body, on a thread for that where it is large.
///
/// # Errors
/// 500 where `work` panics.
pub(super) async fn on_body<T: Send + 'static>(
    bytes: Bytes,
    work: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, ApiError> {
    if bytes.len() <= PARSE_INLINE_BYTES_MAX {
        return Ok(work(&bytes));
    }
    tokio::task::spawn_blocking(move || work(&bytes)).await.map_err(ApiError::internal)
}

fn over(bytes_max: u64) -> String {
    format!("the body is larger than {bytes_max} bytes, counted after decompression; send it in parts")
}

/// Reads a body of a route that needs little.
///
/// # Errors
/// As [`Inflow::next`].
pub(super) async fn small(api: &Api, headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    small_up_to(api, headers, body, SMALL_BYTES_MAX).await
}

/// As [`small`], with a limit of the route's own.
///
/// # Errors
/// As [`Inflow::next`].
pub(super) async fn small_up_to(api: &Api, headers: &HeaderMap, body: Body, bytes_max: u64) -> Result<Bytes, ApiError> {
    let mut inflow = Inflow::new(api, Coding::of(headers)?, body, Limit::Whole(bytes_max))?;
    let mut bytes = BytesMut::new();
    while let Some(piece) = inflow.next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

/// Room for a body that is held whole. Never waits: bodies that wait for each other's room could wait for ever.
pub(super) fn room_for(api: &Api, bytes: usize) -> Result<OwnedSemaphorePermit, ApiError> {
    let units = u32::try_from(bytes.div_ceil(BODY_UNIT_BYTES)).unwrap_or(u32::MAX);
    let room = std::sync::Arc::clone(&api.bodies).try_acquire_many_owned(units);
    room.map_err(|_| ApiError::unavailable("too many large bodies are being read: try again soon", 1))
}

/// Refuses a body of another type than `accepted`.
///
/// # Errors
/// 415, also where no type is stated and `or_none` is false.
pub(super) fn check_type(headers: &HeaderMap, accepted: &[&str], or_none: bool) -> Result<(), ApiError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return if or_none { Ok(()) } else { Err(wrong_type("no Content-Type", accepted)) };
    };
    let text = value.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    if accepted.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        return Ok(());
    }
    Err(wrong_type(&format!("Content-Type \"{essence}\""), accepted))
}

fn wrong_type(what: &str, accepted: &[&str]) -> ApiError {
    ApiError::unsupported(format!("{what} is not read here: send {}", accepted.join(", ")))
}

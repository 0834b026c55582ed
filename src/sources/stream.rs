//! One connection of a stream transport, from its first byte to its end.

use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::pass::ended;
use super::stream_buffer::Read;
use super::stream_records::{Records, Take};
use crate::ingest::Rejected;

/// At a stop, what a sender has under way is taken until nothing comes for so long, ...
const QUIET_AT_STOP: Duration = Duration::from_millis(50);
/// ... but no longer than this: it may never pause.
const DRAIN_MAX: Duration = Duration::from_secs(1);
/// How long a peer may take to hear that its connection is closed.
pub(super) const CLOSE_MAX: Duration = Duration::from_secs(1);

/// Takes in the records of `stream` until it ends, is silent for `idle`, or until `stop`, and then closes it.
///
/// While the queue is full nothing is read, and TCP makes the sender wait.
///
/// # Errors
/// Why the connection ended, where that is neither the sender's end nor `stop`.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    mut records: Records<'_>,
    idle: Duration,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let ended = match take_in(&mut stream, &mut records, idle, stop).await {
        // Records that could not be queued have been counted; there is no use in going on.
        Err(error) if error.is::<Rejected>() => Err(error),
        Err(error) => records.finish(Take::All).await.and(Err(error)),
        Ok(rest) => records.finish(rest).await,
    };
    close(&mut stream).await;
    ended
}

/// Closes `stream`. A TLS peer is told (RFC 5425, section 4.4); one that does not listen any more is closed all the same.
pub(super) async fn close(stream: &mut (impl AsyncWrite + Unpin)) {
    timeout(CLOSE_MAX, stream.shutdown()).await.ok();
}

/// Takes in whole frames; what is left over at the end is to be taken as is returned.
async fn take_in<S: AsyncRead + Unpin>(
    stream: &mut S,
    records: &mut Records<'_>,
    idle: Duration,
    stop: &CancellationToken,
) -> anyhow::Result<Take> {
    let mut silent = Duration::ZERO;
    loop {
        let wait = records.pause().min(idle.saturating_sub(silent));
        let read = tokio::select! {
            // Reading is cancel-safe.
            read = records.buffer.read(stream, wait) => read.context("read")?,
            () = stop.cancelled() => return drain(stream, records).await,
            ended = ended(records.whose.pass.as_ref()) => return Err(ended.into()),
        };
        match read {
            Read::Bytes => {
                silent = Duration::ZERO;
                if read_on(stream, records, stop).await? == Read::End {
                    return Ok(Take::All);
                }
            }
            Read::Pause => {
                silent += wait;
                if records.is_overdue(silent) {
                    records.take(records.after_pause).await?;
                    records.submit().await?;
                }
                anyhow::ensure!(silent < idle, "nothing was sent for {idle:?}");
            }
            Read::End => return Ok(Take::All),
        }
    }
}

/// Takes what is buffered, and reads on for as long as that needs no waiting.
async fn read_on<S: AsyncRead + Unpin>(
    stream: &mut S,
    records: &mut Records<'_>,
    stop: &CancellationToken,
) -> anyhow::Result<Read> {
    let mut read = Read::Bytes;
    while read == Read::Bytes {
        records.take(Take::Whole).await?;
        read = if stop.is_cancelled() || records.has_ended() {
            Read::Pause
        } else {
            records.buffer.read_now(stream).context("read")?
        };
    }
    records.submit().await?;
    Ok(read)
}

/// Takes in what had arrived when the daemon was told to stop.
async fn drain<S: AsyncRead + Unpin>(stream: &mut S, records: &mut Records<'_>) -> anyhow::Result<Take> {
    let deadline = Instant::now() + DRAIN_MAX;
    let mut read = Read::Bytes;
    while read == Read::Bytes {
        records.take(Take::Whole).await?;
        records.submit().await?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        read = records.buffer.read(stream, QUIET_AT_STOP.min(left)).await.context("read")?;
    }
    Ok(if read == Read::End { Take::All } else { Take::AllAtStop })
}

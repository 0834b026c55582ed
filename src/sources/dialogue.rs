//! One connection of a protocol that answers its client: what is answered is durable.
//!
//! Reading goes on while earlier batches are on their way to the disk; their answers are written in the order of the records.
//! A batch that cannot be stored ends the connection before anything behind it is answered, so that the client sends again.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::gathered::Gathered;
use super::intake::Intake;
use super::pass::{Ended, ended};
use super::sender_rate::SenderRate;
use super::stream::{self, CLOSE_MAX};
use super::stream_buffer::{Buffer, Read};
use super::stream_records::Sender;
use super::whose::Whose;
use crate::ingest::{Ids, Rejected, WhenFull};

/// Batches of one connection that may be on their way to the disk; their bytes are bounded by the queue.
const UNANSWERED_MAX: usize = 64;
/// Messages of this size wait for one of the listener's few places for them, ...
const LARGE_BYTES: usize = 1 << 20;
/// ... and must be complete so soon after they got it.
const LARGE_MAX: Duration = Duration::from_secs(60);
/// A connection without traffic gives its buffer back after so long.
const PAUSE: Duration = Duration::from_secs(3);
/// So long a client may be silent that has yet to show who it is.
const STRANGER_MAX: Duration = Duration::from_secs(10);
/// How long a client may take to read an answer.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// Of a batch without records.
const NO_IDS: Ids = Ids { first: 0, last: 0 };

/// What a protocol made of the front of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It took so many bytes, or none where the batch is full before its message is; there may be more.
    Took(usize),
    /// It dropped so many bytes, and needs more of them.
    NeedMore(usize),
    /// The client said that it is done.
    Closed,
}

/// A protocol's side of a conversation: from bytes to records and answers. Does no I/O.
pub(super) trait Dialogue: Send {
    /// The bytes that the buffer must be able to hold.
    fn buffer_bytes(&self) -> usize;

    /// Takes the next of what the client said.
    ///
    /// # Errors
    /// It is none of this protocol, and the connection ends; what was gathered before it is stored and answered.
    fn next(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> anyhow::Result<Next>;

    /// Nothing has come for a while: what is owed to a client that may be waiting is answered.
    fn paused(&mut self, _gathered: &mut Gathered<'_>) {}

    /// What the daemon says first.
    fn greeting(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Whether it holds a part of what it read itself, beside the buffer.
    fn is_within_message(&self) -> bool {
        false
    }

    /// Whether the client has shown who it is, where it must.
    fn is_let_in(&self) -> bool {
        true
    }

    /// What is said before the daemon closes the connection.
    fn goodbye(&self) -> &'static [u8] {
        b""
    }
}

/// Answers that wait for their records.
type Unanswered = FuturesOrdered<Pin<Box<dyn Future<Output = Fate> + Send>>>;

/// What became of a batch, and its answers.
type Fate = (Result<Ids, Rejected>, Vec<u8>);

/// Takes records in and answers until the client ends, is silent for `idle`, or until `stop`, and closes the connection.
///
/// # Errors
/// Why the connection ended, where that is neither the client's end nor `stop`.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Send>(
    stream: S,
    dialogue: impl Dialogue,
    sender: Sender<'_>,
    intake: &Intake,
    idle: Duration,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let (reader, writer) = tokio::io::split(stream);
    let whose = Whose { pass: sender.pass, ..Whose::at(sender.peer) };
    let mut conversation = Conversation {
        buffer: Buffer::new(dialogue.buffer_bytes()),
        goodbye: dialogue.goodbye(),
        gathered: Gathered::new(intake, whose),
        dialogue,
        reader,
        writer,
        place: None,
        large: None,
        unanswered: Unanswered::new(),
        rate: sender.rate,
        peer: sender.peer,
        intake,
        stop,
    };
    let greeting = conversation.dialogue.greeting();
    let greeted = write(&mut conversation.writer, &greeting).await;
    let ended = match greeted {
        Ok(()) => conversation.listen(idle).await,
        Err(error) => Err(error),
    };
    // Whatever ended the reading, what is durable is answered.
    let answered = conversation.answer_down_to(0).await;
    let leaves = match &ended {
        Ok(()) => stop.is_cancelled(),
        Err(why) => why.is::<Ended>(),
    };
    if leaves && answered.is_ok() {
        // A client that does not listen any more is closed all the same.
        timeout(CLOSE_MAX, conversation.writer.write_all(conversation.goodbye)).await.ok();
    }
    stream::close(&mut conversation.writer).await;
    ended.and(answered)
}

struct Conversation<'a, S, D> {
    dialogue: D,
    goodbye: &'static [u8],
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    buffer: Buffer,
    gathered: Gathered<'a>,
    /// Held with a batch.
    place: Option<OwnedSemaphorePermit>,
    /// Held with more than [`LARGE_BYTES`] of a message, since when.
    large: Option<(OwnedSemaphorePermit, Instant)>,
    unanswered: Unanswered,
    rate: &'a SenderRate,
    peer: IpAddr,
    intake: &'a Intake,
    stop: &'a CancellationToken,
}

impl<S: AsyncRead + AsyncWrite, D: Dialogue> Conversation<'_, S, D> {
    async fn listen(&mut self, idle: Duration) -> anyhow::Result<()> {
        let mut silent = Duration::ZERO;
        loop {
            let idle = if self.dialogue.is_let_in() { idle } else { idle.min(STRANGER_MAX) };
            let wait = PAUSE.min(idle.saturating_sub(silent));
            // Both are cancel-safe: bytes that were read are in the buffer, and a fate is taken or stays.
            let read = tokio::select! {
                Some(fate) = self.unanswered.next() => {
                    self.answer(fate).await?;
                    continue;
                }
                read = self.buffer.read(&mut self.reader, wait) => read.context("read")?,
                () = self.stop.cancelled() => return Ok(()),
                ended = ended(self.gathered.pass()) => return Err(ended.into()),
            };
            match read {
                Read::Bytes => {
                    silent = Duration::ZERO;
                    if self.take_in().await? == Read::End {
                        return Ok(());
                    }
                }
                Read::Pause => {
                    silent += wait;
                    if self.buffer.unread().is_empty() {
                        self.dialogue.paused(&mut self.gathered);
                        self.submit().await?;
                    }
                    self.wait_for_large().await?;
                    anyhow::ensure!(silent < idle, "nothing was sent for {idle:?}");
                }
                Read::End => return Ok(()),
            }
        }
    }

    /// Takes what is buffered, and reads on for as long as that needs no waiting; the end if the client is done.
    async fn take_in(&mut self) -> anyhow::Result<Read> {
        loop {
            // Who has room for a large message needs no other: those who wait for such room would wait for each other.
            if self.place.is_none() && self.large.is_none() {
                self.place = Some(self.wait_for_place().await?);
            }
            let read = match self.dialogue.next(self.buffer.unread(), &mut self.gathered) {
                Ok(Next::Took(bytes)) => {
                    self.buffer.consume(bytes);
                    if let Some((_, since)) = &mut self.large
                        && bytes > 0
                    {
                        *since = Instant::now();
                    }
                    Read::Bytes
                }
                Ok(Next::NeedMore(bytes)) => {
                    self.buffer.consume(bytes);
                    self.wait_for_large().await?;
                    if self.stop.is_cancelled() { Read::Pause } else { self.buffer.read_now(&mut self.reader)? }
                }
                Ok(Next::Closed) => Read::End,
                Err(fault) => {
                    self.submit().await?;
                    return Err(fault);
                }
            };
            if read != Read::Bytes || self.gathered.is_full() {
                self.submit().await?;
            }
            if read != Read::Bytes {
                return Ok(read);
            }
        }
    }

    /// Waits until this connection may hold more than a small message, and bounds how long it does.
    async fn wait_for_large(&mut self) -> anyhow::Result<()> {
        if self.buffer.unread().len() < LARGE_BYTES {
            if self.large.is_some() {
                if self.place.is_none() {
                    self.submit().await?;
                }
                self.large = None;
                self.buffer.shrink();
            }
        } else if let Some((_, since)) = &self.large {
            anyhow::ensure!(since.elapsed() < LARGE_MAX, "a large message was not complete after {LARGE_MAX:?}");
        } else {
            // Small messages of others need the place meanwhile.
            self.submit().await?;
            let places = Arc::clone(&self.intake.large_places);
            let place = self.while_answering(places.acquire_owned()).await??;
            self.large = Some((place, Instant::now()));
        }
        Ok(())
    }

    async fn wait_for_place(&mut self) -> anyhow::Result<OwnedSemaphorePermit> {
        let places = Arc::clone(&self.intake.batch_places);
        let place = self.while_answering(places.acquire_owned()).await?;
        Ok(place?)
    }

    /// Hands what is gathered to the sequencer, with the answers that it will be worth.
    async fn submit(&mut self) -> anyhow::Result<()> {
        // With a part of a message in memory, this connection is among those that hold a batch.
        let place = if self.dialogue.is_within_message() { None } else { self.place.take() };
        let (batch, bytes, answers) = self.gathered.take();
        let rows = batch.rows();
        if rows == 0 {
            // Behind the answers that came before it all the same.
            if !answers.is_empty() {
                self.unanswered.push_back(Box::pin(async { (Ok(NO_IDS), answers) }));
            }
            return Ok(());
        }
        self.intake.count(&batch, bytes);
        let intake = self.intake;
        let receipt = self.while_answering(intake.ingest.enqueue(batch, WhenFull::Wait)).await?;
        let receipt = receipt.context("queue records")?;
        self.unanswered.push_back(Box::pin(async { (receipt.durable().await, answers) }));
        drop(place);
        if self.unanswered.len() >= UNANSWERED_MAX {
            self.answer_down_to(UNANSWERED_MAX - 1).await?;
        }
        let (rate, peer, stop, pass) = (self.rate, self.peer, self.stop, self.gathered.pass().cloned());
        let slowed = async {
            let slowed = async {
                rate.slow_down(peer, rows).await;
                if let Some(pass) = pass {
                    pass.count_batch().await;
                }
            };
            tokio::select! {
                () = slowed => {}
                () = stop.cancelled() => {}
            }
        };
        self.while_answering(slowed).await
    }

    /// Waits for `future`, and meanwhile answers what becomes durable.
    ///
    /// # Errors
    /// An answer could not be given, the client may not send any more, or the daemon cannot wait any longer.
    async fn while_answering<T>(&mut self, future: impl Future<Output = T>) -> anyhow::Result<T> {
        tokio::pin!(future);
        loop {
            tokio::select! {
                output = &mut future => return Ok(output),
                Some(fate) = self.unanswered.next() => self.answer(fate).await?,
                () = self.intake.too_late.cancelled() => return Err(Rejected::Stopping.into()),
                ended = ended(self.gathered.pass()) => return Err(ended.into()),
            }
        }
    }

    /// Answers what becomes durable until no more than `left` batches wait.
    async fn answer_down_to(&mut self, left: usize) -> anyhow::Result<()> {
        while self.unanswered.len() > left {
            let fate = tokio::select! {
                fate = self.unanswered.next() => fate,
                () = self.intake.too_late.cancelled() => return Err(Rejected::Stopping.into()),
            };
            if let Some(fate) = fate {
                self.answer(fate).await?;
            }
        }
        Ok(())
    }

    /// Writes the answers to records that are durable. After a failure nothing else is answered: an answer may speak for all before it.
    async fn answer(&mut self, (stored, answers): Fate) -> anyhow::Result<()> {
        let written = match stored.context("store records") {
            Ok(_) => write(&mut self.writer, &answers).await,
            Err(error) => Err(error),
        };
        if written.is_err() {
            self.unanswered.clear();
        }
        written
    }
}

async fn write<S: AsyncWrite>(writer: &mut WriteHalf<S>, answers: &[u8]) -> anyhow::Result<()> {
    let written = timeout(ANSWER_MAX, async {
        writer.write_all(answers).await?;
        writer.flush().await
    });
    written.await.context("the client does not take its answers")?.context("answer")
}

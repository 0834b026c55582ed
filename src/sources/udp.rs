//! Syslog over UDP (RFC 5426), one datagram a record, mostly; and GELF, whose messages may take several.
//!
//! There is no way to slow a sender down, so what cannot be taken is dropped, and counted with
//! its reason. Datagrams that the kernel drops because its own buffer is full are not seen here.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::time::Duration;

use logseal_parsers::StreamFormat;
use logseal_parsers::framing::datagram;
use logseal_parsers::push::gelf;
use socket2::{Domain, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::gelf::{GelfDatagrams, Message};
use super::inflate::unzipped;
use super::intake::{Intake, Whole};
use super::sender_rate::SenderRate;
use super::whose::Whose;
use crate::clock::now_micros;
use crate::config::listener::{ListenerConfig, Protocol};
use crate::ingest::{Receipt, Rejected};
use crate::metrics::DropReason;
use crate::record::Batch;

/// The largest UDP payload.
const DATAGRAM_BYTES_MAX: usize = 65_535;
/// Datagrams that are read before their batch is submitted.
const BATCH_DATAGRAMS_MAX: usize = 8192;
const BATCH_BYTES_MAX: usize = 1 << 20;
/// How long what has arrived is taken in after a stop: a sender may never pause.
const DRAIN_MAX: Duration = Duration::from_secs(1);
/// After an error that reading may meet again at once.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);
/// Batches whose fate is not known yet.
const RECEIPTS_MAX: usize = 1024;

pub(super) fn bind(config: &ListenerConfig) -> std::io::Result<UdpSocket> {
    let socket = socket2::Socket::new(
        Domain::for_address(config.listen()),
        Type::DGRAM.nonblocking(),
        Some(socket2::Protocol::UDP),
    )?;
    // The kernel grants what its own limit allows; less is no error.
    if let Err(error) = socket.set_recv_buffer_size(config.receive_buffer_bytes) {
        warn!(%error, "the kernel refused the receive buffer of {} bytes", config.receive_buffer_bytes);
    }
    socket.bind(&config.listen().into())?;
    UdpSocket::from_std(socket.into())
}

pub(super) async fn run(socket: &UdpSocket, config: &ListenerConfig, intake: &Intake, stop: &CancellationToken) {
    let rate = SenderRate::new(config.records_per_second_per_sender);
    let (receipts, pending) = mpsc::channel(RECEIPTS_MAX);
    let take_in = async {
        let buffer = vec![0; DATAGRAM_BYTES_MAX];
        let gelf = (config.protocol == Protocol::Gelf).then(GelfDatagrams::new);
        // What comes in one datagram says nothing of the next.
        let format = StreamFormat::mixed();
        let mut intake = Datagrams { socket, buffer, config, rate, gelf, format, intake, receipts };
        loop {
            tokio::select! {
                ready = socket.readable() => match ready {
                    Ok(()) => intake.take_batch().await,
                    Err(error) => {
                        warn!(%error, "waiting for datagrams failed");
                        tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                        true
                    }
                },
                () = stop.cancelled() => break,
            };
        }
        // What had arrived before the stop is still taken.
        let deadline = Instant::now() + DRAIN_MAX;
        while intake.take_batch().await && Instant::now() < deadline {}
    };
    tokio::join!(take_in, count_refused(pending, intake));
    info!(source.name = %config.source(), "stopped listening for datagrams on {}", config.listen());
}

/// What a listener needs to take datagrams in.
struct Datagrams<'a> {
    socket: &'a UdpSocket,
    buffer: Vec<u8>,
    config: &'a ListenerConfig,
    rate: SenderRate,
    /// Where that is spoken instead of syslog.
    gelf: Option<GelfDatagrams>,
    format: StreamFormat,
    intake: &'a Intake,
    receipts: mpsc::Sender<(u64, Receipt)>,
}

impl Datagrams<'_> {
    /// Takes what has arrived, up to a batch, and submits it; whether there may be more.
    ///
    /// The bounds are on datagrams, not on records: a flood of those that become none must not hold back what came before.
    async fn take_batch(&mut self) -> bool {
        let received_at = now_micros();
        let mut batch = Batch::default();
        let mut bytes = 0;
        let mut last: Option<Whose> = None;
        let mut failed = None;
        for _ in 0..BATCH_DATAGRAMS_MAX {
            if bytes >= BATCH_BYTES_MAX || batch.attribute_bytes() >= BATCH_BYTES_MAX {
                break;
            }
            let (n, sender) = match self.socket.try_recv_from(&mut self.buffer) {
                Ok(received) => received,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            };
            let from = sender.ip().to_canonical();
            let bytes_in = self.buffer.get(..n).unwrap_or_default();
            if !self.config.allows(from) {
                self.intake.metrics.drop_records(DropReason::NotAllowed, datagram(bytes_in).count() as u64);
                continue;
            }
            let message = match &mut self.gelf {
                None => Some(Message::of(match unzipped(bytes_in, self.config.frame_bytes_max) {
                    Some(content) => Cow::Owned(content),
                    None => Cow::Borrowed(bytes_in),
                })),
                Some(gelf) => gelf.message(sender, bytes_in, received_at, &self.intake.metrics),
            };
            let whose = match &last {
                Some(whose) if whose.address == from => whose,
                _ => last.insert(Whose::at(from)),
            };
            let Some(Message { bytes: message, fault }) = message else { continue };
            if let Some(fault) = fault {
                if self.rate.allows(from) {
                    let event = self.intake.unread(&message, &fault.to_string(), gelf::FORMAT);
                    self.intake.push(&mut batch, &event, &event.message, None, whose, received_at);
                    bytes += event.message.len();
                } else {
                    self.intake.metrics.drop_records(DropReason::RateLimit, 1);
                }
                continue;
            }
            for message in datagram(&message) {
                if self.rate.allows(from) {
                    let (kept, whole) = match message.get(..self.config.frame_bytes_max) {
                        Some(kept) if kept.len() < message.len() => (kept, Whole::NotAtLimit),
                        _ => (message, Whole::Yes),
                    };
                    self.intake.add(&mut batch, kept, &mut self.format, whole, whose, received_at);
                    bytes += kept.len();
                } else {
                    self.intake.metrics.drop_records(DropReason::RateLimit, 1);
                }
            }
        }
        if !batch.is_empty() {
            self.intake.count(&batch, bytes);
            submit(batch, self.intake, &self.receipts).await;
        }
        match failed {
            None => {
                // Reading a ready socket never waits: others get their turn here.
                tokio::task::yield_now().await;
                true
            }
            Some(error) if error.kind() == ErrorKind::WouldBlock => false,
            Some(error) => {
                warn!(%error, "reading a datagram failed");
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                true
            }
        }
    }
}

async fn submit(batch: Batch, intake: &Intake, receipts: &mpsc::Sender<(u64, Receipt)>) {
    let rows = batch.rows() as u64;
    match intake.ingest.try_enqueue(batch) {
        Ok(receipt) => {
            // The counting task ends after this one.
            drop(receipts.send((rows, receipt)).await);
        }
        Err(_) => intake.metrics.drop_records(DropReason::QueueFull, rows),
    }
}

async fn count_refused(mut pending: mpsc::Receiver<(u64, Receipt)>, intake: &Intake) {
    while let Some((rows, receipt)) = pending.recv().await {
        match receipt.durable().await {
            Ok(_) => {}
            Err(Rejected::QueueFull) => intake.metrics.drop_records(DropReason::QueueFull, rows),
            Err(Rejected::SpoolFull) => intake.metrics.drop_records(DropReason::SpoolFull, rows),
            Err(Rejected::Stopping | Rejected::Poisoned) => intake.metrics.drop_records(DropReason::Shutdown, rows),
        }
    }
}

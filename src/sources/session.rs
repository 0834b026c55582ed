//! One connection, whatever carries it: which protocol is spoken on it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use logseal_parsers::framing::delimited::{DelimitedFramer, Delimiter};
use logseal_parsers::framing::{Framer, FramerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::admission::{Admission, Shown};
use super::beats::Beats;
use super::dialogue::{self, Dialogue};
use super::fluent::Fluent;
use super::fluent_handshake::{Handshake, Secrets};
use super::inflated::Inflated;
use super::intake::Intake;
use super::joined_lines::JoinedLines;
use super::relp::Relp;
use super::sender_rate::SenderRate;
use super::stream;
use super::stream_records::{Framing, Records, Sender, Take};
use crate::config::listener::{Compression, Protocol};

/// What a connection needs to know of its listener.
pub(super) struct Session {
    pub(super) peer: IpAddr,
    pub(super) protocol: Protocol,
    pub(super) compression: Compression,
    pub(super) secrets: Arc<Secrets>,
    /// Where the listener says which API token a client acts as.
    pub(super) admission: Option<Arc<Admission>>,
    pub(super) intake: Intake,
    pub(super) rate: Arc<SenderRate>,
    pub(super) frame_bytes_max: usize,
    pub(super) multiline_wait: Duration,
    pub(super) idle: Duration,
    pub(super) stop: CancellationToken,
}

impl Session {
    /// Speaks the protocol on `stream` until it ends. `names` are those in the client's certificate.
    ///
    /// # Errors
    /// Why it ended, where that is neither the sender's end nor a stop.
    pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin + Send>(
        &self,
        mut stream: S,
        names: Vec<String>,
    ) -> anyhow::Result<()> {
        let shown = Shown { user: None, names };
        let handshake = match self.protocol {
            Protocol::Fluent => Handshake::new(&self.secrets, rand::random()),
            _ => None,
        };
        let admission = self.admission.as_deref().filter(|_| handshake.is_none());
        let (pass, refusal) = match admission.map(|admission| admission.admit(&shown)) {
            None => (None, None),
            Some(Ok(pass)) => (Some(pass), None),
            Some(Err(refusal)) => (None, Some(refusal)),
        };
        if let Some(refusal) = &refusal
            && self.protocol != Protocol::Relp
        {
            // The protocol has no word for it.
            stream::close(&mut stream).await;
            return Err(self.intake.refuse(refusal, self.peer).into());
        }
        let sender = Sender { peer: self.peer, rate: &self.rate, pass };
        let max_frame = self.frame_bytes_max;
        if let Some(joiner) = self.intake.joiner() {
            let lines = JoinedLines::new(joiner, self.multiline_wait);
            // A record and the line behind it, which may be as long.
            return self.frames(stream, sender, Framing::Joined(lines), 2 * max_frame + 4).await;
        }
        match self.protocol {
            Protocol::Syslog => {
                let config = FramerConfig { max_frame };
                self.frames(stream, sender, Framing::Syslog(Framer::new(config)), config.buffer_bytes()).await
            }
            Protocol::Json | Protocol::Gelf => {
                let delimiter = if self.protocol == Protocol::Gelf { Delimiter::Nul } else { Delimiter::LineFeedOrNul };
                let framer = DelimitedFramer::new(delimiter, max_frame);
                let buffer_bytes = framer.buffer_bytes();
                self.frames(stream, sender, Framing::Delimited(framer), buffer_bytes).await
            }
            Protocol::Relp => self.dialogue(stream, sender, Relp::new(max_frame, refusal)).await,
            Protocol::Fluent => {
                let handshake = handshake.map(|handshake| handshake.admitting(self.admission.clone(), shown));
                self.dialogue(stream, sender, Fluent::new(handshake)).await
            }
            Protocol::Beats => self.dialogue(stream, sender, Beats::default()).await,
        }
    }

    /// A protocol without answers.
    async fn frames<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        sender: Sender<'_>,
        framing: Framing,
        buffer_bytes: usize,
    ) -> anyhow::Result<()> {
        let mut records = Records::new(sender, framing, buffer_bytes, &self.intake, &self.stop);
        match self.compression {
            Compression::None => stream::serve(stream, records, self.idle, &self.stop).await,
            Compression::Zlib => {
                // What is compressed comes in blocks, which end in the middle of records.
                records.after_pause = Take::Whole;
                stream::serve(Inflated::new(stream), records, self.idle, &self.stop).await
            }
        }
    }

    /// A protocol whose client is answered.
    async fn dialogue<S: AsyncRead + AsyncWrite + Send>(
        &self,
        stream: S,
        sender: Sender<'_>,
        dialogue: impl Dialogue,
    ) -> anyhow::Result<()> {
        dialogue::serve(stream, dialogue, sender, &self.intake, self.idle, &self.stop).await
    }
}

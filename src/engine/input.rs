//! Reads the body of a request: the statement into memory, the data of an INSERT piece by piece.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::exception::{Exception, code};
use super::execute::Piece;
use super::request::Request;
use super::statement::{self, Statement};

/// The longest statement, its inline parameters included, in bytes.
const STATEMENT_MAX: usize = 16 << 20;
/// Small frames are put together up to this size: each append costs the engine a wake-up.
const PIECE_BYTES: usize = 256 << 10;
/// How long the rest of a body is read and thrown away after its INSERT has failed. A client that is still sending would
/// otherwise see a reset connection in place of the error.
const DRAIN: Duration = Duration::from_secs(10);

/// A request with its statement read.
pub(super) struct Input {
    pub(super) statement: Statement,
    /// The data of an INSERT that was read together with the statement.
    pub(super) data: Bytes,
    /// The rest of the data.
    pub(super) body: Option<Incoming>,
    pub(super) stall: Duration,
}

impl Input {
    /// Reads as much of the body as the statement needs.
    ///
    /// # Errors
    /// A statement that is too long or cannot be served, a body that stops or breaks off.
    pub(super) async fn read(
        request: &mut Request,
        mut body: Option<Incoming>,
        stall: Duration,
    ) -> Result<Self, Exception> {
        let mut text = BytesMut::new();
        if request.boundary.is_some() {
            while let Some(bytes) = next_piece(&mut body, stall).await? {
                extend(&mut text, &bytes)?;
            }
            request.take_form(&text)?;
            text.clear();
        }
        extend(&mut text, &request.query)?;
        let mut read_again_at = 0;
        loop {
            if text.len() >= read_again_at && body.is_some() {
                let statement = statement::read(&text, false)?;
                if statement != Statement::NeedMore {
                    return Ok(Self::with(statement, text, body, stall));
                }
                read_again_at = 2 * text.len();
            }
            match next_piece(&mut body, stall).await? {
                Some(bytes) => extend(&mut text, &bytes)?,
                None => break,
            }
        }
        let statement = statement::read(&text, true)?;
        Ok(Self::with(statement, text, None, stall))
    }

    fn with(statement: Statement, text: BytesMut, body: Option<Incoming>, stall: Duration) -> Self {
        let data_at = match &statement {
            Statement::Insert { data_at, .. } => (*data_at).min(text.len()),
            Statement::Query(_) | Statement::NeedMore => text.len(),
        };
        Self { statement, data: text.freeze().slice(data_at..), body, stall }
    }
}

fn extend(text: &mut BytesMut, bytes: &[u8]) -> Result<(), Exception> {
    if text.len() + bytes.len() > STATEMENT_MAX {
        return Err(Exception::new(
            code::QUERY_IS_TOO_LARGE,
            "QUERY_IS_TOO_LARGE",
            format_args!("the statement is longer than {STATEMENT_MAX} bytes"),
        ));
    }
    text.extend_from_slice(bytes);
    Ok(())
}

/// The next data of the body; `None` at its end, and `body` is then `None` too.
async fn next_piece(body: &mut Option<Incoming>, stall: Duration) -> Result<Option<Bytes>, Exception> {
    let Some(incoming) = body else {
        return Ok(None);
    };
    loop {
        let frame = tokio::time::timeout(stall, incoming.frame()).await.map_err(|_| {
            Exception::new(code::SOCKET_TIMEOUT, "SOCKET_TIMEOUT", "the client stopped in the middle of its request")
        })?;
        match frame {
            None => {
                *body = None;
                return Ok(None);
            }
            Some(Err(error)) => {
                return Err(Exception::new(
                    code::CANNOT_READ_ALL_DATA,
                    "CANNOT_READ_ALL_DATA",
                    format_args!("the request broke off: {error}"),
                ));
            }
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

/// The data of an INSERT on its way to the engine.
pub(super) struct Upload {
    pub(super) head: Bytes,
    pub(super) body: Option<Incoming>,
    pub(super) sender: mpsc::Sender<Piece>,
    pub(super) stall: Duration,
}

impl Upload {
    /// Hands the data over, no faster than the engine takes it. Only a body that was read to its end is
    /// ended; in every other case the channel just closes, and the INSERT is cancelled.
    pub(super) async fn feed(mut self) {
        let mut gathered = BytesMut::new();
        if !self.head.is_empty() {
            gathered.extend_from_slice(&self.head);
        }
        loop {
            match next_piece(&mut self.body, self.stall).await {
                Ok(Some(bytes)) => gathered.extend_from_slice(&bytes),
                Ok(None) => {
                    if self.hand_over(&mut gathered).await {
                        // Refused only when the INSERT has failed, which its own event tells.
                        drop(self.sender.send(Piece::End).await);
                    }
                    return;
                }
                Err(exception) => {
                    tracing::debug!("{}", exception.message);
                    return;
                }
            }
            if gathered.len() >= PIECE_BYTES && !self.hand_over(&mut gathered).await {
                drop(tokio::time::timeout(DRAIN, self.drain()).await);
                return;
            }
        }
    }

    /// Whether the engine still takes data.
    async fn hand_over(&mut self, gathered: &mut BytesMut) -> bool {
        gathered.is_empty() || self.sender.send(Piece::Data(gathered.split().freeze())).await.is_ok()
    }

    async fn drain(&mut self) {
        while let Ok(Some(_)) = next_piece(&mut self.body, self.stall).await {}
    }
}

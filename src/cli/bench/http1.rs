//! As much of an HTTP/1.1 client (RFC 9112) as posting small records takes.
//!
//! On a machine that the load shares with the daemon, a general client would take more of it than the daemon itself.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const WITHIN: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// A connection that is kept open.
pub(super) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// The head of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Of head and body together.
    length: usize,
    is_last: bool,
}

impl Connection {
    /// # Errors
    /// Where no connection comes about in 30 s.
    pub(super) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = tokio::time::timeout(WITHIN, TcpStream::connect(address)).await.context("connect in time")??;
        stream.set_nodelay(true).context("send without delay")?;
        Ok(Self { stream, answer: Vec::with_capacity(4096) })
    }

    /// Sends a whole request and reads its answer; returns the status.
    ///
    /// # Errors
    /// Where the connection breaks, the answer takes 30 s, or is none that states its length.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        tokio::time::timeout(WITHIN, self.exchange_unbounded(request)).await.context("get an answer in time")?
    }

    async fn exchange_unbounded(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.stream.write_all(request).await.context("send a request")?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await.context("read an answer")? == 0 {
                bail!("the daemon closed the connection");
            }
            if let Some(head) = head(&self.answer)?
                && self.answer.len() >= head.length
            {
                if head.is_last {
                    bail!("the daemon ends the connection after status {}", head.status);
                }
                return Ok(head.status);
            }
            if self.answer.len() > ANSWER_BYTES_MAX {
                bail!("the answer is too long");
            }
        }
    }

    /// What the last answer said.
    pub(super) fn last_answer(&self) -> String {
        let text = String::from_utf8_lossy(&self.answer);
        text.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.chars().take(300).collect())
    }
}

/// The head at the begin of `answer`; `None` where it is not whole yet.
fn head(answer: &[u8]) -> anyhow::Result<Option<Head>> {
    let Some(end) = memchr::memmem::find(answer, b"\r\n\r\n") else { return Ok(None) };
    let (text, _) = answer.split_at(end);
    let text = std::str::from_utf8(text).context("the answer's head is not text")?;
    let mut lines = text.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status = status_line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let status = status.with_context(|| format!("\"{status_line}\" is no answer of HTTP/1.1"))?;
    let mut body = None;
    let mut is_last = false;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body = value.trim().parse::<usize>().ok();
        } else if name.eq_ignore_ascii_case("connection") {
            is_last = value.trim().eq_ignore_ascii_case("close");
        }
    }
    let body = body.context("the answer does not state its length")?;
    Ok(Some(Head { status, length: (end + 4).saturating_add(body), is_last }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let answer = b"HTTP/1.1 201 Created\r\nx: y\r\ncontent-Length: 5\r\n\r\nhello";
        assert_eq!(head(answer).unwrap(), Some(Head { status: 201, length: answer.len(), is_last: false }));
        assert_eq!(head(&answer[..40]).unwrap(), None);
        assert!(head(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").unwrap().unwrap().is_last);
    }

    #[test]
    fn what_has_no_length_or_is_no_http_is_refused() {
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(head(b"SSH-2.0-x\r\n\r\n").is_err());
    }
}

//! RFC 5424 over one TCP connection (RFC 6587), as fast as the daemon reads.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::Context as _;

use super::generator::{Generator, put_number};
use super::table::Row;
use super::{Bench, Framing, ingest};

/// What is written at once.
const CHUNK_BYTES: usize = 256 << 10;
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A daemon that reads nothing for so long is not slow but stuck.
const WRITE_WITHIN: Duration = Duration::from_secs(120);

/// Measures the syslog listener.
///
/// # Errors
/// Where the connection fails, or the records are not stored in time.
pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Row> {
    let (records, framing) = (bench.args.records, bench.args.framing);
    let mut generator = bench.generator(1, records);
    let address = bench.args.syslog.trim_start_matches("tcp://").to_owned();
    let work = async move {
        let sending = tokio::task::spawn_blocking(move || send(&address, &mut generator, records, framing));
        sending.await.context("run the sending thread")??;
        Ok(Vec::new())
    };
    ingest::measure(bench, "syslog-tcp", records, work).await
}

fn send(address: &str, generator: &mut Generator, records: u64, framing: Framing) -> anyhow::Result<()> {
    let resolved = std::net::ToSocketAddrs::to_socket_addrs(address)
        .with_context(|| format!("\"{address}\" is no address; write tcp://HOST:PORT"))?
        .next()
        .with_context(|| format!("{address} is not known"))?;
    let mut stream = TcpStream::connect_timeout(&resolved, CONNECT_WITHIN)
        .with_context(|| format!("connect to the syslog listener at {address}"))?;
    stream.set_write_timeout(Some(WRITE_WITHIN)).context("limit the time of a write")?;
    let mut chunk = Vec::with_capacity(CHUNK_BYTES + 4096);
    let mut record = Vec::with_capacity(1024);
    for _ in 0..records {
        match framing {
            Framing::Octet => {
                record.clear();
                generator.put_syslog(&mut record);
                put_number(record.len() as u64, &mut chunk);
                chunk.push(b' ');
                chunk.extend_from_slice(&record);
            }
            Framing::Lf => {
                generator.put_syslog(&mut chunk);
                chunk.push(b'\n');
            }
        }
        if chunk.len() >= CHUNK_BYTES {
            stream.write_all(&chunk).context("send records")?;
            chunk.clear();
        }
    }
    stream.write_all(&chunk).context("send records")?;
    stream.shutdown(std::net::Shutdown::Write).context("end the connection")
}

//! `POST /logs`, one record a request, over many connections that are kept open.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::task::JoinSet;

use super::generator::Generator;
use super::http1::Connection;
use super::table::Row;
use super::{Bench, ingest};

/// Measures single records.
///
/// # Errors
/// Where a record is refused, or they are not stored in time.
pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Row> {
    let records = bench.args.singles;
    let url = bench.api.url("/api/v1/logs", &[]);
    let address = *url
        .socket_addrs(|| None)
        .context("find the daemon's address")?
        .first()
        .context("the daemon's address is not known")?;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: ",
        url.path(),
        bench.api.token()
    );
    let connections = u64::from(bench.args.connections);
    let work = async {
        let mut posting = JoinSet::new();
        for connection in 0..connections {
            let share = records / connections + u64::from(connection < records % connections);
            let generator = bench.generator(1000 + connection, share);
            posting.spawn(post_all(address, head.clone(), generator, share));
        }
        let mut times = Vec::new();
        while let Some(done) = posting.join_next().await {
            times.extend(done.context("run a connection")??);
        }
        Ok(times)
    };
    ingest::measure(bench, "single", records, work).await
}

/// Posts `records` records one after the other; returns how long each took.
async fn post_all(
    address: SocketAddr,
    head: String,
    mut generator: Generator,
    records: u64,
) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Connection::open(address).await?;
    let mut times = Vec::with_capacity(usize::try_from(records).unwrap_or(0));
    let (mut request, mut body) = (Vec::with_capacity(1024), Vec::with_capacity(512));
    for _ in 0..records {
        body.clear();
        generator.put_json(Some("bench"), &mut body);
        request.clear();
        request.extend_from_slice(head.as_bytes());
        super::generator::put_number(body.len() as u64, &mut request);
        request.extend_from_slice(b"\r\n\r\n");
        request.extend_from_slice(&body);
        let started = Instant::now();
        let status = connection.exchange(&request).await?;
        times.push(started.elapsed());
        if status != 201 {
            bail!("a record was refused with status {status}: {}", connection.last_answer());
        }
    }
    Ok(times)
}

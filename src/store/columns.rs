//! How a stored record is read.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use clickhouse::Row;
use logseal_parsers::Level;
use serde::Deserialize;

use crate::record::{ABSENT, LogRow};

/// The columns of [`StoredRow`], in its order.
pub(super) const COLUMNS: &str = "id, timestamp, received_at, level, severity, facility, source, host, app, proc_id, msg_id, ip, \
     user_name, message, raw, attributes, format, parse_error, origin";

/// A record as ClickHouse sends it.
#[derive(Row, Deserialize)]
pub(super) struct StoredRow {
    id: u64,
    timestamp: i64,
    received_at: i64,
    level: String,
    severity: u8,
    facility: u8,
    source: String,
    host: String,
    app: String,
    proc_id: String,
    msg_id: String,
    ip: Ipv6Addr,
    user_name: String,
    // Logs hold whatever bytes a device sends.
    #[serde(with = "serde_bytes")]
    message: Vec<u8>,
    #[serde(with = "serde_bytes")]
    raw: Vec<u8>,
    attributes: Vec<(String, String)>,
    format: String,
    parse_error: String,
    origin: String,
}

impl From<StoredRow> for LogRow<'static> {
    fn from(row: StoredRow) -> Self {
        let number = |n: u8| (n != ABSENT).then_some(n);
        Self {
            id: row.id,
            timestamp: row.timestamp,
            received_at: row.received_at,
            level: row.level.parse().unwrap_or(Level::Unknown),
            severity: number(row.severity),
            facility: number(row.facility),
            source: Cow::Owned(row.source),
            host: Cow::Owned(row.host),
            app: Cow::Owned(row.app),
            proc_id: Cow::Owned(row.proc_id),
            msg_id: Cow::Owned(row.msg_id),
            ip: (!row.ip.is_unspecified()).then(|| IpAddr::V6(row.ip).to_canonical()),
            user_name: Cow::Owned(row.user_name),
            message: Cow::Owned(row.message),
            raw: Cow::Owned(row.raw),
            attributes: row.attributes.into_iter().map(|(name, value)| (Cow::Owned(name), Cow::Owned(value))).collect(),
            format: Cow::Owned(row.format),
            parse_error: Cow::Owned(row.parse_error),
            origin: Cow::Owned(row.origin),
            cluster: Cow::Borrowed(""),
        }
    }
}

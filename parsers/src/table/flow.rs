//! The flow logs of Amazon's virtual networks in formats of one's own: the files that are delivered to S3 begin with the fields' names.
//!
//! ```text
//! version vpc-id interface-id srcaddr dstaddr start action flow-direction
//! 5 vpc-1 eni-1 192.0.2.7 198.51.100.2 1700000000 ACCEPT egress
//! ```
//!
//! The source's address is `ip`, the start of the capture the time. All fields are attributes under the manual's names; those that are `-`
//! are absent. The message is the whole line. Lines in the default format need no header: see [`app::flow`](crate::app::flow).

use super::{Column, Kind, Role, Table, directive};
use crate::LogEvent;
use crate::app::flow;

/// The fields that no other list of words names: they tell a header.
#[rustfmt::skip]
const TELLING: [&str; 27] = [
    "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "log-status", "vpc-id", "subnet-id", "instance-id", "tcp-flags",
    "pkt-srcaddr", "pkt-dstaddr", "az-id", "sublocation-type", "sublocation-id", "pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction",
    "traffic-path", "ecs-cluster-arn", "ecs-cluster-name", "ecs-container-id", "ecs-service-name", "ecs-task-arn", "ecs-task-id", "reject-reason",
];

/// So many of them make a line a header.
const TELLING_MIN: usize = 3;

/// The manual has some forty fields.
const FIELDS_MAX: usize = 64;

/// The table whose header `line` plainly is: names of fields between blanks, each once.
pub(crate) fn plain_header(line: &[u8]) -> Option<Table> {
    let names: Vec<&str> = std::str::from_utf8(line).ok()?.trim_end().split(' ').take(FIELDS_MAX + 1).collect();
    let telling = names.iter().filter(|name| TELLING.contains(*name)).count();
    let is_name = |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let is_repeated = |(at, name): (usize, &&str)| names.iter().take(at).any(|earlier| earlier == name);
    let is_header = names.len() <= FIELDS_MAX
        && telling >= TELLING_MIN
        && names.iter().all(is_name)
        && !names.iter().enumerate().any(is_repeated);
    let column = |name: &&str| Column { name: (*name).to_owned(), role: Role::Value(None) };
    is_header.then(|| Table { kind: Kind::Flow, columns: names.iter().map(column).collect() })
}

/// The row that `line` is under columns with these names; `None` where it has more or fewer cells.
pub(super) fn row<'a, 'n>(line: &'a [u8], names: impl Iterator<Item = &'n str> + Clone) -> Option<LogEvent<'a>> {
    let text = std::str::from_utf8(line).ok()?.trim_end();
    if text.split(' ').eq(names.clone()) {
        return Some(directive(flow::FORMAT, "header", line));
    }
    let has_all = text.split(' ').count() == names.clone().count();
    has_all.then(|| flow::event_of(line, names.zip(text.split(' '))))
}

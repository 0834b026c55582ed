//! Rows without their header, as shippers leave it out and line by line readers cannot know it: those of servers whose columns are known.
//!
//! ```text
//! 2023-11-14 22:13:20 192.0.2.1 GET /a.html - 443 bob 192.0.2.7 curl/8 - 200 0 0 15               IIS
//! 2023-11-14 22:13:20 192.0.2.7 2094 192.0.2.1 80 HTTP/1.1 GET /a.html 503 - ConnLimit -           Windows' HTTP server
//! 2023-11-14 22:13:20 192.0.2.7 bob 192.0.2.1 21 USER bob 331 0 0 8124db49-…-b92ad1e8af15 -         IIS' FTP server
//! 2023-11-14<tab>22:13:20<tab>FRA2-C1<tab>5000<tab>192.0.2.7<tab>GET …                             CloudFront
//! 1700000000.000000<tab>CwFs1P2UcUdlSxD2La<tab>192.0.2.7<tab>52026<tab>198.51.100.2<tab>53 …       Zeek
//! ```
//!
//! IIS writes the columns that it is told to in one order, so that other choices than the usual ones are told by what the words are.
//!
//! Of Zeek's logs those of connections, name look-ups and requests are told apart; of others only the first columns have a name.

use std::sync::LazyLock;

use super::{Kind, Table, w3c, zeek};
use crate::{Context, LogEvent, address, http_status};

/// What IIS writes unless it is told otherwise, in three versions; with all of its columns, as Azure has them and as it is on a machine of its own;
/// what the HTTP server below it writes of requests that never reached it; and what its FTP server writes.
const LAYOUTS: [&str; 8] = [
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken",
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status",
    "date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken",
    "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken",
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename",
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename",
    "date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath",
];

/// CloudFront's columns, to which new ones are added in the end.
const CLOUDFRONT: &str = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) \
     x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher \
     x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type \
     sc-content-type sc-content-len sc-range-start sc-range-end";

/// The columns that begin those of Zeek's logs of connections.
const ZEEK: &str = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p";
const ZEEK_CONN: &str = "proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes \
     resp_pkts resp_ip_bytes tunnel_parents";
const ZEEK_DNS: &str =
    "proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected";
const ZEEK_HTTP: &str = "trans_depth method host uri referrer version user_agent origin request_body_len response_body_len status_code status_msg \
     info_code info_msg tags username password proxied orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types";

/// The same of Bro, as Zeek was called before it had these columns.
const BRO_CONN: &str = "proto service duration orig_bytes resp_bytes conn_state local_orig missed_bytes history orig_pkts orig_ip_bytes \
     resp_pkts resp_ip_bytes tunnel_parents";
const BRO_DNS: &str =
    "proto trans_id query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected";
const BRO_HTTP: &str = "trans_depth method host uri referrer user_agent request_body_len response_body_len status_code status_msg \
     info_code info_msg filename tags username password proxied orig_fuids orig_mime_types resp_fuids resp_mime_types";

static TABLES: LazyLock<[Table; LAYOUTS.len()]> = LazyLock::new(|| LAYOUTS.map(w3cs));
static CLOUDFRONTS: LazyLock<Table> = LazyLock::new(|| w3cs(CLOUDFRONT));

fn w3cs(names: &str) -> Table {
    Table { kind: Kind::W3c { date: None }, columns: w3c::columns(names.as_bytes()) }
}

/// Whether a row of a web server may follow a date and a time: `rest` stands behind these.
#[inline]
pub(crate) fn may_follow(rest: &[u8]) -> bool {
    match rest {
        [b' ', b'W', b'3', b'S', b'V', b'C', ..] => true,
        [b' ', word @ ..] if matches!(word.first(), Some(b'0'..=b'9' | b'f' | b':')) => {
            let digits = word.iter().take(5).take_while(|b| b.is_ascii_hexdigit()).count();
            matches!(word.get(digits), Some(b'.' | b':'))
        }
        _ => false,
    }
}

/// Reads `line`, which begins with a date and a time, as a row of a web server; `None` where it is none.
pub(crate) fn after_stamp<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = std::str::from_utf8(line).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().take(WORDS_MAX).collect();
    let is_row = |table: &&Table| {
        table.width() == words.len() && table.columns.iter().zip(&words).all(|(column, word)| fits(&column.name, word))
    };
    match TABLES.iter().find(is_row) {
        Some(table) => table.row(line, false, cx),
        None => w3cs(&iis(&words)?).row(line, false, cx),
    }
}

/// More words than a row of IIS has.
const WORDS_MAX: usize = 30;

/// The names of the columns of a row of IIS: around the request, its client and the status, which all rows have, stand what its operator chose
/// of the others, in the order in which IIS writes them.
fn iis(words: &[&str]) -> Option<String> {
    const REQUEST: [&str; 6] = ["cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip"];
    let is_request = |words: &[&str]| {
        let [method, stem, _, port, _, client] = words else { return false };
        fits("cs-method", method) && stem.starts_with('/') && is_number(port) && address::parse(client).is_some()
    };
    let request = (2..=5).find(|at| words.get(*at..at + REQUEST.len()).is_some_and(is_request))?;
    let behind = words.get(request + REQUEST.len()..)?;
    let version = usize::from(behind.first()?.starts_with("HTTP/"));
    let is_status = |words: &[&str]| {
        let [status, others @ ..] = words else { return false };
        http_status::is_status(status.as_bytes()) && others.iter().all(|word| is_number(word))
    };
    let status = behind.windows(3).position(is_status)?;
    let mut names = vec!["date", "time"];
    names.extend(words.get(2..request)?.iter().map(|word| match word {
        site if site.starts_with("W3SVC") => "s-sitename",
        ip if address::parse(ip).is_some() => "s-ip",
        _ => "s-computername",
    }));
    names.extend(REQUEST);
    names.extend(["cs-version"].iter().take(version));
    let agent: &[&str] = match behind.get(version..status)? {
        [] => &[],
        [_] => &["cs(User-Agent)"],
        [_, _] => &["cs(User-Agent)", "cs(Referer)"],
        [_, _, host] if *host != "-" && !host.contains('/') => &["cs(User-Agent)", "cs(Referer)", "cs-host"],
        [_, _, _] => &["cs(User-Agent)", "cs(Cookie)", "cs(Referer)"],
        [_, _, _, _] => &["cs(User-Agent)", "cs(Cookie)", "cs(Referer)", "cs-host"],
        _ => return None,
    };
    names.extend(agent);
    names.extend(["sc-status", "sc-substatus", "sc-win32-status"]);
    let numbers = behind.get(status + 3..)?;
    let count = numbers.iter().take_while(|word| is_number(word)).count();
    let counts: &[&str] = match count {
        0 => &[],
        1 => &["time-taken"],
        3 => &["sc-bytes", "cs-bytes", "time-taken"],
        _ => return None,
    };
    names.extend(counts);
    match numbers.get(count..)? {
        [] => {}
        // What a proxy says of the client is added by hand; between several addresses stands a comma, and a plus for the blank.
        [forwarded] if *forwarded == "-" || address::parse(forwarded.split(',').next()?).is_some() => {
            names.push("X-Forwarded-For");
        }
        _ => return None,
    }
    Some(names.join(" "))
}

/// Whether a column of this name may hold `word`.
fn fits(name: &str, word: &str) -> bool {
    match name {
        "c-ip" | "s-ip" => address::parse(word).is_some(),
        "c-port" | "s-port" => is_number(word),
        "cs-method" => word.len() <= 20 && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')),
        "cs-version" => word == "-" || word.starts_with("HTTP/"),
        "x-session" => word.len() == 36,
        "sc-status" => word == "-" || http_status::is_status(word.as_bytes()),
        "sc-substatus" | "sc-win32-status" | "time-taken" | "sc-bytes" | "cs-bytes" => word == "-" || is_number(word),
        _ => true,
    }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

/// Reads a row of CloudFront or of Zeek, whose cells have tabs between them; `None` where `line` is none.
pub(crate) fn tabbed<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    match line {
        [b'0'..=b'9', _, _, _, b'-', _, _, b'-', _, _, b'\t', _, _, b':', _, _, b':', _, _, b'\t', rest @ ..] => {
            cloudfront(line, rest, cx)
        }
        [b'0'..=b'9', ..] if line.get(10) == Some(&b'.') && line.get(17) == Some(&b'\t') => zeeks(line, cx),
        _ => None,
    }
}

/// `rest` follows the time, and begins with the place of a server: an airport's letters and numbers.
fn cloudfront<'a>(line: &'a [u8], rest: &[u8], cx: &Context) -> Option<LogEvent<'a>> {
    const COLUMNS_MIN: usize = 12;
    let [b'A'..=b'Z', b'A'..=b'Z', b'A'..=b'Z', b'0'..=b'9', ..] = rest else { return None };
    let count = memchr::memchr_iter(b'\t', line).count() + 1;
    let client = rest.split(|b| *b == b'\t').nth(2).and_then(|cell| std::str::from_utf8(cell).ok())?;
    if count < COLUMNS_MIN || address::parse(client).is_none() {
        return None;
    }
    // Older rows have fewer cells.
    CLOUDFRONTS.row(line, true, cx)
}

fn zeeks<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = std::str::from_utf8(line).ok()?;
    let mut cells = text.trim_end().split('\t');
    let (seconds, uid) = (cells.next()?, cells.next()?);
    let mut end = || Some((cells.next()?, cells.next()?));
    let ends = [end()?, end()?];
    let is_uid = uid.len() >= 8 && uid.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_time = seconds.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !is_uid || !is_time || !ends.iter().all(|(ip, port)| address::parse(ip).is_some() && is_number(port)) {
        return None;
    }
    let mut names = ZEEK.to_owned();
    if let Some(more) = more_of_zeeks(&cells.collect::<Vec<_>>()) {
        names = names + " " + more;
    }
    let columns = zeek::columns(names.as_bytes(), b' ');
    let table = Table { kind: Kind::Zeek(zeek::Marks::default()), columns };
    table.row(line, true, cx)
}

/// The names of the cells behind the first ones, if it is known which log they are of.
fn more_of_zeeks(cells: &[&str]) -> Option<&'static str> {
    const STATES: [&str; 13] =
        ["S0", "S1", "S2", "S3", "SF", "REJ", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"];
    let first = *cells.first()?;
    let count = |names: &str| names.split(' ').filter(|name| !name.is_empty()).count();
    let one_of = |logs: &[&'static str]| logs.iter().copied().find(|names| count(names) == cells.len());
    match first {
        "tcp" | "udp" | "icmp" => {
            let is_connection = cells.get(5).is_some_and(|state| STATES.contains(state));
            let connections = if is_connection { one_of(&[ZEEK_CONN, BRO_CONN]) } else { None };
            connections.or_else(|| one_of(&[ZEEK_DNS, BRO_DNS]).filter(|_| first != "icmp")).or(Some("proto"))
        }
        depth if is_number(depth) => one_of(&[ZEEK_HTTP, BRO_HTTP]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::parse;
    use crate::{Format, Level, Zone};

    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };
    const T: i64 = 1_700_000_000_000_000; // 2023-11-14T22:13:20Z

    #[test]
    fn rows_of_web_servers_are_read_without_their_header() {
        for (line, level, user, expected) in [
            (
                "2023-11-14 22:13:20 192.0.2.1 GET /a.html q=1 443 bob 192.0.2.7 curl/8+(x) - 404 0 2 15",
                Level::Warn,
                "bob",
                [("cs-uri-stem", "/a.html"), ("cs(User-Agent)", "curl/8 (x)"), ("time-taken", "15")],
            ),
            (
                "2023-11-14 22:13:20 192.0.2.1 GET /a.html q=1 443 bob 192.0.2.7 curl/8 404 0 2 15",
                Level::Warn,
                "bob",
                [("cs-uri-stem", "/a.html"), ("sc-status", "404"), ("time-taken", "15")],
            ),
            (
                "2023-11-14 22:13:20 W3SVC1 WEB1 192.0.2.1 GET / - 80 - 192.0.2.7 HTTP/1.1 curl - - a.example 200 0 0 1 2 3",
                Level::Info,
                "",
                [("cs-host", "a.example"), ("sc-bytes", "1"), ("cs-version", "HTTP/1.1")],
            ),
            (
                "2023-11-14 22:13:20 W3SVC1 192.0.2.1 GET /a.html x=1 443 - 192.0.2.7 HTTP/1.1 curl/8 - a.example 200 0 0 34 303 46",
                Level::Info,
                "",
                [("cs-host", "a.example"), ("cs-bytes", "303"), ("time-taken", "46")],
            ),
            (
                "2023-11-14 22:13:20 W3SVC1 WEB1 192.0.2.1 GET /a.html - 443 bob 192.0.2.7 curl/8 - a.example 404 0 2 32 198.51.100.1,+192.0.2.9",
                Level::Warn,
                "bob",
                [("cs-host", "a.example"), ("X-Forwarded-For", "198.51.100.1,+192.0.2.9"), ("time-taken", "32")],
            ),
            (
                "2023-11-14 22:13:20 192.0.2.7 bob 192.0.2.1 21 ControlChannelClosed - - 0 0 8124db49-68d2-461c-a95b-d92ad1e8af15 -",
                Level::Unknown,
                "bob",
                [("cs-method", "ControlChannelClosed"), ("s-port", "21"), ("sc-win32-status", "0")],
            ),
            (
                "2023-11-14 22:13:20 192.0.2.7 2094 192.0.2.1 80 HTTP/0.9 t3 12.2.1 400 - URL -",
                Level::Warn,
                "",
                [("c-port", "2094"), ("s-reason", "URL"), ("cs-method", "t3")],
            ),
            (
                "2023-11-14 22:13:20 192.0.2.7 2094 192.0.2.1 80 HTTP/1.1 GET /a.html 503 - ConnLimit -",
                Level::Error,
                "",
                [("c-port", "2094"), ("s-reason", "ConnLimit"), ("cs-uri", "/a.html")],
            ),
            (
                "2023-11-14\t22:13:20\tFRA2-C1\t5000\t192.0.2.7\tGET\td1.cloudfront.net\t/a.pdf\t200\t-\tcurl/8\t-\t-\tMiss\tx==\ta.example",
                Level::Info,
                "",
                [("x-edge-location", "FRA2-C1"), ("cs-uri-stem", "/a.pdf"), ("x-host-header", "a.example")],
            ),
        ] {
            let event = parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.format, event.timestamp, event.level), ("w3c", Some(T), level), "{line}");
            assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), user), "{line}");
            for (name, value) in expected {
                assert_eq!(event.attributes.get(name), Some(value), "{line}");
            }
        }
    }

    #[test]
    fn rows_of_zeek_are_read_without_their_header() {
        let head = "1700000000.000000\tCwFs1P2UcUdlSxD2La\t192.0.2.7\t52026\t198.51.100.2\t53";
        for (tail, expected) in [
            ("udp\tdns\t0.1\t38\t89\tSF\t-\t-\t0\tDd\t1\t66\t1\t117\t(empty)", ("conn_state", "SF")),
            (
                "udp\t41\t0.1\ta.example\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t-\t-\tF",
                ("query", "a.example"),
            ),
            ("tcp\tssl\t0.1\t38\t89\tSF\tT\t0\tDd\t1\t66\t1\t117\t(empty)", ("history", "Dd")),
            ("udp\t41\ta.example\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t-\t-\tF", ("query", "a.example")),
            (
                "1\tGET\ta.example\t/x\t-\tcurl/8\t0\t9\t200\tOK\t-\t-\t-\t(empty)\tbob\t-\t-\t-\t-\tF1\ttext/plain",
                ("user_agent", "curl/8"),
            ),
            ("tcp\tx\ty", ("column.9", "y")),
            ("x", ("column.7", "x")),
        ] {
            let line = format!("{head}\t{tail}");
            let event = parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.format, event.timestamp), ("zeek", Some(T)), "{line}");
            assert_eq!(event.ip, "192.0.2.7".parse().ok(), "{line}");
            assert_eq!(event.attributes.get(expected.0), Some(expected.1), "{line}");
        }
    }

    #[test]
    fn other_lines_with_a_date_and_an_address_are_none() {
        for line in [
            "2023-11-14 22:13:20 192.0.2.1 is here",
            "2023-11-14 22:13:20 192.0.2.1 GET a b c d e f g h i j k",
            "2023-11-14\t22:13:20\tx\ty",
            "1700000000.000000\tx\t192.0.2.7\t52026\t198.51.100.2\t53",
        ] {
            assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).format, "plain", "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_row_is_survived(rest in "( |\t|192\\.0\\.2\\.7|80|GET|-|200|udp|x){0,40}") {
            for head in ["2023-11-14 22:13:20", "2023-11-14\t22:13:20", "1700000000.000000\tCwFs1P2UcUdlSxD2La"] {
                let line = format!("{head}{rest}");
                let _ = (after_stamp(line.as_bytes(), &CX), tabbed(line.as_bytes(), &CX));
            }
        }
    }
}

//! Rows of the W3C logs of IIS and CloudFront without their header, as a shipper sends them that began within a file.
//!
//! ```text
//! 2023-11-14 22:13:20 192.0.2.1 GET /a.html - 443 - 192.0.2.7 Mozilla/5.0+(X11) - 200 0 0 15
//! 2023-11-14<tab>22:13:20<tab>FRA50-P2<tab>703<tab>192.0.2.7<tab>GET<tab>d1.cloudfront.net<tab>/a.html<tab>200 …
//! ```
//!
//! Only rows of the fields that these servers log by default are known so, and they are read as under their header.

use std::sync::LazyLock;

use super::{Kind, Table, w3c};
use crate::{Context, LogEvent, address, http_status};

/// IIS' default fields, before version 7 without the referrer.
static IIS: LazyLock<Table> = LazyLock::new(|| {
    of(
        b"date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus \
         sc-win32-status time-taken",
    )
});
static IIS_WITHOUT_REFERRER: LazyLock<Table> = LazyLock::new(|| {
    of(b"date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus \
         sc-win32-status time-taken")
});

/// The fields of CloudFront's standard logs.
static CLOUDFRONT: LazyLock<Table> = LazyLock::new(|| {
    of(
        b"date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) \
         x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher \
         x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type \
         sc-content-type sc-content-len sc-range-start sc-range-end",
    )
});

fn of(fields: &[u8]) -> Table {
    Table { kind: Kind::W3c { date: None }, columns: w3c::columns(fields) }
}

/// Reads a row of IIS, with a date and a time at its front, behind which `rest` stands; `None` where it is none.
pub(crate) fn iis<'a>(line: &'a [u8], rest: &[u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = std::str::from_utf8(rest.strip_prefix(b" ")?.trim_ascii_end()).ok()?;
    let mut words = text.split(' ');
    let [server, method, path, _, port, _, client, _, referrer, status]: [&str; 10] =
        std::array::from_fn(|_| words.next().unwrap_or_default());
    address::parse(server).filter(|found| found.whole)?;
    let is_request = !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase()) && path.starts_with('/');
    let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    address::parse(client).filter(|_| is_request && is_port)?;
    // The status, a second one, Windows' and the time.
    let (table, last) = match words.count() {
        3 if http_status::is_status(status.as_bytes()) => (&IIS, 3),
        2 if http_status::is_status(referrer.as_bytes()) => (&IIS_WITHOUT_REFERRER, 3),
        _ => return None,
    };
    let mut numbers = text.rsplit(' ').take(last);
    numbers.all(|number| number.bytes().all(|b| b.is_ascii_digit())).then(|| table.row(line, false, cx))?
}

/// Reads a row of CloudFront; `None` where it is none.
pub(crate) fn cloudfront<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let [_, _, _, _, b'-', _, _, b'-', _, _, b'\t', _, _, b':', _, _, b':', _, _, b'\t', rest @ ..] = line else {
        return None;
    };
    let mut cells = rest.split(|b| *b == b'\t');
    let place = cells.next()?;
    let is_place = place.len() >= 3
        && place.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'-')
        && place.iter().take(3).all(u8::is_ascii_uppercase);
    let client = cells.nth(1).filter(|_| is_place)?;
    address::parse(std::str::from_utf8(client).ok()?)?;
    CLOUDFRONT.row(line, false, cx)
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, Zone};

    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

    #[test]
    fn a_row_of_iis_names_its_client_and_not_its_server() {
        for (line, user, level) in [
            (
                "2023-11-14 22:13:20 192.0.2.1 GET /a.html q=1 443 - 192.0.2.7 Mozilla/5.0+(X11) - 404 0 2 15",
                "",
                Level::Warn,
            ),
            (
                "2023-11-14 22:13:20 ::1 POST / - 80 EX\\bob 192.0.2.7 curl/8 https://a.example/ 200 0 0 15",
                "EX\\bob",
                Level::Info,
            ),
            ("2023-11-14 22:13:20 192.0.2.1 GET / - 80 - 192.0.2.7 - 500 0 64 15", "", Level::Error),
        ] {
            let event = parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.format, event.timestamp), ("w3c", Some(1_700_000_000_000_000)), "{line}");
            assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), user), "{line}");
            assert_eq!(event.level, level, "{line}");
        }
    }

    #[test]
    fn a_row_of_cloudfront_is_read_as_under_its_header() {
        let line = "2023-11-14\t22:13:20\tFRA50-P2\t703\t192.0.2.7\tGET\td1.cloudfront.net\t/a\t404\t-\tcurl/8\tq=1\t-\tError\tid==\ta.example\thttps\t62\t0.1\t-\t\
                    TLSv1.3\tTLS_AES_128_GCM_SHA256\tError\tHTTP/2.0\t-\t-\t51754\t0.1\tError\ttext/plain\t20\t-\t-";
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((event.format, event.timestamp), ("w3c", Some(1_700_000_000_000_000)));
        assert_eq!((event.ip, event.level), ("192.0.2.7".parse().ok(), Level::Warn));
        assert_eq!(event.attributes.get("cs-uri-stem"), Some("/a"));
    }

    #[test]
    fn other_lines_with_addresses_are_no_rows() {
        for line in [
            "2023-11-14 22:13:20 192.0.2.1 GET /a.html - 443 - 192.0.2.7",
            "2023-11-14 22:13:20 192.0.2.1 text of many words that goes on and on until the row would end",
            "2023-11-14\t22:13:20\tFRA50-P2\t703\t192.0.2.7\tGET",
            "2023-11-14\t22:13:20\ttext\t703\t192.0.2.7\tGET",
        ] {
            assert_ne!(parse(Format::Auto, line.as_bytes(), &CX).format, "w3c", "{line}");
        }
    }
}

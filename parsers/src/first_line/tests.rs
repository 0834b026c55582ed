use super::*;
use crate::{FileOptions, FileParser, LineFormat, Zone};

const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

/// What loggers of several languages write below a line.
const TRACES: [&str; 6] = [
    "Traceback (most recent call last):\n  File \"/srv/shop/cart.py\", line 9, in buy\n    total = price(item)\nKeyError: 'x'",
    "    at buy (/srv/shop/cart.js:9:5)\n    at main (/srv/shop/main.js:3:1)",
    "\tat shop.Cart.buy(Cart.java:9)\n\t... 9 more",
    "\tfrom app/cart.rb:9:in 'buy'",
    "#0 /srv/shop/cart.php(9): Cart->buy()\n#1 {main}",
    "   at Shop.Cart.Buy() in C:\\shop\\Cart.cs:line 9",
];

/// The records of a file, without what they borrow.
fn records(file: &str) -> Vec<LogEvent<'static>> {
    let mut found = Vec::new();
    let mut parser = FileParser::new(FileOptions::default());
    parser.feed(file.as_bytes(), true, &CX, &mut |record| found.push(record.event.into_owned()));
    found
}

#[test]
fn a_trace_below_a_line_leaves_the_fields_of_the_line_as_they_are() {
    for (line, name) in [
        ("time=2023-11-14T22:13:20Z level=error msg=\"no such item\" user=bob src=192.0.2.7", "logfmt"),
        ("192.0.2.7 - - [14/Nov/2023 22:13:20] \"GET /cart HTTP/1.1\" 500 -", "access"),
        ("192.0.2.7 - bob [14/Nov/2023:22:13:20 +0000] \"GET /cart HTTP/1.1\" 500 7 \"-\" \"curl/8.0\"", "access"),
        ("[14/Nov/2023 22:13:20] \"GET /cart HTTP/1.1\" 500 145", "access"),
        ("CEF:0|Shop|Cart|1.0|7|no such item|8|src=192.0.2.7 suser=bob", "cef"),
        ("LEEF:1.0|Shop|Cart|1.0|7|src=192.0.2.7\tusrName=bob", "leef"),
        (
            "1700000000.123    145 192.0.2.7 TCP_MISS/200 1512 GET http://shop.example/ bob HIER_DIRECT/192.0.2.9 text/html",
            "squid",
        ),
        (
            "2023/11/14 22:13:20 [error] 7#7: *9 open() failed, client: 192.0.2.7, server: shop.example, request: \"GET /a HTTP/1.1\", host: \"shop.example\"",
            "nginx_error",
        ),
        (
            "192.0.2.7:5000 [14/Nov/2023:22:13:20.123] web cart/s1 0/0/1/2/3 500 5 - - ---- 1/1/1/1/0 0/0 \"GET /cart HTTP/1.1\"",
            "haproxy",
        ),
        ("E1114 22:13:20.123456       7 cart.go:9] \"Failed\" pod=\"shop/cart-7\" srcIP=\"192.0.2.7\"", "klog"),
        ("Nov 14 22:13:20 web1 shop[7]: level=error msg=\"no such item\" user=bob src=192.0.2.7", "rfc3164"),
        ("<27>Nov 14 22:13:20 web1 CEF:0|Shop|Cart|1.0|7|no such item|8|src=192.0.2.7 suser=bob", "rfc3164"),
        ("<27>1 2023-11-14T22:13:20Z web1 shop 7 - - level=error user=bob src=192.0.2.7", "rfc5424"),
    ] {
        let alone = format::parse(Format::Auto, line.as_bytes(), &CX).into_owned();
        assert_eq!(alone.format, name, "{line}");
        for trace in TRACES {
            let whole = format!("{line}\n{trace}");
            let message = [&*alone.message, b"\n", trace.as_bytes()].concat();
            let expected = LogEvent { message: Cow::Owned(message), ..alone.clone() };
            let found = records(&format!("{line}\n{trace}\n{line}\n"));
            assert_eq!(found, [expected.clone(), alone.clone()], "{whole}");
            let streamed =
                LineFormat::default().parse_next(whole.as_bytes(), &mut StreamFormat::default(), &CX).into_owned();
            assert_eq!(streamed, expected, "{whole}");
        }
    }
}

#[test]
fn the_message_stands_in_the_record() {
    let record = "level=error msg=\"no such item\"\n\tat shop.Cart.buy(Cart.java:9)";
    let event = read(Format::Auto, record.as_bytes(), &StreamFormat::default(), &CX).unwrap();
    assert!(matches!(event.message, Cow::Borrowed(message) if message == record.as_bytes()));
}

#[test]
fn records_that_say_something_below_their_first_line_are_read_whole() {
    for record in [
        "level=error",
        "level=error msg=a\n",
        // A value, or the pairs, go on.
        "level=error msg=\"first\n\tsecond\" user=bob",
        "level=error msg=a\n\tuser=bob src=192.0.2.7",
        "E1114 22:13:20.123456       7 cart.go:9] \"Failed\" err=<\n\tno\n >",
        "2023/11/14 22:13:20 [error] 7#7: *9 FastCGI sent in stderr: \"PHP message: no\nStack trace:\n#0 {main}\" while reading, client: 192.0.2.7",
        // Those of programs, and documents.
        "2023-11-14 22:13:20,123 ERROR [main] c.e.Cart - no\n\tat c.e.Cart.buy(Cart.java:9)",
        "2023-11-14 22:13:20 UTC [7] ERROR:  no\n2023-11-14 22:13:20 UTC [7] DETAIL:  yes",
        "<Event><System><EventID>7</EventID>\n</System></Event>",
        "{\"level\":\"error\",\n\"msg\":\"no\"}",
        "<27>Nov 14 22:13:20 web1 shop[7]: {\"level\":\"error\",\n\"user\":\"bob\"}",
        "<27>Nov 14 22:13:20 web1 shop[7]: no such item\n\tat c.e.Cart.buy(Cart.java:9)",
        "some text\n\tmore of it",
        "\nlevel=error msg=a",
    ] {
        assert_eq!(read(Format::Auto, record.as_bytes(), &StreamFormat::default(), &CX), None, "{record}");
    }
}

proptest::proptest! {
    #[test]
    fn any_record_is_read_or_left(record in "(level=a|\"|\n|\t| |CEF:0|\\||=<\n|\n >|E1114 22:13:20.123456 7 a:1] \"a\" |é|x){0,30}") {
        let whole = read(Format::Auto, record.as_bytes(), &StreamFormat::default(), &CX);
        let is_kept = |event: LogEvent<'_>| event.message.ends_with(record.trim_ascii_end().rsplit('\n').next().unwrap_or_default().as_bytes());
        proptest::prop_assert!(whole.is_none_or(is_kept));
    }
}

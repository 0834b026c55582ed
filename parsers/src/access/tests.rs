use super::*;
use crate::{Level, Zone};

const CX: Context = Context { received_at: 0, zone: Zone::UTC };
const T: i64 = 1_700_000_000_000_000; // 2023-11-14T22:13:20Z

fn read(line: &str) -> LogEvent<'_> {
    let event = parse(line.as_bytes(), &CX).unwrap_or_else(|| panic!("not read: {line}"));
    assert_eq!((&*event.message, event.format), (line.as_bytes(), "access"));
    event
}

/// The attributes as `name=value`, one after another.
fn attributes(event: &LogEvent<'_>) -> String {
    event.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

fn check(line: &str, ip: &str, user: &str, expected: &str) {
    let event = read(line);
    assert_eq!(event.ip.map(|ip| ip.to_string()).unwrap_or_default(), ip, "{line}");
    assert_eq!(event.user_name, user, "{line}");
    assert_eq!(event.timestamp, Some(T), "{line}");
    assert_eq!(attributes(&event), expected, "{line}");
}

#[test]
fn the_proxy_of_proxmox_writes_the_day_first() {
    let cx = Context { received_at: 0, zone: Zone::UTC };
    let line = b"::ffff:192.0.2.7 - bob@pam [14/11/2023:23:13:20 +0100] \"GET /api2/json HTTP/1.1\" 200 5";
    let event = super::parse(line, &cx).unwrap();
    assert_eq!((event.timestamp, &*event.user_name), (Some(1_700_000_000_000_000), "bob@pam"));
}

#[test]
fn common_and_combined_lines_are_read() {
    check(
        r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET /a?b=c HTTP/1.1" 200 2326"#,
        "192.0.2.7",
        "",
        "method=GET; path=/a?b=c; protocol=HTTP/1.1; status=200; bytes=2326",
    );
    check(
        r#"2001:db8::7 id42 jane [14/Nov/2023:23:13:20 +0100] "POST /login HTTP/2.0" 302 - "https://a.example/" "Agent/1.0 (x; y)""#,
        "2001:db8::7",
        "jane",
        "ident=id42; method=POST; path=/login; protocol=HTTP/2.0; status=302; referrer=https://a.example/; user_agent=Agent/1.0 (x; y)",
    );
}

#[test]
fn a_virtual_host_may_stand_in_front() {
    let rest = r#"- - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 1"#;
    let parts = "method=GET; path=/; protocol=HTTP/1.1; status=200; bytes=1";
    check(&format!("a.example:443 192.0.2.7 {rest}"), "192.0.2.7", "", &format!("vhost=a.example:443; {parts}"));
    check(&format!("a.example 192.0.2.7 {rest}"), "192.0.2.7", "", &format!("vhost=a.example; {parts}"));
    check(
        &format!("a.example:80 client.example.net {rest}"),
        "",
        "",
        &format!("vhost=a.example:80; remote_host=client.example.net; {parts}"),
    );
    check(&format!("client.example.net {rest}"), "", "", &format!("remote_host=client.example.net; {parts}"));
}

#[test]
fn the_head_may_hold_more_than_three_words() {
    let rest = r#"[14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 1"#;
    let parts = "method=GET; path=/; protocol=HTTP/1.1; status=200; bytes=1";
    check(&format!("192.0.2.7 - Jane M. Doe {rest}"), "192.0.2.7", "Jane M. Doe", parts);
    check(&format!(r#"192.0.2.7 - "" {rest}"#), "192.0.2.7", "", parts);
    check(&format!("192.0.2.7 - [192.0.2.7] - jane {rest}"), "192.0.2.7", "jane", parts);
    check(
        &format!("203.0.113.9, 198.51.100.2 192.0.2.7 - jane {rest}"),
        "192.0.2.7",
        "jane",
        &format!("x_forwarded_for=203.0.113.9, 198.51.100.2; {parts}"),
    );
    check(
        &format!("203.0.113.9, 198.51.100.2 - jane {rest}"),
        "203.0.113.9",
        "jane",
        &format!("x_forwarded_for=203.0.113.9, 198.51.100.2; {parts}"),
    );
    check(
        &format!("a.example 192.0.2.7 - r-77 - {rest}"),
        "192.0.2.7",
        "",
        &format!("vhost=a.example; extra.0=r-77; {parts}"),
    );
    check(
        &format!("a.example 192.0.2.7 - 0123456789abcdef0123456789abcdef bob {rest}"),
        "192.0.2.7",
        "bob",
        &format!("vhost=a.example; extra.0=0123456789abcdef0123456789abcdef; {parts}"),
    );
}

#[test]
fn requests_that_are_none_are_kept_as_they_were_written() {
    let line = |request: &str| format!(r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "{request}" 400 150 "-" "-""#);
    for request in [r"\x16\x03\x01\x00\xEE", "HELP", "lv|x y|z", r#"a"b c"#] {
        let expected = format!("request={request}; status=400; bytes=150");
        check(&line(request), "192.0.2.7", "", &expected);
    }
    for request in ["", "-"] {
        check(&line(request), "192.0.2.7", "", "status=400; bytes=150");
    }
}

#[test]
fn escapes_and_bare_quotes_stay_within_their_field() {
    check(
        r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET /\"a HTTP/1.1" 200 1 "\\" "x \x22y\x22 z"z \xE2""#,
        "192.0.2.7",
        "",
        r#"method=GET; path=/"a; protocol=HTTP/1.1; status=200; bytes=1; referrer=\; user_agent=x "y" z"z \xE2"#,
    );
}

#[test]
fn fields_behind_the_combined_ones_get_names_where_they_are_known() {
    let line = |more: &str| format!(r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "-" 200 1 "-" "A"{more}"#);
    for (more, expected) in [
        ("", ""),
        (r#" "203.0.113.9, 198.51.100.2""#, "; x_forwarded_for=203.0.113.9, 198.51.100.2"),
        (r#" "2.75""#, "; gzip_ratio=2.75"),
        (r#" "-""#, ""),
        (" 0.035 0.034", "; request_time=0.035; upstream_response_time=0.034"),
        (r#" rt=0.035 uct="0.001, 0.002" ua="-""#, "; rt=0.035; uct=0.001, 0.002"),
        (" 512 8192", "; bytes_received=512; bytes_sent=8192"),
        (" 35211", "; extra.1=35211"),
        (r#" "-" "t\"x" 2083"#, "; extra.2=t\"x; extra.3=2083"),
        (
            r#" 244 "web@docker" "http://10.0.0.3:80" 42ms"#,
            "; request_count=244; router_name=web@docker; service_url=http://10.0.0.3:80; duration=42ms",
        ),
        (
            " 462 0.050 [shop-web-80] [] 10.0.0.9:8080 57 0.049 200 7521",
            "; request_length=462; request_time=0.050; proxy_upstream_name=shop-web-80; upstream_addr=10.0.0.9:8080; \
             upstream_response_length=57; upstream_response_time=0.049; upstream_status=200; req_id=7521",
        ),
    ] {
        check(&line(more), "192.0.2.7", "", &format!("status=200; bytes=1; user_agent=A{expected}"));
    }
}

#[test]
fn formats_that_begin_with_the_time_are_read() {
    check(
        r#"[14/Nov/2023:22:13:20 +0000] - 404 404 - GET https a.example "/x y" [Client 192.0.2.7] [Length 9] [Gzip -] [Sent-to web] "A" "-""#,
        "192.0.2.7",
        "",
        "method=GET; scheme=https; vhost=a.example; path=/x y; status=404; bytes=9; server=web; user_agent=A; upstream_status=404",
    );
    check(
        r#"[14/Nov/2023:22:13:20 +0000] 444 - GET http a.example "/" [Client 192.0.2.7] [Length 0] [Gzip -] "A" "-""#,
        "192.0.2.7",
        "",
        "method=GET; scheme=http; vhost=a.example; path=/; status=444; bytes=0; user_agent=A",
    );
    check(
        r#"[14/Nov/2023:22:13:20 +0000] a.example 192.0.2.7 0.004 "GET / HTTP/1.1" 200 61 473 - Agent 1"#,
        "192.0.2.7",
        "",
        "vhost=a.example; request_time=0.004; method=GET; path=/; protocol=HTTP/1.1; status=200; bytes=61; request_length=473; \
         user_agent=Agent 1",
    );
    check(
        r#"[2023-11-14T22:13:20Z] "GET / HTTP/1.1" 503 UF 0 91 50 25 "192.0.2.7" "A" "id-1" "a.example" "10.0.0.3:80""#,
        "192.0.2.7",
        "",
        "method=GET; path=/; protocol=HTTP/1.1; status=503; response_flags=UF; bytes_received=0; bytes=91; duration=50; \
         upstream_service_time=25; user_agent=A; request_id=id-1; vhost=a.example; upstream_host=10.0.0.3:80",
    );
    check(
        "2023/11/14 22:13:20 [2023-11-14 22:13:20] [router:r] [origin:a.example] [client: 192.0.2.7] [useragent: A] GET /x 404",
        "192.0.2.7",
        "",
        "router=r; vhost=a.example; method=GET; path=/x; status=404; user_agent=A",
    );
}

#[test]
fn the_log_of_an_object_store_is_read() {
    let owner = "0123456789abcdef".repeat(4);
    check(
        &format!(
            "{owner} box [14/Nov/2023:22:13:20 +0000] 192.0.2.7 arn:aws:iam::1:user/jane 3E57 REST.GET.OBJECT a/b.txt \
             \"GET /box/a/b.txt HTTP/1.1\" 403 AccessDenied 243 - 38 12 \"-\" \"S3Console/0.4\" - h1= SigV4 AES AuthHeader \
             box.s3.example TLSv1.2"
        ),
        "192.0.2.7",
        "arn:aws:iam::1:user/jane",
        &format!(
            "bucket_owner={owner}; bucket=box; request_id=3E57; operation=REST.GET.OBJECT; key=a/b.txt; method=GET; \
             path=/box/a/b.txt; protocol=HTTP/1.1; status=403; error_code=AccessDenied; bytes=243; total_time=38; \
             turn_around_time=12; user_agent=S3Console/0.4; host_id=h1=; signature_version=SigV4; cipher_suite=AES; \
             authentication_type=AuthHeader; host_header=box.s3.example; tls_version=TLSv1.2"
        ),
    );
}

#[test]
fn a_list_of_addresses_may_stand_behind_a_virtual_host() {
    for (head, ip, expected) in [
        (
            "a.example 192.0.2.7, 198.51.100.2 - bob",
            "192.0.2.7",
            "vhost=a.example; x_forwarded_for=192.0.2.7, 198.51.100.2",
        ),
        (
            "a.example:80 \"192.0.2.7, 198.51.100.2\" 192.0.2.9 - bob",
            "192.0.2.9",
            "vhost=a.example:80; x_forwarded_for=192.0.2.7, 198.51.100.2",
        ),
        (
            "192.0.2.1 192.0.2.7, 198.51.100.2 192.0.2.9 - bob",
            "192.0.2.9",
            "vhost=192.0.2.1; x_forwarded_for=192.0.2.7, 198.51.100.2",
        ),
    ] {
        let rest = "method=GET; path=/; protocol=HTTP/1.1; status=200; bytes=1";
        let line = format!(r#"{head} [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 1"#);
        check(&line, ip, "bob", &format!("{expected}; {rest}"));
    }
}

#[test]
fn of_several_servers_that_were_asked_each_value_is_a_list() {
    let line = r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 61 "-" "curl" 348 0.001 [web-80] [] 192.0.2.8:80, [2001:db8::1]:80 -, 100 0.100, 0.004 502, 200 ab"#;
    let event = read(line);
    let get = |name| event.attributes.get(name).unwrap_or_default();
    assert_eq!((get("upstream_addr"), get("upstream_response_length")), ("192.0.2.8:80, [2001:db8::1]:80", "-, 100"));
    assert_eq!((get("upstream_status"), get("req_id")), ("502, 200", "ab"));
    let line = r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 61 "-" "curl" 348 0.001 [web-80] [] [2001:db8::1]:80 5 0.100 200 ab"#;
    assert_eq!(read(line).attributes.get("upstream_addr"), Some("[2001:db8::1]:80"));
}

#[test]
fn words_may_stand_before_the_referrer() {
    for (words, expected) in [
        ("50", "extra.1=50"),
        ("192.0.2.9 + 400", "extra.1=192.0.2.9; extra.2=+; extra.3=400"),
        ("ms:7 -", "extra.1=ms:7"),
    ] {
        let line = format!(
            r#"192.0.2.7 - bob [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 1 {words} "http://a.example/" "curl" X-Forwarded-For="192.0.2.8""#
        );
        let rest =
            "method=GET; path=/; protocol=HTTP/1.1; status=200; bytes=1; referrer=http://a.example/; user_agent=curl";
        check(&line, "192.0.2.7", "bob", &format!("{rest}; {expected}; X-Forwarded-For=192.0.2.8"));
    }
}

#[test]
fn the_id_of_a_buckets_owner_may_be_shortened() {
    let line = r#"79a5 box [14/Nov/2023:22:13:20 +0000] 192.0.2.7 - 3E57 REST.GET.OBJECT a.txt "GET /a.txt HTTP/1.1" 304 - - 1718 10 - "-" "curl" -"#;
    let event = read(line);
    assert_eq!((event.ip, event.timestamp), ("192.0.2.7".parse().ok(), Some(T)));
    assert_eq!((event.attributes.get("bucket_owner"), event.attributes.get("key")), (Some("79a5"), Some("a.txt")));
}

#[test]
fn the_level_follows_from_the_status() {
    for (status, level) in
        [("200", Level::Info), ("304", Level::Info), ("404", Level::Warn), ("503", Level::Error), ("-", Level::Info)]
    {
        let line = format!(r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" {status} 1"#);
        assert_eq!(read(&line).level, level, "{status}");
    }
}

#[test]
fn a_line_that_was_cut_off_in_its_user_agent_is_read() {
    let line = r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 1 "-" "Mozilla/5.0 (X11"#;
    assert_eq!(read(line).attributes.get("user_agent"), Some("Mozilla/5.0 (X11"));
}

#[test]
fn the_time_may_be_iso_or_have_the_month_first() {
    for time in ["2023-11-14T22:13:20+00:00", "11/14/2023:22:13:20 -0000", "11/14/2023:23:13:20 +0100"] {
        let line = format!(r#"192.0.2.7 - - [{time}] "GET / HTTP/1.1" 200 1"#);
        assert_eq!(read(&line).timestamp, Some(T), "{time}");
    }
}

#[test]
fn other_lines_are_refused() {
    for line in [
        "",
        "[",
        "not a log line",
        "192.0.2.7 - - [14/Nov/2023:22:13:20 +0000]",
        r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1""#,
        r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" OK 1"#,
        r#"- - - [-] "-" - -"#,
        r#"192.0.2.7 - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 1"#,
        "2023/11/14 22:13:20 [error] 31#31: *1 open() failed, client: 192.0.2.7",
        "[Tue Nov 14 22:13:20 2023] [error] [client 192.0.2.7] denied",
        "[2023-11-14 22:13:20] INFO started",
        "[14/Nov/2023:22:13:20 +0000] [ab:alert] [pid 1:tid 2] [client 192.0.2.7:1] text",
    ] {
        assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(
        line: Vec<u8>,
        likely in r#"[a-z.0-9: -]{0,20}\[14/Nov/2023:22:13:20 \+0000\] ("|-|\[|\]|\\|GET /| |200|=|,|[a-z]|\.){0,40}"#,
    ) {
        for line in [&line[..], likely.as_bytes()] {
            if let Some(event) = parse(line, &CX) {
                proptest::prop_assert_eq!(&*event.message, line);
            }
        }
    }
}

#[test]
fn every_version_of_istio_is_read() {
    let rest = r#"0 135 3 1 "-" "curl/8" "id7" "a.example" "192.0.2.9:80" inbound|80|| 192.0.2.8:41 192.0.2.9:80 192.0.2.7:376 a.example default"#;
    for middle in [r#"- via_upstream - "-""#, r#"- via_upstream "-""#, r#"- "-""#] {
        let line = format!(r#"[2023-11-14T22:13:20.000Z] "GET /a HTTP/1.1" 418 {middle} {rest}"#);
        let event = read(&line);
        assert_eq!((event.timestamp, event.level), (Some(T), Level::Warn), "{line}");
        assert_eq!(event.ip, "192.0.2.7".parse().ok(), "{line}");
        for (name, value) in
            [("status", "418"), ("bytes", "135"), ("vhost", "a.example"), ("upstream_host", "192.0.2.9:80")]
        {
            assert_eq!(event.attributes.get(name), Some(value), "{line}");
        }
    }
}

#[test]
fn a_request_that_squid_never_got_has_the_status_0() {
    check(
        r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "- error:no NONE/0.0" 0 0 "-" "-" NONE_NONE:HIER_NONE"#,
        "192.0.2.7",
        "",
        "path=error:no; protocol=NONE/0.0; status=0; bytes=0; extra.1=NONE_NONE:HIER_NONE",
    );
}

use super::*;
use crate::{Level, Zone};

const CX: Context = Context { received_at: 0, zone: Zone::UTC };

fn pairs(line: &str) -> Option<Vec<(String, String)>> {
    let event = parse(line.as_bytes(), &CX)?;
    Some(event.attributes.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn check(line: &str, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(pairs(line), Some(expected), "{line}");
}

#[test]
fn values_are_bare_quoted_or_empty() {
    check(r#"a=1 b="x \"y\"\n" c= d e="""#, &[("a", "1"), ("b", "x \"y\"\n"), ("c", ""), ("d", ""), ("e", "")]);
    check("key = value other= x", &[("key", "value"), ("other", ""), ("x", "")]);
    check("a=1, b=2; c=3,4", &[("a", "1"), ("b", "2"), ("c", "3,4")]);
    check(r#"A="1",B="2""#, &[("A", "1"), ("B", "2")]);
    check(r#"a=1,b="2,c=3 \"x\"",d=,e=f,g"#, &[("a", "1"), ("b", "2,c=3 \"x\""), ("d", ""), ("e", "f,g")]);
    check("time=2023/11/14 22:13:20,a=1", &[("time", "2023/11/14 22:13:20"), ("a", "1")]);
    check("a=1,b='x \"y\"'", &[("a", "1"), ("b", "x \"y\"")]);
    check(
        "user='bob' src='192.0.2.7' msg='a b=c, d' e=''",
        &[("user", "bob"), ("src", "192.0.2.7"), ("msg", "a b=c, d"), ("e", "")],
    );
    check("msg='it's \\ok', key='YWI=' a=1", &[("msg", "it's \\ok"), ("key", "YWI="), ("a", "1")]);
    check("a='b c=1 d='e'", &[("a", "'b"), ("c", "1"), ("d", "e")]);
    check("a='90s b=rock'n'roll", &[("a", "'90s"), ("b", "rock'n'roll")]);
    check("a=1, b=2, time=2023-11-14 22:13:20", &[("a", "1"), ("b", "2"), ("time", "2023-11-14 22:13:20")]);
    check("date=2023/11/14 22:13:20.5, b=2", &[("date", "2023/11/14 22:13:20.5"), ("b", "2")]);
    check("date=2023-11-14 time=22:13:20 b", &[("date", "2023-11-14"), ("time", "22:13:20"), ("b", "")]);
    check("id=1234567890 22:13:20", &[("id", "1234567890"), ("22:13:20", "")]);
    check(r#"a=1 "b = c"=2 "d"="e f""#, &[("a", "1"), ("b = c", "2"), ("d", "e f")]);
    check(r#"l={"a":"b"} k=v"#, &[("l", r#"{"a":"b"}"#), ("k", "v")]);
}

#[test]
fn known_keys_fill_fields() {
    let line = br#"time="2023-11-14T22:13:20Z" level=warning msg="no luck" user=bob remote_addr=192.0.2.7"#;
    let event = parse(line, &CX).unwrap();
    assert_eq!((event.level, event.timestamp), (Level::Warn, Some(1_700_000_000_000_000)));
    assert_eq!((&*event.user_name, event.ip), ("bob", Some("192.0.2.7".parse().unwrap())));
    assert_eq!(event.attributes.get("msg"), Some("no luck"));
    assert_eq!(&*event.message, &line[..]);
    let event = parse(br#"date=2023-11-14 time=23:13:20 tz="+0100" user="N/A" remip=192.0.2.8"#, &CX).unwrap();
    assert_eq!((event.timestamp, &*event.user_name), (Some(1_700_000_000_000_000), ""));
    assert_eq!(event.ip, Some("192.0.2.8".parse().unwrap()));
    for zone in ["CET", "+01:00", "Europe/Berlin"] {
        let line = format!(r#"device="SFW" date=2023-11-14 time=23:13:20 timezone="{zone}" log_id="7""#);
        assert_eq!(parse(line.as_bytes(), &CX).unwrap().timestamp, Some(1_700_000_000_000_000), "{zone}");
    }
    let event = parse(br#"date=2023-11-14 time=22:13:20 timezone="none" log_id="7""#, &CX).unwrap();
    assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
    let event = parse(br#"date=2023-11-14,time=22:13:20,logid="7",level="warning",srcip=192.0.2.7"#, &CX).unwrap();
    assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_000_000), Level::Warn));
    assert_eq!(event.ip, Some("192.0.2.7".parse().unwrap()));
    let event = parse(b"at=info method=GET dyno=web.1 connect=1ms service=18ms", &CX).unwrap();
    assert_eq!((&*event.app, event.attributes.get("service")), ("", Some("18ms")));
    let event = parse(b"id=firewall src=192.0.2.7:5000:X0 dst=198.51.100.2:443:X1", &CX).unwrap();
    assert_eq!(event.ip, Some("192.0.2.7".parse().unwrap()));
}

#[test]
fn a_devices_record_may_be_cut_within_a_value() {
    let line = br#"date=2023-11-14 time=22:13:20 a=1 b=2 c=3 d=4 e=5 f=6 srcip=192.0.2.7 msg="the rest is mis"#;
    let event = parse(line, &CX).unwrap();
    assert_eq!((event.ip, event.attributes.get("msg")), ("192.0.2.7".parse().ok(), Some("the rest is mis")));
    assert_eq!(parse(br#"a=1 b="cut"#, &CX), None);
}

#[test]
fn a_sonicwalls_priority_is_a_level_and_an_unknown_user_none() {
    let line =
        br#"id=firewall sn=1 fw=192.0.2.1 pri=1 usr="Unknown (SSO failed)" src=192.0.2.7:5:X0:h dst=192.0.2.1:6:X1"#;
    let event = parse(line, &CX).unwrap();
    assert_eq!((event.level, &*event.user_name, event.ip), (Level::Fatal, "", "192.0.2.7".parse().ok()));
}

#[test]
fn broken_pairs_are_refused() {
    for line in ["", "=x", "a=1 =x", "k=b\"ar", "k=\"open", "only words", "a == b"] {
        assert_eq!(pairs(line), None, "{line}");
    }
}

#[test]
fn prose_is_not_mistaken_for_pairs() {
    for line in [
        "x=1 is what we found",
        "a=1",
        "set a=1 b=2",
        "if a == b then c=d",
        "e=mc2 is a formula by someone",
        "é=1 b=2",
        "a=1,b=2 is what we found",
        "a=1 2 words",
    ] {
        assert_eq!(detect(line.as_bytes(), &CX), None, "{line}");
    }
    assert!(detect(b"a=1 b=2", &CX).is_some());
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(line: Vec<u8>, text in "(a|=|\"|'|\\\\| |,|é|user|time|1){0,60}") {
        drop(parse(&line, &CX));
        let _ = (parse(text.as_bytes(), &CX), detect(text.as_bytes(), &CX));
    }
}

#[test]
fn the_address_that_a_name_stands_for_is_not_the_clients() {
    let event =
        parse(br#"type="dns" srcip=192.0.2.7 dstip=192.0.2.1 ipaddr="198.51.100.9, 198.51.100.8" user="bob""#, &CX);
    assert_eq!(event.and_then(|event| event.ip), "192.0.2.7".parse().ok());
}

#[test]
fn firewalls_state_their_level_as_a_priority() {
    for (line, level) in [
        ("fw=\"SN7\" pri=4 src=192.0.2.7", Level::Warn),
        ("sn=7 pri=1 src=192.0.2.7", Level::Fatal),
        ("device=\"SFW\" priority=Information src_ip=192.0.2.7", Level::Info),
        ("vendor=Acme product=Web product_version=7.7 severity=1 user=bob", Level::Unknown),
        ("pri=4 src=192.0.2.7", Level::Unknown),
        ("priority=7 src=192.0.2.7", Level::Unknown),
    ] {
        assert_eq!(parse(line.as_bytes(), &CX).unwrap().level, level, "{line}");
    }
}

#[test]
fn a_device_names_itself_where_no_header_does() {
    let read = |line: &'static str| crate::format::parse(crate::Format::Auto, line.as_bytes(), &CX);
    assert_eq!(&*read("devname=\"fw1\" devid=\"7\" level=\"notice\" srcip=192.0.2.7").host, "fw1");
    assert_eq!(&*read("<134>Nov 14 22:13:20 relay devname=\"fw1\" devid=\"7\" srcip=192.0.2.7").host, "relay");
}

#[test]
fn the_time_with_a_zone_is_that_of_sonicwalls_gateways() {
    let line = br#"id=sslvpn sn=7 time="2023-11-15 00:13:20" vp_time="2023-11-14 22:13:20 UTC" fw=192.0.2.1 pri=5 src=192.0.2.7 user="bob""#;
    let event = parse(line, &CX).unwrap();
    assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_000_000), Level::Info));
}

#[test]
fn tabs_divide_pairs_whose_values_hold_blanks() {
    let pairs = "reason=Allowed\tuseragent=Mozilla/5.0 (X11; a=b)\tClientIP=192.0.2.7\tuser=bob\tvendor=Zscaler\thostname=\"a.example\"";
    check("a=1\tb=2 c=3\td=\"4 5\"", &[("a", "1"), ("b", "2 c=3"), ("d", "4 5")]);
    let dated = format!("2023-11-14 22:13:20\t{pairs}");
    for line in [dated.clone(), format!("<134>{dated}"), pairs.to_owned()] {
        let event = crate::format::parse(crate::Format::Auto, line.as_bytes(), &CX);
        assert_eq!((event.ip, &*event.user_name, &*event.host), ("192.0.2.7".parse().ok(), "bob", ""), "{line}");
        assert_eq!(event.attributes.get("useragent"), Some("Mozilla/5.0 (X11; a=b)"), "{line}");
        assert_eq!(event.timestamp, (line != pairs).then_some(1_700_000_000_000_000), "{line}");
    }
    assert_eq!(pairs_of_words("a=1\tb\tc=3"), None);
}

fn pairs_of_words(line: &str) -> Option<LogEvent<'_>> {
    divided::by_tabs(line.as_bytes(), line.as_bytes(), &CX)
}

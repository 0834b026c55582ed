use super::*;
use crate::{Level, Zone};

const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };
const T: i64 = 1_700_000_000_000_000; // 2023-11-14T22:13:20Z

fn read(format: Format, file: &str) -> Vec<LogEvent<'_>> {
    let mut parser = LineParser::new(format);
    file.lines().map(|line| parser.parse(line.as_bytes(), &CX)).collect()
}

fn attributes(event: &LogEvent<'_>) -> String {
    event.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

fn formats(events: &[LogEvent<'_>]) -> Vec<&'static str> {
    events.iter().map(|event| event.format).collect()
}

#[test]
fn w3c_rows_are_read_under_the_fields_that_are_in_force() {
    let file = "#Software: Server 1.0\n\
        #Date: 2023-11-14 22:00:00\n\
        #Fields: date time s-computername c-ip cs-username cs-uri-stem sc-status cs(User-Agent)\n\
        2023-11-14 22:13:20 WEB1 192.0.2.7 jane /a+b 404 Agent/1.0+(X11)\n\
        #Fields: time c-ip x-note\n\
        22:13:20   2001:db8::7   \"a \"\"b\"\" c\"\n\
        22:13:20 - -\n";
    for format in [Format::Auto, Format::W3c] {
        let events = read(format, file);
        assert_eq!(formats(&events), ["w3c"; 7]);
        assert_eq!(attributes(&events[2]), "directive=Fields");
        let row = &events[3];
        assert_eq!((row.timestamp, row.level, &*row.host, &*row.user_name), (Some(T), Level::Warn, "WEB1", "jane"));
        assert_eq!(row.ip, "192.0.2.7".parse().ok());
        assert_eq!(attributes(row), "cs-uri-stem=/a+b; sc-status=404; cs(User-Agent)=Agent/1.0 (X11)");
        assert_eq!((events[5].timestamp, events[5].ip), (Some(T), "2001:db8::7".parse().ok()));
        assert_eq!(attributes(&events[5]), "x-note=a \"b\" c");
        assert_eq!(attributes(&events[6]), "");
        assert!(events.iter().all(|event| event.parse_error.is_none()));
    }
}

#[test]
fn w3c_rows_may_be_tabbed_under_a_header_with_blanks() {
    let file = "#Version: 1.0\n#Fields: date time cs-method cs(Cookie)\n2023-11-14\t22:13:20\tGET\ta b\n";
    let row = read(Format::Auto, file).remove(2);
    assert_eq!((row.timestamp, attributes(&row)), (Some(T), "cs-method=GET; cs(Cookie)=a b".to_owned()));
}

#[test]
fn the_date_of_w3c_rows_may_name_its_month() {
    let file = "#Date: 14-Nov-2023 00:00:00\n#Fields: time c-ip sc-status\n22:13:20 192.0.2.7 200\n";
    let row = read(Format::Auto, file).remove(2);
    assert_eq!((row.timestamp, row.ip), (Some(T), "192.0.2.7".parse().ok()));
}

#[test]
fn rows_of_iis_advanced_logging_are_dated_in_either_clock() {
    let local = "#Fields:  date-local  time-local c-ip sc-status\n2023-11-14 22:13:20.000 \"192.0.2.7\" 200\n";
    let row = read(Format::Auto, local).remove(1);
    assert_eq!((row.timestamp, row.ip), (Some(T), "192.0.2.7".parse().ok()));
    let both =
        "#Fields: date-local time-local date-UTC time-UTC sc-status\n2023-11-14 23:13:20 2023-11-14 22:13:20 200\n";
    let row = read(Format::Auto, both).remove(1);
    assert_eq!(row.timestamp, Some(T));
    assert_eq!(attributes(&row), "date-local=2023-11-14; time-local=23:13:20; sc-status=200");
}

#[test]
fn windows_firewall_says_who_sent_the_packet() {
    let file = "#Version: 1.5\n#Time Format: Local\n#Fields: date time action protocol src-ip dst-ip\n\
        2023-11-14 22:13:20 DROP TCP 192.0.2.7 198.51.100.2\n";
    let events = read(Format::Auto, file);
    assert_eq!(formats(&events), ["w3c"; 4]);
    assert_eq!((events[3].timestamp, events[3].ip), (Some(T), "192.0.2.7".parse().ok()));
    assert_eq!(attributes(&events[3]), "action=DROP; protocol=TCP; dst-ip=198.51.100.2");
}

#[test]
fn exchanges_rows_are_csv_under_their_directive() {
    let file = "#Software: Microsoft Exchange Server\n#Log-type: Message Tracking Log\n\
        #Fields: date-time,client-ip,source-context,sender-address\n\
        2023-11-14T22:13:20.000Z,192.0.2.7,\"a,b\",bob@example.com\n";
    let row = read(Format::Auto, file).remove(3);
    assert_eq!((row.timestamp, row.ip), (Some(T), "192.0.2.7".parse().ok()));
    assert_eq!(attributes(&row), "source-context=a,b; sender-address=bob@example.com");
}

#[test]
fn the_times_of_windows_dhcp_server_are_read() {
    let file = "ID,Date,Time,Description,IP Address,Host Name,MAC Address\n10,11/14/23,22:13:20,Assign,192.0.2.7,pc1,001122334455\n";
    let row = read(Format::Auto, file).remove(1);
    assert_eq!((row.timestamp, row.ip), (Some(T), "192.0.2.7".parse().ok()));
}

#[test]
fn zeek_rows_are_read_with_the_marks_of_their_header() {
    let file = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\thttp\n\
        #fields\tts\tuid\tid.orig_h\tid.orig_p\thost\tusername\ttags\tmsg\n\
        #types\ttime\tstring\taddr\tport\tstring\tstring\tset[enum]\tstring\n\
        1700000000.000000\tC1\t192.0.2.7\t5202\ta.example\tjane\t(empty)\tit failed\n\
        1700000000.000000\tC2\t192.0.2.8\t5203\t-\t-\tA,B\t-\n\
        #close\t2023-11-14-22-13-20\n";
    for format in [Format::Auto, Format::Zeek] {
        let events = read(format, file);
        assert_eq!(formats(&events), ["zeek"; 10]);
        let row = &events[7];
        assert_eq!((row.timestamp, row.ip, &*row.user_name), (Some(T), "192.0.2.7".parse().ok(), "jane"));
        assert_eq!(
            (&*row.message, attributes(row)),
            (&b"it failed"[..], "uid=C1; id.orig_p=5202; host=a.example".into())
        );
        assert!(matches!(row.message, Cow::Borrowed(_)));
        assert_eq!(attributes(&events[8]), "uid=C2; id.orig_p=5203; tags=A,B");
        assert_eq!(attributes(&events[9]), "directive=close");
    }
}

#[test]
fn csv_is_known_by_its_header_and_read_with_its_delimiter() {
    for delimiter in [",", ";", "\t", "|"] {
        let file = "timestamp,level,host,User Name,message,n\n\
            2023-11-14T22:13:20Z,ERROR,web1,jane,\"it, failed\",3\n\
            2023-11-14T22:13:20Z,,web1,,\"he said \"\"no\"\"\",\n"
            .replace(',', delimiter);
        let events = read(Format::Auto, &file);
        let format = if delimiter == "\t" { "tsv" } else { "csv" };
        assert_eq!(formats(&events), [format; 3], "{delimiter}");
        assert_eq!(attributes(&events[0]), "directive=header");
        let row = &events[1];
        assert_eq!((row.timestamp, row.level), (Some(T), Level::Error));
        assert_eq!((&*row.host, &*row.user_name), ("web1", "jane"));
        assert_eq!(String::from_utf8_lossy(&row.message), format!("it{delimiter} failed"));
        assert!(matches!(row.message, Cow::Borrowed(_)));
        assert_eq!(attributes(row), "n=3");
        assert_eq!(&*events[2].message, b"he said \"no\"");
    }
}

#[test]
fn a_date_and_a_time_in_two_columns_are_one_instant() {
    let events = read(Format::Auto, "Date,Time,Message\n2023-11-14,22:13:20,a\nsoon,later,b\n");
    assert_eq!(events[1].timestamp, Some(T));
    assert_eq!((events[2].timestamp, attributes(&events[2])), (None, "Date=soon; Time=later".to_owned()));
}

#[test]
fn in_a_stated_table_rows_may_have_fewer_or_more_cells() {
    let events = read(Format::Csv, "a,b\n1\n1,2,3\n");
    assert_eq!(formats(&events), ["csv"; 3]);
    assert_eq!(attributes(&events[1]), "a=1");
    assert_eq!(attributes(&events[2]), "a=1; b=2; column.3=3");
    let tsv = read(Format::Tsv, "a,b\tc\n1,2\t3\n");
    assert_eq!(attributes(&tsv[1]), "a,b=1,2; c=3");
    let headless = read(Format::W3c, "1 2 3\n").remove(0);
    assert_eq!((&*headless.message, headless.parse_error.is_some()), (&b"1 2 3"[..], true));
}

#[test]
fn text_that_is_no_header_stays_text() {
    for line in [
        "Hello, world, this is a message",
        "order 7, placed",
        "2023-11-14 22:13:20,123 INFO started",
        "a,b,c",
        "level",
        "1,2,message",
        "message,message",
    ] {
        assert_eq!(read(Format::Auto, line)[0].format, "plain", "{line}");
    }
}

#[test]
fn lines_of_several_formats_are_each_read_as_what_they_are() {
    let access = r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 1"#;
    let file = [
        "time,message",
        "2023-11-14T22:13:20Z,a",
        access,
        access,
        r#"{"msg":"a","n":1}"#,
        "text",
        "<13>Nov 14 22:13:20 web1 app: text, more",
        access,
        "2023-11-14T22:13:20Z stdout F 192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 1",
    ]
    .join("\n");
    let expected = ["csv", "csv", "access", "access", "json", "plain", "rfc3164", "access", "cri"];
    assert_eq!(formats(&read(Format::Auto, &file)), expected);
}

#[test]
fn a_stream_that_was_cut_goes_on_below_its_header() {
    let w3c = "#Date: 2023-11-14\n#Fields: time c-ip\n22:13:20 192.0.2.7";
    let zeek = "#separator \\x2c\n#unset_field,(none)\n#fields,ts,id.orig_h,uid\n1700000000.0,192.0.2.7,(none)";
    let csv = "time,ip,message\n2023-11-14T22:13:20Z,192.0.2.7,a";
    for file in [w3c, zeek, csv] {
        let (above, row) = file.rsplit_once('\n').unwrap();
        let mut whole = LineParser::new(Format::Auto);
        above.lines().for_each(|line| whole.note(line.as_bytes(), &CX));
        let mut below = LineParser::with_header(Format::Auto, &whole.header(), &CX);
        let event = below.parse(row.as_bytes(), &CX);
        assert_eq!(event, whole.parse(row.as_bytes(), &CX));
        assert_eq!((event.timestamp, event.ip), (Some(T), "192.0.2.7".parse().ok()), "{file}");
        assert_eq!(event.attributes.get("uid"), None);
    }
    assert!(LineParser::new(Format::Auto).header().is_empty());
}

proptest::proptest! {
    #[test]
    fn any_lines_are_read_or_kept_whole(
        lines: Vec<Vec<u8>>,
        likely in proptest::collection::vec(
            "(#Fields:|#separator |#fields\t|time|message|date|,|;|\t| |\"|-|x09|\\\\|2023-11-14|22:13:20|1){0,12}", 0..8),
    ) {
        for &format in Format::ALL {
            let mut parser = LineParser::new(format);
            for line in lines.iter().map(|line| &line[..]).chain(likely.iter().map(|line| line.as_bytes())) {
                let event = parser.parse(line, &CX);
                proptest::prop_assert!(event.parse_error.is_none() || *event.message == *line);
            }
        }
    }
}

#[test]
fn flow_logs_are_read_under_the_names_of_their_fields() {
    let header = "version vpc-id interface-id srcaddr dstaddr start action tcp-flags";
    let file = format!(
        "{header}\n5 vpc-1 eni-1 192.0.2.7 198.51.100.2 1700000000 REJECT -\n5 text of six words more\n{header}\n"
    );
    let events = read(Format::Auto, &file);
    assert_eq!(formats(&events), ["vpc_flow", "vpc_flow", "plain", "vpc_flow"]);
    assert_eq!(
        (attributes(&events[0]), attributes(&events[3])),
        ("directive=header".into(), "directive=header".into())
    );
    let row = &events[1];
    assert_eq!((row.timestamp, row.ip), (Some(T), "192.0.2.7".parse().ok()));
    assert_eq!(
        attributes(row),
        "version=5; vpc-id=vpc-1; interface-id=eni-1; srcaddr=192.0.2.7; dstaddr=198.51.100.2; start=1700000000; action=REJECT"
    );
    let mut parser = LineParser::new(Format::Auto);
    drop(parser.parse(header.as_bytes(), &CX));
    let mut again = LineParser::with_header(Format::Auto, &parser.header(), &CX);
    assert_eq!(again.parse(b"5 vpc-1 eni-1 192.0.2.7 - 1700000000 ACCEPT -", &CX).format, "vpc_flow");
    for words in
        ["version start end action bytes", "srcaddr dstaddr srcaddr srcport", "the srcaddr, dstaddr and vpc-id"]
    {
        assert_eq!(formats(&read(Format::Auto, words)), ["plain"], "{words}");
    }
}

#[test]
fn a_header_of_words_is_one_behind_blank_lines_too() {
    let file = "\n\nDate and Time,Log Level,Message\n2023-11-14 22:13:20,warn,the disk is full\n";
    assert_eq!(formats(&read(Format::Auto, file)), ["plain", "plain", "csv", "csv"]);
}

#[test]
fn text_that_follows_upon_text_is_what_it_is_by_itself() {
    let lines = [
        "the cart was opened",
        "login failed for user 'bob' from 192.0.2.7",
        "[worker 3] the cart was opened",
        "2023-11-14 22:13:20 ERROR something broke",
        "<13>Nov 14 22:13:20 web1 app: text",
        "Nov 14 22:13:20 web1 app: text",
        "type=CWD msg=audit(1.0:2): cwd=\"/\"",
    ];
    for (line, event) in lines.iter().zip(read(Format::Auto, &lines.join("\n"))) {
        assert_eq!(event, format::parse(Format::Auto, line.as_bytes(), &CX), "{line}");
    }
}

//! What files become, and that it does not depend on how they are read.

mod audit_events;
mod torn;

use proptest::prelude::*;

use super::*;
use crate::custom::Pattern;
use crate::{CustomFormat, Level, Zone};

const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

/// A record without its borrowed parts.
#[derive(Clone, Debug, PartialEq)]
struct Owned {
    event: LogEvent<'static>,
    raw: Vec<u8>,
    line: u64,
    last_line: u64,
    part: u32,
    is_cut: bool,
}

impl Owned {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.raw).unwrap()
    }
}

fn read_in(options: FileOptions, file: &[u8], step: usize) -> Vec<Owned> {
    let mut parser = FileParser::new(options);
    let mut found = Vec::new();
    let mut emit = |record: FileRecord<'_>| {
        let FileRecord { event, raw, line, last_line, part, is_cut } = record;
        found.push(Owned { event: event.into_owned(), raw: raw.to_vec(), line, last_line, part, is_cut });
    };
    let mut buffer = Vec::new();
    for read in file.chunks(step) {
        buffer.extend_from_slice(read);
        let consumed = parser.feed(&buffer, false, &CX, &mut emit);
        buffer.drain(..consumed);
    }
    assert_eq!(parser.feed(&buffer, true, &CX, &mut emit), buffer.len());
    found
}

/// Reads a file whole and in small parts, which must be the same.
fn read_with(options: FileOptions, file: &[u8]) -> Vec<Owned> {
    let whole = read_in(options.clone(), file, file.len().max(1));
    for step in [1, 7] {
        assert_eq!(read_in(options.clone(), file, step), whole);
    }
    whole
}

fn read(file: &str) -> Vec<Owned> {
    read_with(FileOptions::default(), file.as_bytes())
}

/// The records of a file, each with its line and part.
fn check(file: &str, expected: &[(&str, &str, u64, u32)]) {
    let found = read(file);
    let found: Vec<_> = found.iter().map(|found| (found.event.format, found.text(), found.line, found.part)).collect();
    assert_eq!(found, expected);
}

#[test]
fn lines_are_records_and_blank_ones_are_none() {
    check(
        "<13>Nov 14 22:13:20 web1 app: a\n\r\n  \n<13>Nov 14 22:13:20 web1 app: b\r\nlast",
        &[
            ("rfc3164", "<13>Nov 14 22:13:20 web1 app: a", 1, 0),
            ("rfc3164", "<13>Nov 14 22:13:20 web1 app: b", 4, 0),
            ("plain", "last", 5, 0),
        ],
    );
    assert!(read("").is_empty());
    assert!(read("\n \n").is_empty());
}

#[test]
fn a_stack_trace_is_one_record_with_its_line_ends() {
    let trace =
        "2023-11-14 22:13:20,123 ERROR [main] c.e.App - no\r\njava.lang.Error: x\r\n\tat c.e.App.run(App.java:9)";
    let found = read(&format!("{trace}\r\n\r\n2023-11-14 22:13:21,123 INFO  [main] c.e.App - on\r\n"));
    assert_eq!((found[0].text(), found[0].line, found[0].last_line), (trace, 1, 3));
    assert_eq!((found[1].event.level, found[1].line, found.len()), (Level::Info, 5, 2));
    let none = FileOptions { multiline: Rule::None, ..FileOptions::default() };
    assert_eq!(read_with(none, trace.as_bytes()).len(), 3);
}

#[test]
fn nothing_joins_a_json_object() {
    check(
        "{\"msg\":\"a\"}\njava.lang.Error: x\n\tat c.e.App.run(App.java:9)\n{\"msg\":\"b\"}\n",
        &[
            ("json", "{\"msg\":\"a\"}", 1, 0),
            ("plain", "java.lang.Error: x\n\tat c.e.App.run(App.java:9)", 2, 0),
            ("json", "{\"msg\":\"b\"}", 4, 0),
        ],
    );
}

#[test]
fn arrays_of_objects_are_divided() {
    check(
        "[\n  {\"a\": \"]}\",\n   \"b\": {}},\n  {\"c\": 1}\n]\n[{\"d\":1},{}]\ntext\n",
        &[
            ("json", "{\"a\": \"]}\",\n   \"b\": {}}", 2, 0),
            ("json", "{\"c\": 1}", 4, 1),
            ("json", "{\"d\":1}", 6, 0),
            ("json", "{}", 6, 1),
            ("plain", "text", 7, 0),
        ],
    );
    // What holds no objects is a line.
    check("[]\n[x] y\n[1,2]\n", &[("plain", "[]", 1, 0), ("plain", "[x] y", 2, 0), ("plain", "[1,2]", 3, 0)]);
}

#[test]
fn documents_of_records_are_divided_and_other_objects_are_not() {
    let file =
        "{\n \"Records\" : [ {\"eventName\":\"a\"},\n{\"eventName\":\"b\"} ]\n}\n{\"records\":[{\"a\":1}],\"b\":2}\n";
    check(
        file,
        &[
            ("json", "{\"eventName\":\"a\"}", 2, 0),
            ("json", "{\"eventName\":\"b\"}", 3, 1),
            ("json", "{\"records\":[{\"a\":1}],\"b\":2}", 5, 0),
        ],
    );
}

#[test]
fn a_document_that_is_larger_than_a_record_may_be_is_divided_as_it_arrives() {
    let limits = Limits { bytes_max: 64, ..Limits::default() };
    let record = "{\"eventName\":\"a\"}";
    let file = format!("{{\"Records\":[{}{record}]}}", format!("{record},").repeat(99));
    let found = read_with(FileOptions { limits, ..FileOptions::default() }, file.as_bytes());
    assert_eq!((found.len(), found[99].part), (100, 99));
    assert!(found.iter().all(|found| found.text() == record && found.event.parse_error.is_none()));
}

#[test]
fn an_object_that_is_too_long_costs_no_other_record() {
    let limits = Limits { bytes_max: 40, ..Limits::default() };
    let long = format!("{{\"msg\":\"{}\"}}", "é".repeat(40));
    let file = format!("[{{\"n\":1}},{long},{{\"n\":2}}]");
    let found = read_with(FileOptions { limits, ..FileOptions::default() }, file.as_bytes());
    let (parts, last) = (&found[1..found.len() - 1], &found[found.len() - 1]);
    assert_eq!(parts.iter().map(Owned::text).collect::<String>(), long);
    assert_eq!(parts.iter().filter(|part| part.is_cut).count(), parts.len() - 1);
    assert!(parts.iter().all(|part| part.event.parse_error.is_some()));
    let is_said = |part: &Owned| part.event.parse_error.as_deref() == Some("too long: goes on in the next record");
    assert!(parts.iter().all(|part| part.is_cut == is_said(part)));
    assert_eq!((last.text(), &last.event.parse_error), ("{\"n\":2}", &None));
}

#[test]
fn a_line_behind_the_mark_of_another_file_is_read_as_without_it() {
    let found = read(
        "\u{feff}<13>1 2023-11-14T22:13:20Z web1 app 7 - - on\n\u{feff}<13>1 2023-11-14T22:13:20Z web1 app 7 - - on\n",
    );
    assert_eq!(found[0].event, found[1].event);
    assert_eq!((&*found[1].event.host, found[1].text().starts_with('\u{feff}')), ("web1", true));
}

#[test]
fn an_object_on_several_lines_is_one_record() {
    check(
        "{\n  \"msg\": \"a\",\n  \"b\": [\n    1\n  ]\n}\n{\n  \"msg\": \"c\"\n} \r\n{\"msg\":\"d\"}",
        &[
            ("json", "{\n  \"msg\": \"a\",\n  \"b\": [\n    1\n  ]\n}", 1, 0),
            ("json", "{\n  \"msg\": \"c\"\n}", 7, 0),
            ("json", "{\"msg\":\"d\"}", 10, 0),
        ],
    );
}

#[test]
fn a_torn_object_costs_only_its_own_lines() {
    let found =
        read("{\"msg\":\"torn\n{\"msg\":\n{\"msg\":\"a\"}\n{\n \"msg\": \"b\"\n}\n[{\"msg\":\"c\"},\n{\"msg\":");
    let understood: Vec<_> =
        found.iter().filter(|found| found.event.parse_error.is_none()).map(|found| (found.line, found.part)).collect();
    assert_eq!(understood, [(3, 0), (4, 0), (7, 0)]);
    assert_eq!(found.len(), 6);
}

#[test]
fn windows_events_are_divided_however_they_are_exported() {
    let event = |id: u32| format!("<Event xmlns='x'><System><EventID>{id}</EventID></System></Event>");
    let tall = "<Event>\n<System><EventID>3</EventID>\n</System></Event>";
    for file in [
        format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Events>{}{}{tall}</Events>", event(1), event(2)),
        format!("<Events>\n{}\n\n{}\n{tall}\n</Events>\n", event(1), event(2)),
        format!("{}{}\n{tall}\n", event(1), event(2)),
    ] {
        let found = read(&file);
        let texts: Vec<_> = found.iter().map(Owned::text).collect();
        assert_eq!(texts, [event(1).as_str(), event(2).as_str(), tall]);
        assert!(found.iter().all(|found| found.event.format == "winevent"));
        let ids: Vec<_> = found.iter().map(|found| found.event.msg_id.to_string()).collect();
        assert_eq!(ids, ["1", "2", "3"]);
    }
    check("<Events>none</Events>\n", &[("plain", "<Events>none</Events>", 1, 0)]);
}

#[test]
fn utf16_is_read_and_kept_as_it_is() {
    let text = "<Event><System><EventID>7</EventID><Computer>pç𝄞</Computer></System></Event>\r\nsecond\r\n";
    let bytes = |text: &str, is_big: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    for (is_big, mark) in [(false, &b"\xff\xfe"[..]), (true, b"\xfe\xff"), (false, b""), (true, b"")] {
        let file = [mark, &bytes(text, is_big)].concat();
        let found = read_with(FileOptions::default(), &file);
        assert_eq!((&*found[0].event.host, &*found[0].event.msg_id), ("pç𝄞", "7"));
        let lines: Vec<_> = text.lines().map(|line| bytes(line, is_big)).collect();
        assert_eq!(found.iter().map(|found| found.raw.clone()).collect::<Vec<_>>(), lines);
        assert_eq!(found[1].line, 2);
    }
    let odd = read_with(FileOptions::default(), b"\xff\xfea\0\0\xd8b");
    assert_eq!((odd[0].raw.as_slice(), odd.len()), (&b"a\0\0\xd8b"[..], 1));
}

#[test]
fn the_mark_of_utf8_is_of_no_record() {
    check(
        "\u{feff}time,message\n2023-11-14T22:13:20Z,a\n",
        &[("csv", "time,message", 1, 0), ("csv", "2023-11-14T22:13:20Z,a", 2, 0)],
    );
}

#[test]
fn quoted_cells_may_hold_line_ends() {
    let file = "time,message,n\r\n2023-11-14T22:13:20Z,\"a\r\n\tb \"\"c\"\"\n\",1\r\n2023-11-14T22:13:20Z,d,2\r\n";
    for format in [Format::Auto, Format::Csv] {
        let found = read_with(FileOptions { format: format.into(), ..FileOptions::default() }, file.as_bytes());
        assert_eq!(found.len(), 3);
        assert_eq!(&*found[1].event.message, b"a\r\n\tb \"c\"\n");
        assert_eq!((found[1].event.attributes.get("n"), found[1].last_line, found[2].line), (Some("1"), 4, 5));
    }
}

#[test]
fn a_row_of_several_lines_leaves_nothing_behind_for_the_next_line() {
    let file = b"time,message\n2-140Z,\"a\nb\"\n\"a\nb\"\n";
    let whole = read_in(FileOptions::default(), file, file.len());
    assert_eq!(whole.iter().map(Owned::text).collect::<Vec<_>>(), ["time,message", "2-140Z,\"a\nb\"", "\"a", "b\""]);
    for step in 1..file.len() {
        assert_eq!(read_in(FileOptions::default(), file, step), whole, "{step}");
    }
}

#[test]
fn a_line_that_is_divided_is_no_header() {
    let options = FileOptions { limits: Limits { lines_max: 8, bytes_max: 8 }, ..FileOptions::default() };
    let whole = read_with(options, b"+0\t.\t\t\t\t\t\n {[b");
    assert_eq!(whole.iter().map(Owned::text).collect::<Vec<_>>(), ["+0\t.\t\t\t\t", "\t\n {[b"]);
}

#[test]
fn a_quote_that_is_never_closed_costs_one_line() {
    let found = read("time,message\n2023-11-14T22:13:20Z,\"a\n2023-11-14T22:13:20Z,b\n2023-11-14T22:13:20Z,c\n");
    let messages: Vec<_> = found.iter().map(|found| String::from_utf8_lossy(&found.event.message)).collect();
    assert_eq!(messages[2..], ["b", "c"]);
    assert_eq!(found.len(), 4);
}

#[test]
fn rows_that_begin_with_an_empty_cell_are_rows() {
    let found = read("user\ttime\tmessage\nbob\t2023-11-14T22:13:20Z\ta\n\t2023-11-14T22:13:20Z\tb\n");
    assert_eq!(found.len(), 3);
    assert_eq!((found[2].event.format, &*found[2].event.message), ("tsv", &b"b"[..]));
}

#[test]
fn csvlogs_of_postgresql_may_hold_statements_of_several_lines() {
    let row = "2023-11-14 22:13:20.123 UTC,\"bob\",\"shop\",7,\"192.0.2.7:5\",6553f1b0.7,1,\"SELECT\",2023-11-14 22:13:19 UTC,3/4,0,\
        ERROR,42P01,\"no such table\",,,,,,\"select *\n  from \"\"x\"\"\",15,,\"psql\"";
    let found = read(&format!("{row}\n{row}\n"));
    assert_eq!((found.len(), found[0].text(), found[1].line), (2, row, 3));
    assert_eq!((found[0].event.format, found[0].event.level), ("postgresql", Level::Error));
    assert_eq!(found[0].event.attributes.get("query"), Some("select *\n  from \"x\""));
}

#[test]
fn what_a_crash_left_is_no_record_and_ends_a_line() {
    let zeros = "\0".repeat(5000);
    check(
        &format!("<13>Nov 14 22:13:20 web1 app: to{zeros}<13>Nov 14 22:13:20 web1 app: a\n{zeros}\n{zeros}"),
        &[("rfc3164", "<13>Nov 14 22:13:20 web1 app: to", 1, 0), ("rfc3164", "<13>Nov 14 22:13:20 web1 app: a", 1, 1)],
    );
    assert!(read(&zeros).is_empty());
}

#[test]
fn what_is_no_text_is_kept_and_said_to_be_none() {
    let found = read_with(FileOptions::default(), b"\x7fELF\x02\x01\0\0\xff\n\x01\x02\x03\n\x1b[31mred\x1b[0m\n");
    let errors: Vec<_> = found.iter().map(|found| found.event.parse_error.as_deref()).collect();
    assert_eq!(errors, [Some("not text"), Some("not text"), None]);
}

#[test]
fn a_long_line_is_divided_and_the_next_is_whole() {
    let limits = Limits { bytes_max: 10, ..Limits::default() };
    let found =
        read_with(FileOptions { limits, ..FileOptions::default() }, "0123456789abcdefghij012\nnext\n".as_bytes());
    let found: Vec<_> = found.iter().map(|found| (found.text(), found.line, found.part, found.is_cut)).collect();
    assert_eq!(
        found,
        [("0123456789", 1, 0, true), ("abcdefghij", 1, 1, true), ("012", 1, 2, false), ("next", 2, 0, false)]
    );
}

#[test]
fn what_stands_behind_more_blanks_than_a_record_may_have_is_the_same_however_it_is_read() {
    let limits = Limits { bytes_max: 10, ..Limits::default() };
    let options = FileOptions { limits, ..FileOptions::default() };
    for blanks in 0..24 {
        let file = format!("{}[{{\"a\":2}}]\n{{\"a\":\n3}}\n", "\t".repeat(blanks));
        let whole = read_in(options.clone(), file.as_bytes(), file.len());
        for step in 1..file.len() {
            assert_eq!(read_in(options.clone(), file.as_bytes(), step), whole, "{blanks} blanks, {step} bytes at once");
        }
    }
}

#[test]
fn a_format_of_ones_own_says_where_its_records_begin() {
    let compile = |pattern| Pattern::compile(pattern, &[]).unwrap();
    let custom =
        CustomFormat::new("shop", compile("^START %{INT:n} %{GREEDYDATA:message}")).beginning_with(compile("^START "));
    let format = LineFormat::Custom(std::sync::Arc::new(custom));
    let found = read_with(FileOptions { format, ..FileOptions::default() }, b"START 1 a\n{\n b\nSTART 2 c");
    assert_eq!((found.len(), found[0].event.format, &*found[0].event.message), (2, "shop", &b"a\n{\n b"[..]));
}

#[test]
fn a_file_goes_on_below_its_header() {
    let mut parser = FileParser::new(FileOptions::default());
    parser.feed(b"time,message\n2023-11-14T22:13:20Z,a\n", false, &CX, &mut |_| {});
    let header = parser.header();
    let mut below = FileParser::with_header(FileOptions::default(), &header, &CX);
    below.feed(b"2023-11-14T22:13:20Z,\"b\nc\"\n", true, &CX, &mut |record| {
        assert_eq!((record.event.format, &*record.event.message), ("csv", &b"b\nc"[..]));
    });
}

const LIKELY: &str = "(time,message\n|,\"|\"|,|\\[|\\]|\\{\"|\\}|\\{\"Records\":\\[|\"a\":|1|<Events>|<Event>|<Event />|<System>|</Event>|</Events>|<\\?xml \\?>|\
    <13>|Nov 14 22:13:20 |2023-11-14 22:13:20.123 UTC,|\tat a.B.c\\(D.java:1\\)|a.BError: x|(node=b )?type=(PATH|EOE) msg=audit\\(1.2:[34]\\): |(type=PATH msg=audit\\(1.2:[345]\\): \\n){1,4}|\0|\0{9}|é| |x|\\\\|\r\n|\n|\n){0,40}";

proptest! {
    #[test]
    fn any_file_is_the_same_however_it_is_read(
        text in LIKELY,
        bytes: Vec<u8>,
        format in prop::sample::select(Format::ALL.to_vec()),
        rule in prop::sample::select(vec![Rule::Auto, Rule::Auto, Rule::None, Rule::Stamp]),
        lines_max in 1_usize..9,
        bytes_max in prop_oneof![1_usize..120, 1_usize..900],
        step in 1_usize..12,
        is_utf16: bool,
    ) {
        let utf16 = |text: &str| [vec![0xff, 0xfe], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat();
        let text = if is_utf16 { utf16(&text) } else { text.into_bytes() };
        for format in [format, Format::Auto] {
            let limits = Limits { lines_max, bytes_max };
            let options = FileOptions { format: format.into(), multiline: rule, limits };
            for file in [&text, &bytes] {
                let whole = read_in(options.clone(), file, file.len().max(1));
                prop_assert_eq!(read_in(options.clone(), file, step), whole.clone());
                // No byte is twice in the records, and their places are in order.
                prop_assert!(whole.iter().map(|found| found.raw.len()).sum::<usize>() <= file.len());
                prop_assert!(whole.is_sorted_by_key(|found| (found.line, found.part)));
                prop_assert!(whole.iter().all(|found| found.is_cut || found.raw.len() <= 2 * bytes_max.max(4) + 8));
            }
        }
    }

    #[test]
    fn lines_of_text_are_all_there(lines in prop::collection::vec("[a-z<\\{ \t\"]{1,12}", 0..20)) {
        let file = lines.join("\n");
        let found = read_in(FileOptions::default(), file.as_bytes(), 5);
        let expected: Vec<_> = lines.iter().filter(|line| !line.trim().is_empty()).cloned().collect();
        let kept = found.iter().flat_map(|found| found.text().split('\n').map(str::to_owned).collect::<Vec<_>>());
        prop_assert_eq!(kept.filter(|line| !line.trim().is_empty()).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn lines_of_the_general_log_without_a_time_are_records_of_their_own() {
    let found = read(
        "231114 22:13:20\t    8 Connect\tamy@192.0.2.7 as anonymous on shop\n\
         \t\t    8 Query\tselect a\n\tfrom b\n\
         \t\t    9 Connect\tAccess denied for user 'bob'@'192.0.2.9' (using password: YES)\n\
         231114 22:13:21\t    8 Quit\t\n",
    );
    assert!(found.iter().all(|record| record.event.format == "mysql"));
    let of = |record: &Owned| {
        let event = &record.event;
        let outcome = event.attributes.get("outcome").unwrap_or_default();
        (event.user_name.to_string(), outcome.to_owned(), String::from_utf8_lossy(&event.message).into_owned())
    };
    let text = |user: &str, outcome: &str, message: &str| (user.to_owned(), outcome.to_owned(), message.to_owned());
    assert_eq!(
        found.iter().map(of).collect::<Vec<_>>(),
        [
            text("amy", "", "amy@192.0.2.7 as anonymous on shop"),
            text("", "", "select a\n\tfrom b"),
            text("bob", "failure", "Access denied for user 'bob'@'192.0.2.9' (using password: YES)"),
            text("", "", ""),
        ]
    );
}

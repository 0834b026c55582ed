//! What is torn costs what stands behind it nothing.

use super::*;

const SSHD: &str = "Nov 14 22:13:20 web1 sshd[7]: Accepted publickey for bob from 192.0.2.7 port 5 ssh2\n";
const EVENT: &str = "<Event xmlns='x'><System><EventID>7</EventID></System></Event>";

#[test]
fn a_tag_of_an_event_alone_takes_no_other_lines() {
    for head in [
        "<Event id=\"4\" name=\"started\"/>",
        "  <Event id=\"4\"/>",
        "<Event id=\"4\">",
        "<Event>",
        "<Event> started",
        "<log4j:event logger=\"a\">",
        "Event[0]:",
        "LogName=x",
    ] {
        let others =
            [SSHD.trim_end(), "<13>x", "{\"a\":1}", "2023-11-14 22:13:20,123 ERROR [main] c.e.App - no", "text"];
        let found = read(&format!("{head}\n{}\n", others.join("\n")));
        let texts: Vec<_> = found.iter().skip(1).map(Owned::text).collect();
        assert_eq!((found[0].text(), texts), (head, others.to_vec()));
    }
}

#[test]
fn an_event_without_its_end_costs_no_other() {
    let torn = "<Event xmlns='x'><System><EventID>4";
    for between in ["\n", "", &format!("\n{SSHD}"), "\n<13>text\n"] {
        let found = read(&format!("{torn}{between}{EVENT}\n"));
        assert_eq!(found[0].text(), torn, "{between}");
        assert_eq!(found[0].event.parse_error.as_deref(), Some("a Windows event without its end"));
        assert_eq!(found.last().map(|last| (last.text(), last.event.format)), Some((EVENT, "winevent")));
    }
    let found = read(&format!("<Events>\n{EVENT}\n<Event xmlns='x'>\n <System>\n {EVENT}\n</Events>\n"));
    assert_eq!(found.iter().map(Owned::text).collect::<Vec<_>>(), [EVENT, "<Event xmlns='x'>\n <System>", EVENT]);
    // In its text any line may be its own, up to the limit.
    let found = read(&format!("{torn}\n{}", "some text\n".repeat(2000)));
    assert_eq!((found[0].last_line, found[0].is_cut, found.len()), (500, true, 1502));
    let found = read(&format!("<Event xmlns='x'>\n<System>\n{}", "some text\n".repeat(2000)));
    assert_eq!((found[0].last_line, found.len()), (2, 2001));
}

#[test]
fn an_event_that_ends_is_whole_whatever_its_lines_are() {
    let script = "{\n$a = 1\n\n{\"a\": 2}\n&lt;13&gt;x\n2023-11-14 22:13:20 ERROR no\n".repeat(200);
    let tall = format!(
        "<Event xmlns='x'>\n<System><EventID>4104</EventID></System><EventData><Data>{script}</Data>\n</EventData></Event>"
    );
    let found = read(&format!("{EVENT}\n{tall}\n{EVENT}\n"));
    assert_eq!(found.iter().map(Owned::text).collect::<Vec<_>>(), [EVENT, tall.as_str(), EVENT]);
    assert!(found.iter().all(|found| found.event.format == "winevent" && found.event.parse_error.is_none()));
}

#[test]
fn an_event_on_one_line_that_is_too_long_goes_on_to_its_end() {
    let limits = Limits { bytes_max: 100, ..Limits::default() };
    let long = format!("<Event xmlns='x'><Data>{}</Data></Event>", "é".repeat(120));
    let found = read_with(FileOptions { limits, ..FileOptions::default() }, format!("{long}{EVENT}\nx\n").as_bytes());
    let parts = found.len() - 2;
    assert_eq!(found[..parts].iter().map(Owned::text).collect::<String>(), long);
    assert_eq!([found[parts].text(), found[parts + 1].text()], [EVENT, "x"]);
}

#[test]
fn an_array_torn_within_a_string_takes_nothing_behind_it() {
    let lines = [SSHD, "{\"a\": 1}\n", "text, \"quoted\" and {more}\n"].concat();
    for torn in ["[{\"a\":\"b", "[{\"a\":1,", "[{\"a\":{\"b\":1}"] {
        let found = read(&format!("{torn}\n{}", lines.repeat(30)));
        assert_eq!((found[0].text(), found.len()), (torn.strip_prefix("[").unwrap(), 91), "{torn}");
        assert!(found[0].event.parse_error.is_some());
        let good = found.iter().filter(|found| found.event.format == "rfc3164" || found.text() == "{\"a\": 1}");
        assert_eq!(good.count(), 60);
    }
}

#[test]
fn an_object_of_an_array_that_is_torn_anywhere_costs_no_other() {
    let whole = "{\"a\": \"b\", \"c\": [{\"d\": 1}, {\"e\": [2, 3]}], \"f\": {\"g\": null}}";
    for indent in ["", "  "] {
        for end in 1..whole.len() {
            let torn = whole.split_at(end).0;
            let file = format!("[\n{indent}{whole},\n{indent}{torn}\n{indent}{whole},\n{indent}{whole}\n]\n<13>x\n");
            let found = read(&file);
            let texts: Vec<_> = found.iter().map(Owned::text).collect();
            assert_eq!(texts, [whole, torn.trim_end(), whole, whole, "<13>x"]);
            assert!(found[1].event.parse_error.is_some());
        }
    }
}

#[test]
fn a_document_of_records_that_is_torn_anywhere_costs_no_other() {
    let record = "{\"eventName\":\"a\",\"resources\":[{\"b\":1},{\"c\":2}]}";
    let document = format!("{{\"Records\":[{record},{record}]}}");
    let first = "{\"Records\":[{".len();
    for end in first..document.len() {
        let found = read(&format!("{}\n{document}\n{document}\n", document.split_at(end).0));
        let good =
            found.iter().filter(|found| found.line > 1 && found.text() == record && found.event.parse_error.is_none());
        assert_eq!(good.count(), 4, "{}", document.split_at(end).0);
    }
}

#[test]
fn many_documents_that_have_no_end_are_read_in_linear_time() {
    for line in ["{\"Records\":[{\"a\":[\n", "[{\"a\":[\n", "[{\"a\":\"\n", "<Event><a>\n"] {
        let file = line.repeat(50_000);
        assert!(read_in(FileOptions::default(), file.as_bytes(), 1 << 20).len() > 49_000, "{line}");
    }
}

#[test]
fn objects_one_behind_the_other_on_a_line_are_records() {
    check(
        "{\"a\":\"}{\"}{\"b\":{}} {\"c\":3}\n{\"d\":4}\n{\n \"e\":5\n}{\n \"f\":6}{\"g\":7}\n{\"h\":8}{\"i\":\n",
        &[
            ("json", "{\"a\":\"}{\"}", 1, 0),
            ("json", "{\"b\":{}}", 1, 1),
            ("json", "{\"c\":3}", 1, 2),
            ("json", "{\"d\":4}", 2, 0),
            ("json", "{\n \"e\":5\n}", 3, 0),
            ("json", "{\n \"f\":6}", 5, 1),
            ("json", "{\"g\":7}", 6, 2),
            ("json", "{\"h\":8}", 7, 0),
            ("json", "{\"i\":", 7, 1),
        ],
    );
    let object = "{\"level\":\"info\",\"message\":\"text\"}";
    let limits = Limits { bytes_max: 300, ..Limits::default() };
    let options = FileOptions { limits, ..FileOptions::default() };
    let file = format!("{}\n", object.repeat(500));
    let found = read_with(options.clone(), file.as_bytes());
    assert!(found.iter().all(|found| found.text() == object && found.event.parse_error.is_none()));
    assert_eq!((found.len(), found[499].line, found[499].part), (500, 1, 499));
    let mut count = 0;
    FileParser::new(options).without_events().feed(file.as_bytes(), true, &CX, &mut |record| {
        assert_eq!(record.raw, object.as_bytes());
        count += 1;
    });
    assert_eq!(count, 500);
}

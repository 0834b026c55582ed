//! Events of the audit daemon, whose lines may be mixed.

use super::*;

/// A record of the audit event `serial`.
fn audit(kind: &str, serial: u32, rest: &str) -> String {
    format!("type={kind} msg=audit(1700000000.1:{serial}): {rest}")
}

#[test]
fn records_of_one_audit_event_are_one_also_where_lines_of_others_stand_between_them() {
    let (one, two, three) = (
        [audit("SYSCALL", 1, "pid=1"), audit("PATH", 1, "name=\"/x\"")],
        [audit("SYSCALL", 2, "pid=2"), audit("PATH", 2, "name=\"/y\""), audit("PROCTITLE", 2, "proctitle=\"b\"")],
        [audit("SYSCALL", 3, "pid=3"), audit("PROCTITLE", 3, "proctitle=\"c\"")],
    );
    let login = audit("USER_LOGIN", 4, "acct=\"bob\"");
    let lines =
        [&one[0], &one[1], &two[0], &three[0], &two[1], &login, &three[1], &two[2]].map(String::as_str).join("\r\n");
    let of = |lines: &[String]| lines.join("\r\n");
    for rule in [Rule::Auto, Rule::Auditd] {
        for format in [Format::Auto, Format::Auditd] {
            let options = FileOptions { format: format.into(), multiline: rule, ..FileOptions::default() };
            let found = read_with(options, format!("{lines}\r\n\r\ntext").as_bytes());
            let places = |found: &Owned| (found.text().to_owned(), found.line, found.last_line);
            assert_eq!(
                found.iter().map(places).collect::<Vec<_>>(),
                [
                    (of(&one), 1, 2),
                    (of(&two), 3, 8),
                    (of(&three), 4, 7),
                    (login.clone(), 6, 6),
                    ("text".to_owned(), 10, 10)
                ]
            );
            assert_eq!(found[1].event.attributes.get("path.name"), Some("/y"));
            assert_eq!(found[2].event.attributes.get("proctitle.proctitle"), Some("c"));
        }
    }
}

#[test]
fn events_of_several_hosts_with_the_same_number_are_sorted_out() {
    let of = |node: &str, kind: &str| format!("node={node} {}", audit(kind, 7, "a=b"));
    let lines = [of("web1", "SYSCALL"), of("web2", "SYSCALL"), of("web1", "CWD"), of("web2", "PROCTITLE")].join("\n");
    let found = read(&lines);
    assert_eq!(found.iter().map(|found| &*found.event.host).collect::<Vec<_>>(), ["web1", "web2"]);
    assert_eq!(found[0].text(), [of("web1", "SYSCALL"), of("web1", "CWD")].join("\n"));
}

#[test]
fn records_of_an_event_that_are_far_apart_or_behind_other_lines_are_apart() {
    let (first, last) = (audit("SYSCALL", 1, "pid=1"), audit("CWD", 1, "cwd=\"/\""));
    let others: Vec<_> = (2..200).map(|serial| audit("USER_CMD", serial, "cmd=6C73")).collect();
    for between in [others.join("\n"), "text".to_owned()] {
        let found = read(&format!("{first}\n{between}\n{last}\n"));
        assert_eq!((found[0].text(), found.last().unwrap().text()), (&*first, &*last));
        assert_eq!(found.len(), 2 + between.lines().count());
    }
}

#[test]
fn mixed_events_that_are_more_than_a_record_may_be_are_cut_and_say_so() {
    let lines: Vec<_> = (0..8).map(|at| audit("PATH", at % 2, "a=b")).collect();
    let options = FileOptions { limits: Limits { lines_max: 6, ..Limits::default() }, ..FileOptions::default() };
    let found = read_with(options, lines.join("\n").as_bytes());
    assert_eq!(
        found.iter().map(|found| (found.line, found.last_line)).collect::<Vec<_>>(),
        [(1, 5), (2, 6), (7, 7), (8, 8)]
    );
    assert_eq!(found.iter().map(|found| found.is_cut).collect::<Vec<_>>(), [true, true, false, false]);
    assert_eq!(found[0].event.parse_error.as_deref(), Some("too long: goes on in the next record"));
}

//! Records of several lines by every rule, and what holds of any bytes.

use proptest::prelude::*;

use super::*;

/// The records of `text`, which arrives in reads of `step` bytes.
fn records(joiner: &mut Joiner, text: &[u8], step: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut buffer: Vec<u8> = Vec::new();
    let mut lost = Vec::new();
    let mut take = |buffer: &mut Vec<u8>, joined: Option<(Vec<u8>, usize)>| {
        let Some((bytes, consumed)) = joined else { return false };
        assert!(consumed > 0 && consumed <= buffer.len());
        let end = &buffer[bytes.len()..consumed];
        assert!(matches!(end, b"" | b"\n" | b"\r\n"), "{end:?} was lost");
        lost.extend_from_slice(&buffer[..consumed]);
        found.push(String::from_utf8_lossy(&bytes).into_owned());
        buffer.drain(..consumed);
        true
    };
    let owned = |joined: Option<Joined<'_>>| joined.map(|joined| (joined.bytes.to_vec(), joined.consumed));
    for read in text.chunks(step) {
        buffer.extend_from_slice(read);
        loop {
            let joined = owned(joiner.next(&buffer));
            if !take(&mut buffer, joined) {
                break;
            }
        }
    }
    loop {
        let joined = owned(joiner.finish(&buffer));
        if !take(&mut buffer, joined) {
            break;
        }
    }
    assert!(buffer.is_empty());
    assert_eq!(lost, text);
    found
}

/// Each text is a record; together they are a stream.
fn check(rule: Rule, expected: &[&str]) {
    let text = expected.iter().map(|record| format!("{record}\n")).collect::<String>();
    for rule in [rule, if matches!(rule, Rule::Indented | Rule::Stamp) { rule } else { Rule::Auto }] {
        let found = records(&mut Joiner::new(rule, Limits::default()), text.as_bytes(), 7);
        assert_eq!(found, expected, "{rule}");
    }
}

/// As [`check`], by the rule `auto` alone.
fn check_auto(expected: &[&str]) {
    check(Rule::Auto, expected);
}

#[test]
fn reports_of_rusts_panics_are_joined() {
    check(
        Rule::Rust,
        &[
            "thread 'main' panicked at src/main.rs:3:5:\nno cart\nstack backtrace:\n   0: shop::buy\n             at ./src/main.rs:3:5\nnote: run with `RUST_BACKTRACE=full`",
            "thread 'main' (4711) panicked at src/main.rs:3:5:\nno cart\nnote: run with `RUST_BACKTRACE=1`",
            "thread 'main' panicked at 'no cart', src/main.rs:3:5\nnote: run with `RUST_BACKTRACE=1`",
            "it ends here",
        ],
    );
}

#[test]
fn reports_of_darts_exceptions_are_joined() {
    check(
        Rule::Dart,
        &[
            "Unhandled exception:\nBad state: no cart\n#0      buy (package:shop/cart.dart:16:3)\n<asynchronous suspension>\n#1      main (file:///srv/main.dart:3:5)",
            "Unhandled exception:\n'file:///srv/a.dart': malformed type\n  buy( () { new No(); } );\n      ^\n\n\n#0      _TypeError._throwNew (dart:core-patch/errors_patch.dart:82)",
            "it ends here",
        ],
    );
}

#[test]
fn a_record_of_a_queue_manager_ends_with_dashes() {
    check(
        Rule::Auto,
        &[
            "11/14/2023 22:13:20 - Process(7.1) User(bob) Program(strmqm)\n                      Host(web1)\n\nAMQ7125I: days\nleft.\n\nACTION:\nNone.\n----- amqzlic0.c : 435 --------",
            "14.11.2023 22:13:21 - Process(8.1) User(bob) Program(strmqm)\nAMQ7125I: left.",
            "14.11.2023 22:13:22 - Process(9.1) User(bob) Program(strmqm)\n----- amqzlic0.c : 435 --------",
            "it ends here",
        ],
    );
}

#[test]
fn what_node_writes_behind_a_stack_trace_is_of_it() {
    check(
        Rule::Java,
        &[
            "Error: no\n    at buy (/srv/cart.js:1:2) {\n  code: 'ENOENT'\n}",
            "}",
            "Error: no\n    at buy (/srv/cart.js:1:2)",
            "ready",
            "/srv/cart.js:9\nthrow new Error('no')\n^\n\nError: no\n    at buy (/srv/cart.js:9:7)\n    at node:internal/main:17:47\n\nNode.js v20.1.0",
            "node:events:491\n      throw er; // Unhandled 'error' event\n      ^\n\nError: listen\n    at buy (/srv/cart.js:9:7)\n",
            "see /srv/cart.js:9",
            "node:events:491\n      throw er; // Unhandled 'error' event\n      ^\n\nError: listen\n    at buy (/srv/cart.js:9:7)\nEmitted 'error' event on Server instance at:\n    at emit (node:net:1:7) {\n  code: 'EADDRINUSE',\n  inner: {\n    n: 1\n  }\n}\n\nNode.js v20.1.0",
            "/srv/cart.js:9\nthrow 'no';\n^\nno\n(Use `node --trace-uncaught ...` to show where the exception was thrown)\n\nNode.js v20.1.0",
            "ready",
        ],
    );
}

#[test]
fn stack_traces_of_php_are_joined() {
    check(
        Rule::Php,
        &[
            "[14-Nov-2023 22:13:20 UTC] PHP Fatal error:  Uncaught Exception: no in /srv/a.php:3\nStack trace:\n#0 /srv/b.php(9): buy()\n#1 {main}\n  thrown in /srv/a.php on line 3",
            "[2023-11-14 22:13:20] local.ERROR: no {\"exception\":\"[object] (E(code: 0): no at /srv/a.php:3)\n[stacktrace]\n#0 /srv/b.php(9): A->b('x')\n#1 {main}\n\n[previous exception] [object] (F(code: 0): x)\n[stacktrace]\n#0 [internal function]: {closure}()\n\"} ",
            "[2023-11-14 22:13:21] local.INFO: yes",
            "#7 is a ticket",
        ],
    );
}

#[test]
fn what_php_wrote_to_nginx_is_of_the_line_that_quotes_it() {
    check(
        Rule::Php,
        &[
            "2023/11/14 22:13:20 [error] 7#7: *8 FastCGI sent in stderr: \"PHP message: PHP Warning:  a in /srv/a.php on line 3\nPHP message: b\" while reading response header from upstream, client: 192.0.2.7",
            "2023/11/14 22:13:20 [error] 7#7: *9 FastCGI sent in stderr: \"PHP message: c\" while reading upstream, client: 192.0.2.7",
            "PHP message: d",
            "2023/11/14 22:13:20 [error] 7#7: *9 FastCGI sent in stderr: \"PHP message: e",
            "2023/11/14 22:13:21 [error] 7#7: *9 open() failed",
        ],
    );
}

#[test]
fn the_stack_trace_behind_a_record_of_zap_is_of_it() {
    check(
        Rule::Go,
        &[
            "2023-11-14T22:13:20.123Z\terror\tshop/cart.go:9\tno\t{\"a\": 1}\nexample.com/shop/cart.(*Cart[...]).Buy\n\t/src/shop/cart.go:9\nmain.main\n     /src/main.go:7",
            "2023-11-14T22:13:21.123Z\tinfo\tshop/cart.go:9\tyes",
            "main.main",
            "2023-11-14T22:13:20.123Z\tERROR\tno",
            "the end.",
        ],
    );
}

#[test]
fn a_level_that_is_filled_up_by_a_blank_begins_a_record() {
    check(
        Rule::Auto,
        &[
            " INFO shop: ready",
            " WARN request{id=7}: shop: low\n    at src/cart.rs:7",
            "ERROR shop: no",
            " INFO shop: ready",
            " 2023-11-14T22:13:20.123Z INFO  shop > ready",
            " TRACE shop > ready\n  INFO is what it says",
        ],
    );
}

#[test]
fn names_are_read_in_any_case() {
    for &rule in Rule::ALL {
        assert_eq!(rule.to_string().to_uppercase().parse(), Ok(rule));
    }
    let error = "xyz".parse::<Rule>().unwrap_err().to_string();
    assert!(error.starts_with("unknown multiline rule \"xyz\": use none, auto, "), "{error}");
}

#[test]
fn javas_stack_traces_are_joined() {
    check(
        Rule::Java,
        &[
            "2023-11-14 22:13:20,123 ERROR [main] c.e.App - no\njava.lang.IllegalStateException: x\n\tat c.e.App.run(App.java:9)\n\tat c.e.App.main(App.java:3)\nCaused by: java.io.IOException: y\n\tat c.e.Io.read(Io.java:1)\n\t... 2 more",
            "2023-11-14 22:13:21,123 INFO  [main] c.e.App - on",
            "Exception in thread \"main\" java.lang.Error: x\n\tat c.e.App.main(App.java:3)\n\tSuppressed: a.B: c\n\t\tat d.E.f(E.java:1)",
            "next",
            "Nov 14, 2023 10:13:20 PM c.e.App run\nSEVERE: no\njava.lang.Error\n\tat c.e.App.run(App.java:9)",
            "Nov 14, 2023 10:13:21 PM c.e.App run\nINFO: on",
        ],
    );
}

#[test]
fn an_empty_line_may_stand_before_a_stack_trace() {
    let boot = "2023-11-14T22:13:20.123Z ERROR 7 --- [shop] [main] c.e.App : no\n\njava.lang.IllegalStateException: x\n\tat c.e.App.run(App.java:9)\nCaused by: java.lang.Error: y\n\t... 1 more";
    let next = "2023-11-14T22:13:21.123Z  INFO 7 --- [shop] [main] c.e.App : on";
    for rule in [Rule::Java, Rule::Auto] {
        check(rule, &[boot, "", next, "", next, boot, next, ""]);
    }
    check(
        Rule::Python,
        &[
            "ERROR root: no\n\nTraceback (most recent call last):\n  File \"a.py\", line 9\nValueError: x",
            "INFO root: on",
            "",
            "INFO root: on",
        ],
    );
    // An exception that stands by itself is of no record two lines before it.
    check(Rule::Auto, &[next, "", "\njava.lang.Error: y"]);
}

#[test]
fn dropwizards_traces_with_a_mark_before_each_line_are_joined() {
    let records = [
        "ERROR [2023-11-14 22:13:20,123] c.e.App: no\n! java.io.IOException: x\n! ... 2 common frames omitted\n! Causing: c.e.Broken$Cart: y\n! at c.e.App.run(App.java:9)\n! \tat c.e.App.main(App.java:3)",
        "INFO  [2023-11-14 22:13:21,123] c.e.App: on",
        "! attention",
        "! note: c.e.App is slow",
    ];
    check(Rule::Java, &records);
    check(Rule::Auto, &records);
}

#[test]
fn pythons_tracebacks_are_joined() {
    check(
        Rule::Python,
        &[
            "Traceback (most recent call last):\n  File \"a.py\", line 9, in f\nKeyboardInterrupt",
            "ERROR:root:no\nTraceback (most recent call last):\n  File \"a.py\", line 9, in f\n    g()\nValueError: x\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 3, in <module>\n    f()\nshop.Error: y",
            "INFO:root:on",
        ],
    );
}

#[test]
fn a_traceback_that_begins_in_the_line_of_a_logger_is_of_it() {
    let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 9, in f\nValueError: x\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 3, in <module>\nshop.Error: y";
    for head in [
        "2023-11-14 22:13:20,123 ERROR root: ",
        "ERROR:root:",
        "2023-11-14T22:13:20.1+00:00 web1 app[7]: ",
        "<34>1 2023-11-14T22:13:20Z web1 app 7 - - ",
    ] {
        let next = format!("{head}on");
        check(Rule::Auto, &[&next, &format!("{head}{traceback}"), &next]);
    }
}

#[test]
fn what_follows_the_statement_of_a_slow_query_as_another_log_is_not_of_it() {
    let slow = "# Time: 2023-11-14T22:13:20.123456Z\n# User@Host: app[app] @ web1 [192.0.2.5]  Id:     8\n# Query_time: 2.000652  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 0\nSET timestamp=1700000000;\nselect sleep(2),\n  7;";
    check(
        Rule::Auto,
        &[
            slow,
            "2023-11-14T22:13:25.123456Z 0 [ERROR] [MY-010119] [Server] Aborting",
            slow,
            "192.0.2.1 - - [14/Nov/2023:22:13:27 +0000] \"GET / HTTP/1.1\" 500 5",
            slow,
        ],
    );
}

#[test]
fn gos_panics_are_joined() {
    check(
        Rule::Go,
        &[
            "2023/11/14 22:13:20 on",
            "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:\nmain.buy(...)\n\t/src/main.go:9\nexample.com/shop.(*Cart).Buy(0xc000010000, {0x1, 0x2})\n\t/src/cart.go:3 +0x1d\ncreated by main.main\n\t/src/main.go:1 +0x1\nexit status 2",
            "2023/11/14 22:13:21 again",
            "panic: no\n\ngoroutine 7 [running]:\nencoding/json.Unmarshal({0xc0000121a0, 0x3, 0x3}, {0x4b1c80?, 0xc000014090})\n\t/go/decode.go:96 +0x5e\nnet/http.serverHandler.ServeHTTP({0xc0000a8e40?}, 0x6?)\n\t/go/server.go:9 +0x1\n...additional frames elided...\n...23 frames elided...\n[originating from goroutine 1]:\nmain.main()\n\t/src/main.go:1 +0x1\n\nrax    0x0\nrip    0x46e5a1",
            "shop.Cart(is empty)",
        ],
    );
}

#[test]
fn what_gos_runtime_reports_behind_a_line_of_a_logger_is_of_it() {
    let report =
        "goroutine 1 [running]:\nmain.buy(...)\n\t/src/main.go:9\ncreated by main.main\n\t/src/main.go:1 +0x1d";
    for head in [
        "F1114 22:13:20.123456       1 main.go:12] no way on",
        "E1114 22:13:20.123456       1 runtime.go:79] Observed a panic: \"no\" (no)",
        "2023/11/14 22:13:20 http: panic serving 192.0.2.7:5: no",
    ] {
        check(
            Rule::Auto,
            &[
                "I1114 22:13:20.000000       1 main.go:3] on",
                &format!("{head}\n{report}"),
                "I1114 22:13:21.000000       1 main.go:3] again",
            ],
        );
    }
}

#[test]
fn rubys_and_dotnets_traces_are_joined() {
    check(
        Rule::Ruby,
        &[
            "app/cart.rb:9:in 'buy': no (RuntimeError)\n\tfrom app/cart.rb:3:in 'run'\napp/main.rb:1:in '<main>'",
            "next",
            "ActionController::RoutingError (No route matches [GET] \"/cart\"):\n  \nrack (3.0.8) lib/rack/sendfile.rb:21:in `call'\napp/main.rb:1:in `go'",
            "next (of):",
        ],
    );
    check(
        Rule::Dotnet,
        &[
            "fail: Shop.Cart[0]\n      no\n      System.InvalidOperationException: x\n         at Shop.Cart.Buy() in /src/Cart.cs:line 9",
            "Unhandled exception. System.Exception: x\n ---> System.IO.IOException: y\n   at Shop.Read()\n   --- End of inner exception stack trace ---\n   at Shop.Run()",
            "info: Shop.Cart[0]",
        ],
    );
}

#[test]
fn what_postgresql_adds_to_a_message_is_joined() {
    check(
        Rule::Postgresql,
        &[
            "2023-11-14 22:13:20.123 UTC [7] ERROR:  no\n2023-11-14 22:13:20.123 UTC [7] DETAIL:  x\n2023-11-14 22:13:20.123 UTC [7] STATEMENT:  select\n\tfrom x",
            "2023-11-14 22:13:21.123 UTC [7] LOG:  on",
        ],
    );
}

#[test]
fn what_happened_at_a_time_that_stands_alone_is_joined() {
    check(
        Rule::Auto,
        &[
            "2023-11-14T22:13:20.123456+01:00\nThread 1 advanced to log sequence 7\n  Current log# 1\nWARNING: x",
            "2023-11-14T22:13:21.123456+01:00\nORA-00060: Deadlock detected.",
            "Tue Nov 14 22:13:20 2023\nStarting up",
            "Nov 14 22:13:20 web1 shop: x",
            "11/14/2023 10:13:20 PM",
            "text",
        ],
    );
}

#[test]
fn other_rules_hold() {
    check(
        Rule::Xml,
        &["<Events>", "<Event xmlns='x'>\n<System>\n</System>\n</Event>", "<Event></Event>", "<Event>\n</Event>", "x"],
    );
    check(
        Rule::Indented,
        &["a\n b\n\tc", "d", "", "e\n f", "    77:20231114:221320.123 g", "    78:20231114:221320.123 h"],
    );
    check(
        Rule::Stamp,
        &["2023-11-14 22:13:20 a\nb\n\n c", "[2023-11-14 22:13:20] d\ne", "<13>f", "{\"a\":1}", "Nov 14 22:13:20 g\nh"],
    );
    check(
        Rule::MysqlSlow,
        &[
            "# Time: 2023-11-14T22:13:20Z\n# User@Host: a[a] @ b []\n# Query_time: 1\nselect\n1;",
            "# User@Host: a[a] @ b []\nselect 2;",
            "# Time: 2023-11-14T22:13:21Z\n# User@Host: a[a] @ b []\nselect 3;",
            "/usr/sbin/mysqld, Version: 8.0.1 (x). started with:",
            "# Time: 231114 22:13:20\n# User@Host: a[a] @ b []\nselect 4;",
        ],
    );
}

#[test]
fn a_pattern_of_ones_own_begins_records() {
    let pattern = Pattern::compile("^START %{INT}", &[]).unwrap();
    let mut joiner = Joiner::with_pattern(pattern, Limits::default());
    assert_eq!(
        records(&mut joiner, b"START 1\na\r\nSTART x\r\nSTART 2\nb", 3),
        ["START 1\na\r\nSTART x", "START 2\nb"]
    );
}

#[test]
fn lines_of_two_audit_events_in_turns_are_a_record_for_each_run() {
    let line = |kind: &str, id: u32| format!("type={kind} msg=audit(1700000000.123:{id}): a=b");
    let (first, second) = ([line("SYSCALL", 1), line("PATH", 1)], [line("SYSCALL", 2), line("PATH", 2)]);
    let text = [&first[0], &second[0], &second[1], &first[1]].map(String::as_str).join("\n");
    let expected = [first[0].clone(), second.join("\n"), first[1].clone()];
    for rule in [Rule::Auditd, Rule::Auto] {
        assert_eq!(records(&mut Joiner::new(rule, Limits::default()), text.as_bytes(), 7), expected, "{rule}");
    }
}

#[test]
fn a_record_that_exceeds_a_limit_is_cut_and_goes_on() {
    let mut joiner = Joiner::new(Rule::Indented, Limits { lines_max: 2, bytes_max: 8 });
    assert_eq!(joiner.next(b"a\n b\n c\nd\n"), Some(Joined { bytes: b"a\n b", lines: 2, cut: true, consumed: 5 }));
    assert_eq!(joiner.next(b" c\nd\n"), Some(Joined { bytes: b" c", lines: 1, cut: false, consumed: 3 }));
    assert_eq!(joiner.next(b"d\n"), None);
    let mut joiner = Joiner::new(Rule::Indented, Limits { lines_max: 9, bytes_max: 4 });
    assert_eq!(records(&mut joiner, b"a\n b\n012345678\n c\n", 1), ["a\n b", "0123", "4567", "8\n c"]);
}

fn any_limits() -> impl Strategy<Value = Limits> {
    (1_usize..6, 1_usize..80).prop_map(|(lines_max, bytes_max)| Limits { lines_max, bytes_max })
}

proptest! {
    #[test]
    fn any_split_gives_the_same_records_and_loses_nothing(
        text in "((2023-11-14 22:13:20|\tat |Traceback \\(most recent call last\\):|panic: |goroutine 1 \\[x\\]:|a.BError: |<Event>|<Event a='b'|<x>|</Event>|Event\\[0\\]:|  Log Name: |LogName=|Message=|# Time:| |x|\r\n|\n|\n\n){0,24})",
        bytes: Vec<u8>,
        rule in prop::sample::select(Rule::ALL.to_vec()),
        limits in any_limits(),
        step in 1_usize..12,
    ) {
        for text in [text.as_bytes(), &bytes] {
            let whole = records(&mut Joiner::new(rule, limits), text, text.len().max(1));
            prop_assert_eq!(records(&mut Joiner::new(rule, limits), text, step), whole.clone());
            // A byte that is not UTF-8 is shown by a character of three bytes.
            prop_assert!(whole.iter().all(|record| record.len() <= limits.bytes_max * 3 + 2));
            if rule == Rule::None && limits.bytes_max > text.len() {
                prop_assert_eq!(whole.len(), String::from_utf8_lossy(text).lines().count());
            }
        }
    }
}

#[test]
fn nothing_plainly_of_another_record_joins_a_windows_event() {
    let others = [
        "Nov 14 22:13:20 web1 sshd[7]: Accepted publickey for bob",
        "<13>x",
        "{\"a\":1}",
        "2023-11-14 22:13:20,123 ERROR [main] c.e.App - no",
        "2023-11-14T22:13:20Z web1 sshd[7]: no",
        "<Event xmlns='x'><System></System></Event>",
    ];
    let torn = "<Event xmlns='x'><System>\ntext";
    for head in ["<Event>", "<Event id=\"4\"/>", "<Event> started", "<log4j:event logger='a'>", torn] {
        check(Rule::Xml, &[&[head][..], &others].concat());
    }
    for head in ["Event[0]:", "LogName=x", "LogName=x\nEventCode=7\nMessage=a\n\nb"] {
        check_auto(&[&[head][..], &others].concat());
    }
    check_auto(&["Event[0]:\n  Log Name: Security\n  Description: \na\n\n{\n$b", "Event[1]:", "text"]);
}

#[test]
fn what_windows_events_quote_is_of_them() {
    check(
        Rule::Xml,
        &[
            "<Event xmlns='x'>\n\n<System></System><Data>function a\n{\n  $b\n}\n\n2023-11-14 came\nNov 14</Data></Event>",
            "<Event\n  xmlns=\"x\"\n  a='b'>\n<System/>\n</Event>",
            "<log4j:event logger=\"a\" level=\"ERROR\">\n<log4j:message><![CDATA[a\n\tat a.B.c(D.java:1)\n]]></log4j:message>\n</log4j:event>",
            "x",
        ],
    );
    check_auto(&[
        "11/14/2023 10:13:20 PM\nLogName=Security\nEventCode=7\nMessage=a\n\n{\n$b = 1\n}\n<a>",
        "11/14/2023 10:13:21 PM\nLogName=Security\nEventCode=8\nMessage=c",
    ]);
}

#[test]
fn a_limit_ends_an_event_that_has_no_end() {
    let head = "<Event xmlns='x'><Data>";
    for head in [head, "Event[0]:\n  Log Name: x\n  Description:", "LogName=x\nMessage=a"] {
        let text = format!("{head}\n{}", "a\n".repeat(1200));
        let found = records(&mut Joiner::new(Rule::Auto, Limits::default()), text.as_bytes(), 64);
        assert_eq!((found[0].lines().count(), found[1].as_str()), (500, "a"), "{head}");
        assert_eq!(found.len(), 1 + 1200 - (500 - head.lines().count()));
    }
}

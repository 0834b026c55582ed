use super::*;
use check::CX;

#[test]
fn a_line_is_read_by_the_parser_of_its_program() {
    for (line, format) in [
        ("2023-11-14 22:13:20,123 INFO  [main] c.e.App - x", "java"),
        ("2023-11-14 22:13:20,123 INFO c.e.App: x", "app"),
        ("2023-11-14T22:13:20.123Z  INFO 7 --- [main] c.e.App : x", "java"),
        ("23/11/14 22:13:20 INFO Remoting: x", "java"),
        ("231114 221320 7 INFO dfs.DataNode: x", "java"),
        ("Nov 14, 2023 10:13:20 PM c.e.App start\nINFO: x", "java"),
        ("INFO  [main] 2023-11-14 22:13:20,123 App.java:9 - x", "java"),
        ("[2023-11-14 22:13:20,123] INFO x (c.e.App)", "java"),
        ("14-Nov-2023 22:13:20.123 INFO [main] a.b.C.d x", "java"),
        ("2023-11-14 22:13:20,123 - shop - INFO - x", "python"),
        ("INFO:shop:x", "python"),
        ("[2023-11-14 22:13:20 +0000] [7] [INFO] x", "python"),
        ("nova.log 2023-11-14 22:13:20.123 7 INFO nova [-] x", "python"),
        ("2023-11-14 22:13:20.123 UTC [7] LOG:  x", "postgresql"),
        ("2023-11-14 22:13:20 UTC:192.0.2.7(5432):bob@shop:[7]:LOG:  x", "postgresql"),
        ("2023-11-14T22:13:20.123456Z 0 [Note] x", "mysql"),
        ("# Time: 2023-11-14T22:13:20Z", "mysql"),
        ("2023-11-14T22:13:20.123+0000 I NETWORK  [conn8] x", "mongodb"),
        ("7:M 14 Nov 2023 22:13:20.123 * x", "redis"),
        ("I1114 22:13:20.123456 7 a.go:9] x", "klog"),
        ("2023/11/14 22:13:20 x", "go"),
        ("2023/11/14 22:13:20 http: TLS handshake error from 192.0.2.7:5: EOF", "go"),
        ("2023-11-14T22:13:20Z\tINFO\tsetup\tx", "go"),
        ("2023-11-14 22:13:20,123 fail2ban.actions        [7]: NOTICE  [sshd] Ban 192.0.2.7", "python"),
        ("20231114 22:13:20,db1,bob,192.0.2.7,8,34,QUERY,shop,'SELECT 1',0", "mysql"),
        ("231114 22:13:20 InnoDB: x", "mysql"),
        ("2023-11-14 22:13:20 UTC 65e7.9 7 bob shop 192.0.2.7(51234) ERROR:  no", "postgresql"),
        ("[2023-11-14T22:13:20Z INFO  shop] x", "rust"),
        ("2023-11-14T22:13:20.123456Z  INFO shop: x", "rust"),
        ("I, [2023-11-14T22:13:20.123456 #7]  INFO -- : x", "ruby"),
        ("info: Shop.Cart[0]\n      x", "dotnet"),
        ("2023-11-14T22:13:20.123Z info: x", "node"),
        ("[2023-11-14T22:13:20.123] [INFO] shop - x", "node"),
        ("2023-11-14 22:13:20.123 [info] <0.1.0> x", "erlang"),
        ("[2023-11-14T22:13:20,123][INFO ][o.e.n.Node] [n] x", "elasticsearch"),
        ("[14-Nov-2023 22:13:20 UTC] PHP Notice:  x", "php"),
        ("11-14 22:13:20.123  1  2 D Tag: x", "android"),
        ("2023-11-14 22:13:20 1Ov4tU-0000Nz-Rm Completed", "exim"),
        ("[1700000000] LOG ROTATION: x", "nagios"),
        ("- 1700000000 2023.11.14 n1 Nov 14 22:13:20 n1 sshd[7]: x", "cluster"),
        ("2023-11-14 22:13:20, Info  CBS  x", "cbs"),
    ] {
        assert_eq!(parse(line.as_bytes(), &CX).map(|event| event.format), Some(format), "{line}");
    }
}

#[test]
fn lines_are_known_where_no_format_is_stated() {
    for (line, format) in [
        ("ERROR [2023-11-14 22:13:20,123] io.dropwizard.X: dw", "java"),
        ("<Nov 14, 2023 10:13:20 PM UTC> <Error> <Security> <BEA-090403> <Authentication denied.>", "weblogic"),
        ("2023-11-14 22:13:20,123 [ERROR] app.mod: boom", "python"),
        ("2023-11-14 22:13:20,123 WARN  [t] (Foo.java:12) - w", "java"),
    ] {
        let event = crate::format::parse(crate::Format::Auto, line.as_bytes(), &CX);
        assert_eq!((event.format, event.timestamp.map(|at| at / 1_000_000)), (format, Some(1_700_000_000)), "{line}");
    }
}

#[test]
fn prose_and_lines_of_other_kinds_are_left_alone() {
    for line in [
        "",
        "   ",
        "hello world",
        "Error: no such file",
        "error: no such file",
        "ERROR something broke",
        "2023-11-14 22:13:20 ERROR something broke",
        "2023-11-14T22:13:20Z text",
        "2023/11/14 22:13:20 [error] 7#7: *8 open() failed",
        "192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 1",
        "[Tue Nov 14 22:13:20 2023] [error] text",
        "key=value other=\"x\"",
        "- a list",
        "# a comment",
        "=====",
        "1700000000.123 a b",
        "Nov 14 22:13:20 web1 sshd[7]: text",
        "note: this is prose",
    ] {
        assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
    }
}

#[test]
fn who_is_shut_out_is_read_from_fail2bans_log() {
    let line = b"2023-11-14 22:13:20,123 fail2ban.actions        [7]: NOTICE  [sshd] Ban 192.0.2.7";
    let event = parse(line, &CX).unwrap();
    assert_eq!((event.ip, &*event.proc_id), ("192.0.2.7".parse().ok(), "7"));
    assert_eq!(event.attributes.get("jail"), Some("sshd"));
}

#[test]
fn an_address_and_a_user_that_the_message_names_are_the_records() {
    let line = b"2023-11-14 22:13:20,123 WARN  [main] c.e.Login - denied user 'bob' from 192.0.2.7";
    let event = parse(line, &CX).unwrap();
    assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(line: Vec<u8>) {
        let event = parse(&line, &CX);
        proptest::prop_assert!(event.is_none_or(|event| event.parse_error.is_none()));
    }

    #[test]
    fn anything_may_follow_a_time(
        stamp in "(2023-11-14 22:13:20,123|2023/11/14 22:13:20|11-14 22:13:20.1|\\[2023-11-14T22:13:20Z|Nov 14, 2023 1:13:20 PM|7:M 14 Nov 22:13:20|231114 221320)",
        rest in "( |\\[|\\]|\\(|\\)|\\{|\\}|-|:|::|<|>|\\||,|\"|=|INFO|Note|info|LOG:  |7|MY-1|a\\.b|x|UTC|PHP |\n|é){0,24}",
    ) {
        let line = format!("{stamp}{rest}");
        let event = parse(line.as_bytes(), &CX);
        proptest::prop_assert!(event.is_none_or(|event| event.parse_error.is_none()));
    }
}

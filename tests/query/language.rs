//! Texts and expressions.

use logseal::query::ast::Expr;
use logseal::query::filter::{Filter, FilterText, only_user};
use logseal::query::matcher::Matcher;
use logseal::query::parse::{DEPTH_MAX, LENGTH_MAX, TERMS_MAX, parse};
use logseal::query::sql::Where;
use logseal::record::LogRow;
use proptest::prelude::*;

use crate::generate::{self, DAY_START};

fn fault(query: &str) -> String {
    parse(query, DAY_START).expect_err(query).to_string()
}

fn shown(query: &str) -> String {
    parse(query, DAY_START).unwrap_or_else(|error| panic!("{query}: {error}")).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_displayed_is_parsed_as_an_equal_expression(expr in generate::expr()) {
        let text = expr.to_string();
        prop_assert_eq!(parse(&text, 0), Ok(expr), "{}", text);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        check_any_text(&text);
    }

    #[test]
    fn no_text_of_the_languages_own_signs_makes_the_parser_panic(
        parts in proptest::collection::vec(
            proptest::sample::select(&["a", "host:", "level:", "ip:", "time:", "attributes.", "id:", "(", ")", "[", "]", "{", "}", " ", "\"", "\\", "/", "-", "*",
                "?", ",", ">", "=", "~", "AND", " OR ", "NOT ", " TO ", "now-1h", "10.0.0.0/8", "5", "error", "é", "\n"][..]), 0..24)
    ) {
        check_any_text(&parts.concat());
    }
}

/// Whatever is parsed can be displayed, parsed again, turned into SQL and run on a record.
fn check_any_text(text: &str) {
    match parse(text, DAY_START) {
        Ok(expr) => {
            let again = expr.to_string();
            if again.len() <= LENGTH_MAX {
                assert_eq!(parse(&again, 0).as_ref(), Ok(&expr), "{text:?} was shown as {again:?}");
            }
            let sql = Where::new(&expr).sql;
            assert!(sql.is_ascii() && !sql.contains('?'), "{sql}");
            assert!(!Matcher::new(&Expr::and([expr.clone(), expr.negate()])).matches(&LogRow::default()));
        }
        Err(error) => assert!(error.column <= text.chars().count() + 1, "{text:?}: {error}"),
    }
}

#[test]
fn queries_are_understood() {
    let check = |query: &str, expected: &str| assert_eq!(shown(query), expected, "{query}");
    check("", "*");
    check("  *  ", "*");
    check("a b OR c", r#"("a" "b") OR "c""#);
    check("a AND (b OR NOT c)", r#""a" ("b" OR NOT "c")"#);
    check("-user:alice --flag -", r#"NOT user_name:"alice" "--flag" "-""#);
    check("level:err,warning", "level:WARN,ERROR");
    check("level:>=warn", "level:WARN,ERROR,FATAL");
    check("level:(error OR warn)", "level:ERROR OR level:WARN");
    check("host:(web* -web-3)", r#"host:web* NOT host:"web-3""#);
    check("attr.status:[400 TO 500}", "attributes.status:>=400 attributes.status:<500");
    check("attributes.\"a b\":x", r#"attributes."a b":"x""#);
    check("-attributes.app.kubernetes.io/name:web", r#"NOT attributes."app.kubernetes.io/name":"web""#);
    check("attr.größe:5", r#"attributes.größe:"5""#);
    check("Attributes.a+b#$,c:5", r##"attributes."a+b#$,c":"5""##);
    check("time:2026-11-20", "timestamp:>=2026-11-20T00:00:00.000000Z timestamp:<2026-11-21T00:00:00.000000Z");
    check("time:>now-1h", "timestamp:>2026-11-19T23:00:00.000000Z");
    check("ip:10.1.2.3/8", "ip:10.0.0.0/8");
    check("ip:[10.0.0.1 TO 10.0.0.9]", "ip:[10.0.0.1 TO 10.0.0.9]");
    check("user=\"alice\"", r#""user=" "alice""#);
    check("sshd[12] /var/log/x.log", r#""sshd[12]" "/var/log/x.log""#);
    check("/a.b/i app:/^x\\/y$/", r"message:/a.b/i app:/^x\/y$/");
    check("fail* *fail *fail* error?", r#"message:fail* message:*fail message:~"fail" message:error?"#);
    check("raw:~x message:~\"a b\" parse_error:\"a b\"", r#"raw_data:~"x" message:~"a b" parse_error:"a b""#);
    check("message:=\"x\" raw:y", r#"message:="x" raw_data:"y""#);
    check(r#""C:\Users\new \"x\"""#, r#""C:\\Users\\new \"x\"""#);
    check("host:*", "host:*");
    check("severity:<=3 id:7", "severity:<=3 id:=7");
}

#[test]
fn faults_are_located_and_explained() {
    let check = |query: &str, expected: &str| assert_eq!(fault(query), expected, "{query}");
    check("a b é sorce:x", r#"column 7: unknown field "sorce" (did you mean "source"?)"#);
    check("http://x", r#"column 1: unknown field "http" (to search for the text, put it in quotes: "http:…")"#);
    check("größe:5", r#"column 1: unknown field "größe" (to search for the text, put it in quotes: "größe:…")"#);
    check("http.status:5", r#"column 1: unknown field "http.status" (did you mean "attributes.http.status"?)"#);
    check("a \"b", "column 3: this quote is not closed");
    check("(a", "column 1: this parenthesis is not closed");
    check("a)", "column 2: this parenthesis was not opened");
    check("host: a", "column 6: a value is missing here");
    check("a OR", "column 5: a value is missing here");
    check("host:>5", "column 7: host holds text and cannot be compared as a number");
    check("attr.x:>y", "column 9: \"y\" is no number");
    check("severity:x", "column 10: severity is a whole number from 0 to 254");
    check("level:bad", "column 7: unknown level \"bad\": use TRACE, DEBUG, INFO, WARN, ERROR, FATAL or UNKNOWN");
    check("ip:10.0", "column 4: \"10.0\" is neither an address nor a block such as 10.0.0.0/8");
    check("time:soon", "column 6: \"soon\" is no time; write 2026-11-20T10:20:30Z, 2026-11-20 or now-1h");
    check(
        "host:/a(?=b)/",
        "column 6: regular expression: look-around, including look-ahead and look-behind, is not supported",
    );
    assert!(fault("app:/[/").starts_with("column"), "{}", fault("app:/[/"));
}

#[test]
fn limits_hold() {
    assert!(parse(&"a".repeat(LENGTH_MAX), 0).is_ok());
    assert!(fault(&"a".repeat(LENGTH_MAX + 1)).contains("at most 4096 bytes"));
    assert!(parse(&format!("{}a{}", "(".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX)), 0).is_ok());
    assert!(fault(&"(".repeat(DEPTH_MAX + 1)).contains("nested more than 64 deep"));
    assert!(fault(&"NOT ".repeat(DEPTH_MAX + 1)).contains("nested"));
    assert!(parse(&"a ".repeat(TERMS_MAX), 0).is_ok());
    assert!(fault(&"a ".repeat(TERMS_MAX + 1)).contains("more than 256 values"));
    assert!(fault(&format!("app:{}*", "a".repeat(300))).contains("at most 256 characters"));
    assert!(fault("/((a{100}){100}){100}/").contains("column"));
}

#[test]
fn a_filter_is_the_conjunction_of_its_parts() {
    let text = |text: &str| Some(text.to_owned());
    let filter = FilterText {
        start_time: text("2026-11-20"),
        end_time: text("2026-11-20T12:00:00+02:00"),
        levels: text("ERROR, warn"),
        source: text("A,B"),
        ip: text("10.0.0.0/8"),
        keyword: text("a, b"),
        user_name: text("alice"),
        q: text("x OR y"),
        host: text(""),
        ..FilterText::default()
    };
    let expected = concat!(
        "timestamp:>=2026-11-20T00:00:00.000000Z timestamp:<2026-11-20T10:00:00.000000Z level:WARN,ERROR ",
        r#"(source:"A" OR source:"B") ip:10.0.0.0/8 user_name:"alice" message:~"a, b" ("x" OR "y")"#
    );
    assert_eq!(Filter::parse(&filter, DAY_START).unwrap().to_expr().to_string(), expected);
    assert_eq!(Filter::parse(&FilterText::default(), 0).unwrap().to_expr(), Expr::All);
}

#[test]
fn every_wrong_parameter_of_a_filter_is_reported() {
    let text = |text: &str| Some(text.to_owned());
    let filter = FilterText {
        start_time: text("soon"),
        levels: text("ERROR,BAD"),
        ip: text("10.0.0.0/99"),
        source: text("a,,b"),
        q: text("sorce:x"),
        ..FilterText::default()
    };
    let fields: Vec<&str> = Filter::parse(&filter, 0).unwrap_err().iter().map(|error| error.field).collect();
    assert_eq!(fields, ["start_time", "levels", "source", "ip", "q"]);
    let backwards = FilterText { start_time: text("now"), end_time: text("now-1h"), ..FilterText::default() };
    assert_eq!(Filter::parse(&backwards, 0).unwrap_err()[0].field, "end_time");
}

#[test]
fn a_user_sees_only_records_with_exactly_his_name() {
    let row = |name: &'static str| LogRow { user_name: name.into(), ..LogRow::default() };
    let matcher = Matcher::new(&only_user("alice"));
    assert!(matcher.matches(&row("alice")));
    assert!(!matcher.matches(&row("Alice")) && !matcher.matches(&row("")));
    assert!(!Matcher::new(&only_user("")).matches(&row("")));
}

//! Any text is a query or is refused with a reason, and what is a query is asked of a record and written again with its meaning.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal::query::matcher::Matcher;
use logseal::query::parse::{LENGTH_MAX, parse};
use logseal::query::sql::Where;
use logseal::record::LogRow;

/// 2026-11-20T18:00:00Z
const NOW: i64 = 1_795_197_600_000_000;

fn record() -> LogRow<'static> {
    LogRow {
        timestamp: NOW,
        received_at: NOW,
        attributes: vec![("status".into(), "404".into()), ("user.name".into(), "bob".into())],
        host: "web1".into(),
        app: "sshd".into(),
        user_name: "bob".into(),
        ip: Some([192, 0, 2, 7].into()),
        message: b"Failed password for bob"[..].into(),
        ..LogRow::default()
    }
}

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match parse(text, NOW) {
        Ok(expression) => {
            let row = record();
            let found = Matcher::new(&expression).matches(&row);
            assert!(!Where::new(&expression).sql.is_empty());
            let written = expression.to_string();
            // What is meant may be longer than what was written.
            if written.len() > LENGTH_MAX {
                return;
            }
            let again = parse(&written, NOW).unwrap_or_else(|error| panic!("{written} is no query: {error}"));
            assert_eq!(Matcher::new(&again).matches(&row), found, "{text}\n{written}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

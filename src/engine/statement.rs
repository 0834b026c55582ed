//! What kind of statement a request holds: an INSERT with data, a query that can be streamed, or anything else.

use super::exception::{Exception, code};
use super::lexer::{Lexer, Token};

/// The words of a statement that decide how it is run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// An INSERT whose data follows its text.
    Insert {
        /// The INSERT without FORMAT or VALUES.
        sql: Vec<u8>,
        /// The format of the data.
        format: String,
        /// Where the data begins in the text that was read.
        data_at: usize,
    },
    /// Every other statement.
    Query(Query),
    /// The beginning of an INSERT whose data has not been reached yet.
    NeedMore,
}

/// A statement that returns a result or nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// The text without a trailing semicolon.
    pub(super) sql: Vec<u8>,
    /// The FORMAT clause, if there is one.
    pub(super) format: Option<String>,
    /// Whether it is a SELECT whose rows may be fetched piece by piece.
    pub(super) streamable: bool,
    /// How much of the text is the SELECT itself, without FORMAT; `None` if something stands behind FORMAT.
    pub(super) select_length: Option<usize>,
}

/// Looks at the text of a request. `complete` says whether `text` is all of it.
///
/// # Errors
/// A text with several statements, without any, or one that reads or writes files of the server.
pub(super) fn read(text: &[u8], complete: bool) -> Result<Statement, Exception> {
    let mut tokens = Lexer::new(text).peekable();
    if tokens.peek().is_some_and(|t| t.is("INSERT")) {
        if let Some(insert) = read_insert(text, tokens)? {
            return Ok(insert);
        }
        if !complete {
            return Ok(Statement::NeedMore);
        }
    } else if !complete {
        return Ok(Statement::NeedMore);
    }
    read_query(text).map(Statement::Query)
}

/// An INSERT with data, or `None` when it is an INSERT … SELECT or its end is not yet in sight.
fn read_insert<'a>(text: &'a [u8], tokens: impl Iterator<Item = Token<'a>>) -> Result<Option<Statement>, Exception> {
    let mut previous: Option<Token<'a>> = None;
    let mut format_keyword: Option<Token<'a>> = None;
    for token in tokens {
        if let Some(keyword) = format_keyword {
            // The name is complete only when something follows it, at least a blank.
            return Ok((token.word && token.end() < text.len()).then(|| Statement::Insert {
                sql: text.get(..keyword.start).unwrap_or_default().to_vec(),
                format: String::from_utf8_lossy(token.text).into_owned(),
                data_at: behind_format(text, token.end()),
            }));
        }
        let names_table = previous.is_some_and(|p| p.is("INTO") || p.is("TABLE") || p.is_symbol(b'.'));
        if !names_table {
            if token.is("FORMAT") {
                format_keyword = Some(token);
            } else if token.is("VALUES") {
                return Ok(Some(Statement::Insert {
                    sql: text.get(..token.start).unwrap_or_default().to_vec(),
                    format: "Values".to_owned(),
                    data_at: token.end(),
                }));
            } else if token.is("INFILE") {
                return Err(Exception::unsupported("INSERT FROM INFILE over HTTP"));
            } else if token.is("SELECT") || token.is("WITH") {
                return Ok(None);
            }
        }
        previous = Some(token);
    }
    Ok(None)
}

/// The data begins behind blanks and at most one line end, or behind a semicolon.
fn behind_format(text: &[u8], mut at: usize) -> usize {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    at += text.get(at..).map_or(0, |r| r.iter().take_while(|b| blank(b)).count());
    if text.get(at) == Some(&b';') {
        at += 1;
        at += text.get(at..).map_or(0, |r| r.iter().take_while(|b| blank(b)).count());
    }
    if text.get(at) == Some(&b'\r') && text.get(at + 1) == Some(&b'\n') {
        return at + 2;
    }
    at + usize::from(text.get(at) == Some(&b'\n'))
}

fn read_query(text: &[u8]) -> Result<Query, Exception> {
    let mut tokens: Vec<Token<'_>> = Lexer::new(text).collect();
    let mut end = text.len();
    if let Some(first) = tokens.iter().position(|t| t.is_symbol(b';')) {
        if tokens.iter().skip(first).any(|t| !t.is_symbol(b';')) {
            return Err(Exception::new(
                code::SYNTAX_ERROR,
                "SYNTAX_ERROR",
                "Syntax error (Multi-statements are not allowed)",
            ));
        }
        end = tokens.get(first).map_or(end, |t| t.start);
        tokens.truncate(first);
    }
    if tokens.is_empty() {
        return Err(Exception::new(code::SYNTAX_ERROR, "SYNTAX_ERROR", "Syntax error: Empty query"));
    }
    if tokens.iter().any(|t| t.is("OUTFILE")) {
        return Err(Exception::unsupported("INTO OUTFILE over HTTP"));
    }
    let (format, select_length) = match format_clause(&tokens) {
        None => (None, Some(end)),
        Some((name, start, last)) => (Some(name), last.then_some(start)),
    };
    Ok(Query {
        sql: text.get(..end).unwrap_or_default().to_vec(),
        format,
        streamable: is_streamable(&tokens),
        select_length,
    })
}

/// The name in the last `FORMAT name` that ends the statement or stands before SETTINGS, where it begins, and whether
/// it ends the statement.
fn format_clause(tokens: &[Token<'_>]) -> Option<(String, usize, bool)> {
    let at = tokens.iter().rposition(|t| t.is("FORMAT"))?;
    let before = tokens.get(at.checked_sub(1)?)?;
    let name = tokens.get(at + 1)?;
    let names_something =
        ["FROM", "JOIN", "AS", "BY"].iter().any(|k| before.is(k)) || before.is_symbol(b'.') || before.is_symbol(b',');
    let closes = tokens.get(at + 2).is_none_or(|t| t.is("SETTINGS"));
    let text = String::from_utf8_lossy(name.text).into_owned();
    let start = tokens.get(at).map_or(0, |t| t.start);
    let last = tokens.len() == at + 2;
    (name.word && closes && !names_something).then_some((text, start, last))
}

/// A SELECT without totals, whose formats have no end part that belongs to the whole result.
fn is_streamable(tokens: &[Token<'_>]) -> bool {
    let mut words = tokens.iter().filter(|t| t.word);
    let select = words
        .next()
        .is_some_and(|t| ["SELECT", "WITH", "FROM"].iter().any(|k| t.text.eq_ignore_ascii_case(k.as_bytes())));
    let whole = tokens.iter().any(|t| {
        let names = |k: &str| t.word && t.text.eq_ignore_ascii_case(k.as_bytes());
        // The three settings change the output into one document, or add rows behind the result.
        names("INSERT")
            || names("TOTALS")
            || names("extremes")
            || names("output_format_json_array_of_rows")
            || names("output_format_binary_encode_types_in_binary_format")
    });
    select && !whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(sql: &str) -> Query {
        match read(sql.as_bytes(), true).unwrap() {
            Statement::Query(query) => query,
            other => panic!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn the_format_clause_is_found_where_the_engine_finds_it() {
        let check = |sql: &str, expected: Option<&str>| {
            assert_eq!(query(sql).format.as_deref(), expected, "{sql}");
        };
        check("SELECT 1 FORMAT JSON", Some("JSON"));
        check("select 1 format CSVWithNames;", Some("CSVWithNames"));
        check("SELECT 1 FORMAT CSV SETTINGS max_threads = 1", Some("CSV"));
        check("SELECT 1 FORMAT CSV -- FORMAT JSON", Some("CSV"));
        check("SELECT 'FORMAT JSON'", None);
        check("SELECT 1 AS format", None);
        check("SELECT format FROM t", None);
        check("SELECT * FROM format f", None);
        check("SELECT * FROM (SELECT 1 FORMAT JSON)", None);
        check("FORMAT JSON", None);
    }

    #[test]
    fn the_select_is_known_unless_something_follows_the_format() {
        let check = |sql: &str, expected: Option<&str>| {
            let length = query(sql).select_length;
            assert_eq!(length.and_then(|n| sql.get(..n)), expected, "{sql}");
        };
        check("SELECT 1 FORMAT CSV;", Some("SELECT 1 "));
        check("SELECT 1", Some("SELECT 1"));
        check("SELECT 1 FORMAT CSV SETTINGS join_use_nulls = 1", None);
    }

    #[test]
    fn only_a_plain_select_is_streamed() {
        let check = |sql: &str, expected: bool| assert_eq!(query(sql).streamable, expected, "{sql}");
        check("SELECT 1", true);
        check("(SELECT 1) UNION ALL (SELECT 2)", true);
        check("/* x */ WITH 1 AS a SELECT a", true);
        check("DESCRIBE TABLE t", false);
        check("SHOW TABLES", false);
        check("EXPLAIN SELECT 1", false);
        check("SELECT a, count() FROM t GROUP BY a WITH TOTALS", false);
        check("WITH 1 AS a INSERT INTO t SELECT a", false);
        check("INSERT INTO t SELECT 1", false);
    }

    #[test]
    fn an_insert_is_cut_where_its_data_begins() {
        let check = |text: &str, sql: &str, format: &str, data: &str| {
            let Statement::Insert { sql: s, format: f, data_at } = read(text.as_bytes(), true).unwrap() else {
                panic!("{text}: not an insert with data");
            };
            assert_eq!(String::from_utf8(s).unwrap().trim(), sql, "{text}");
            assert_eq!(f, format, "{text}");
            assert_eq!(text.get(data_at..), Some(data), "{text}");
        };
        check("INSERT INTO t FORMAT CSV\n1,2\n", "INSERT INTO t", "CSV", "1,2\n");
        check("INSERT INTO t(a, b) FORMAT CSV \r\n\n1", "INSERT INTO t(a, b)", "CSV", "\n1");
        check("insert into format.t (format) values (1)", "insert into format.t (format)", "Values", " (1)");
        check(
            "INSERT INTO t SETTINGS a = 'FORMAT x' FORMAT Native ",
            "INSERT INTO t SETTINGS a = 'FORMAT x'",
            "Native",
            "",
        );
        check("INSERT INTO `FORMAT` FORMAT TSV;\nx", "INSERT INTO `FORMAT`", "TSV", "x");
    }

    #[test]
    fn an_insert_that_is_not_whole_yet_asks_for_more() {
        for text in ["INSERT INTO t", "INSERT INTO t FORMAT", "INSERT INTO t FORMAT Row"] {
            assert_eq!(read(text.as_bytes(), false).unwrap(), Statement::NeedMore, "{text}");
        }
    }

    #[test]
    fn several_statements_and_server_files_are_refused() {
        for (text, code) in [
            ("SELECT 1; SELECT 2", 62),
            ("  -- nothing", 62),
            ("SELECT 1 INTO OUTFILE 'x'", 48),
            ("INSERT INTO t FROM INFILE 'x' FORMAT CSV", 48),
        ] {
            assert_eq!(read(text.as_bytes(), true).unwrap_err().code, code, "{text}");
        }
        assert_eq!(query("SELECT ';' ; ; ").sql, b"SELECT ';' ");
    }
}

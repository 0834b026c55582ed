//! Random expressions and records that have a fair chance to meet: both draw from few short texts.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use logseal::query::ast::{Cmp, Expr, Term, TextTest};
use logseal::query::field::{NumberField, TextField, TimeField};
use logseal::query::ip_range::{IpRange, ip_bits};
use logseal::query::level_set::LevelSet;
use logseal::query::pattern::{Piece, Wildcard};
use logseal::query::regex_text::RegexText;
use logseal::record::LogRow;
use logseal_parsers::Level;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Midnight of 2026-11-20 in microseconds.
pub(crate) const DAY_START: i64 = 1_795_132_800_000_000;

const FRAGMENTS: [&str; 50] = [
    "a",
    "A",
    "b",
    "B",
    "ab",
    "Ab",
    "k",
    "K",
    "\u{212a}",
    "s",
    "\u{17f}",
    "é",
    "É",
    "ß",
    "日",
    "😀",
    "%",
    "_",
    "\\",
    "'",
    "\"",
    "*",
    "?",
    "/",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\0",
    ".",
    "-",
    "login",
    "Login FAILED",
    "failed",
    "1",
    "10",
    "web",
    "WEB-1",
    ",",
    "(x)",
    "[1 TO 2]",
    "\\N",
    "{q0:String}",
    "login failed",
    "=>",
    "_1",
    ":",
    "10.1",
    "FAILED.",
];
const NUMBERS: [&str; 22] = [
    "0",
    "-0",
    "1",
    "2",
    "10",
    "10.0",
    "1e1",
    "1E+1",
    "0.1",
    "1e-1",
    "0.30000000000000004",
    "-5",
    "+5",
    "1e400",
    "inf",
    "nan",
    "1e",
    " 1",
    "0x1",
    "01",
    "9007199254740993",
    "123456789012345678901234567890",
];
const NAMES: [&str; 6] = ["status", "Status", "sd@1.x", "a b", "", "q\"\\:"];

/// Not UTF-8: stray and cut off sequences.
const BROKEN: [&[u8]; 5] = [b"\xff", b"\x80", b"\xc3", b"\xe6\x97", b"\xf0\x9f\x98"];

fn text(max: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        6 => vec(select(&FRAGMENTS[..]), 0..=max).prop_map(|parts| parts.concat()),
        1 => select(&NUMBERS[..]).prop_map(str::to_owned),
    ]
}

fn name_text() -> impl Strategy<Value = String> {
    prop_oneof![2 => Just(String::new()), 5 => select(&["web", "WEB", "Web-1", "a", "A", "ab", "login", "%", "é"][..]).prop_map(str::to_owned), 3 => text(3)]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let broken = select(&BROKEN[..]).prop_map(<[u8]>::to_vec);
    vec(prop_oneof![12 => select(&FRAGMENTS[..]).prop_map(|s| s.as_bytes().to_vec()), 1 => broken], 0..8)
        .prop_map(|parts| parts.concat())
}

fn level() -> impl Strategy<Value = Level> {
    select(&Level::ALL[..])
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0..3_u8, 0..3_u8).prop_map(|(a, d)| IpAddr::V4(Ipv4Addr::new(10, a, 0, d))),
        (0..2_u16, 0..3_u16).prop_map(|(a, d)| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, a, 0, 0, 0, 0, d))),
        select(
            &["0.0.0.0", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
                [..]
        )
        .prop_map(|text| text.parse().unwrap()),
    ]
}

fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => (0..4_i64, -1..=1_i64).prop_map(|(hours, micros)| DAY_START + hours * 3_600_000_000 + micros),
        1 => select(&[0, -1, -62_135_596_800_000_000, 253_402_300_799_999_999, 4_102_444_800_000_000][..]),
    ]
}

/// A record. Its id is for the caller to give; its arrival lies on one of two days.
pub(crate) fn row() -> impl Strategy<Value = LogRow<'static>> {
    let names = (name_text(), name_text(), name_text(), name_text(), name_text(), name_text());
    let numbers = (proptest::option::of(0..8_u8), proptest::option::of(0..3_u8), proptest::option::of(address()));
    let attributes =
        vec((select(&NAMES[..]), prop_oneof![text(3), select(&NUMBERS[..]).prop_map(str::to_owned)]), 0..4);
    let texts = (bytes(), bytes(), text(2), text(2), select(&["rfc5424", "json", ""][..]), select(&NUMBERS[..]));
    (names, numbers, attributes, texts, level(), instant(), 0..90_000_000_000_i64).prop_map(
        |(names, (severity, facility, ip), attributes, texts, level, timestamp, age)| {
            let (message, around, parse_error, origin, format, number) = texts;
            let raw = [around.as_slice(), message.as_slice(), b"\n"].concat();
            LogRow {
                id: 0,
                timestamp,
                received_at: DAY_START + age,
                level,
                severity,
                facility,
                source: names.0.into(),
                host: names.1.into(),
                app: names.2.into(),
                proc_id: if names.3.is_empty() { number.into() } else { names.3.into() },
                msg_id: names.4.into(),
                user_name: names.5.into(),
                format: format.into(),
                parse_error: parse_error.into(),
                origin: origin.into(),
                cluster: "".into(),
                // An unspecified address is how the store marks an absent one.
                ip: ip.filter(|ip| ip_bits(*ip) != 0),
                message: Cow::Owned(message),
                raw: Cow::Owned(raw),
                attributes: attributes.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            }
        },
    )
}

/// An expression, in the form that the parser makes.
pub(crate) fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![1 => Just(Expr::All), 30 => term().prop_map(Expr::Term)];
    leaf.prop_recursive(4, 12, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Expr::negate),
            vec(inner.clone(), 1..4).prop_map(Expr::and),
            vec(inner, 1..4).prop_map(Expr::or),
        ]
    })
}

fn term() -> impl Strategy<Value = Term> {
    let number_field = || select(&[NumberField::Severity, NumberField::Facility][..]);
    prop_oneof![
        14 => (text_field(), text_test()).prop_map(|(field, test)| Term::Text { test: usable(&field, test), field }),
        3 => (number_text_field(), cmp(), select(&NUMBERS[..])).prop_map(|(field, op, text)| {
            let value = text.trim().parse().ok().filter(|n: &f64| n.is_finite()).unwrap_or(1.0);
            Term::Decimal { field, op, value }
        }),
        2 => (number_field(), cmp(), 0..9_u64).prop_map(|(field, op, value)| Term::Number { field, op, value }),
        1 => (cmp(), 0..300_u64).prop_map(|(op, value)| Term::Number { field: NumberField::Id, op, value }),
        1 => number_field().prop_map(Term::NumberExists),
        2 => (select(&[TimeField::Timestamp, TimeField::ReceivedAt][..]), cmp(), instant())
            .prop_map(|(field, op, micros)| Term::Time { field, op, micros }),
        2 => ip_range().prop_map(Term::Ip),
        2 => vec(level(), 0..4).prop_map(|levels| Term::Level(levels.into_iter().collect::<LevelSet>())),
    ]
}

fn cmp() -> impl Strategy<Value = Cmp> {
    select(&[Cmp::Lt, Cmp::Le, Cmp::Eq, Cmp::Ge, Cmp::Gt][..])
}

fn ip_range() -> impl Strategy<Value = IpRange> {
    prop_oneof![
        (address(), address()).prop_map(|(a, b)| {
            let (a, b) = (ip_bits(a), ip_bits(b));
            IpRange { first: a.min(b), last: a.max(b) }
        }),
        (address(), 0..=128_u32).prop_map(|(address, prefix)| {
            let prefix = if address.is_ipv4() { prefix % 33 } else { prefix };
            IpRange::parse(&format!("{address}/{prefix}")).unwrap()
        }),
        address().prop_map(|address| IpRange { first: ip_bits(address), last: ip_bits(address) }),
        Just(IpRange::ANY),
    ]
}

fn text_field() -> impl Strategy<Value = TextField> {
    use TextField::*;
    prop_oneof![
        5 => Just(Message),
        8 => select(vec![Source, Host, App, ProcId, MsgId, UserName, Format, ParseError, Origin, Raw, Raw]),
        3 => select(&NAMES[..]).prop_map(|name| Attribute(name.to_owned())),
    ]
}

fn number_text_field() -> impl Strategy<Value = TextField> {
    prop_oneof![Just(TextField::ProcId), select(&NAMES[..]).prop_map(|name| TextField::Attribute(name.to_owned()))]
}

fn text_test() -> impl Strategy<Value = TextTest> {
    prop_oneof![
        4 => name_text().prop_map(TextTest::Equals),
        4 => text(3).prop_filter("not empty", |text| !text.is_empty()).prop_map(TextTest::Contains),
        6 => text(4).prop_filter("not empty", |text| !text.is_empty()).prop_map(TextTest::Words),
        4 => wildcard().prop_map(TextTest::Wildcard),
        4 => regex().prop_map(TextTest::Regex),
        1 => Just(TextTest::Exists),
    ]
}

fn wildcard() -> impl Strategy<Value = Wildcard> {
    let piece = prop_oneof![
        3 => select(&FRAGMENTS[..]).prop_map(|text| Piece::Literal(text.to_owned())),
        2 => Just(Piece::AnyRun),
        1 => Just(Piece::AnyChar),
    ];
    vec(piece, 1..6).prop_map(|pieces| Wildcard::new(pieces).unwrap())
}

/// Makes a test one that the parser would make for this field.
fn usable(field: &TextField, test: TextTest) -> TextTest {
    let pattern = match test {
        TextTest::Words(text) if !field.is_prose() => return TextTest::Equals(text),
        TextTest::Wildcard(pattern) => pattern,
        other => return other,
    };
    match pattern.pieces() {
        [] | [Piece::AnyRun] => TextTest::Exists,
        [Piece::Literal(text)] if field.is_prose() => TextTest::Words(text.clone()),
        [Piece::Literal(text)] => TextTest::Equals(text.clone()),
        [Piece::AnyRun, Piece::Literal(text), Piece::AnyRun] if field.is_prose() => TextTest::Contains(text.clone()),
        _ => TextTest::Wildcard(pattern),
    }
}

/// Expressions of the grammar that is accepted; pieces that do not fit together are drawn again.
pub(crate) fn regex() -> impl Strategy<Value = RegexText> {
    let atoms = select(
        &[
            "a",
            "b",
            "k",
            "K",
            "s",
            "é",
            "日",
            ".",
            "^",
            "$",
            r"\b",
            r"\d",
            r"\w",
            r"\s",
            r"\D",
            r"\W",
            r"\S",
            "[ab]",
            "[^a]",
            "[a-k]",
            r"[\d_]",
            r"\.",
            r"\\",
            r"\*",
            "/",
            "%",
            "login",
            "failed",
            "Login",
            "_",
            "-",
            "{",
            "&",
            "~",
            "[^0-9A-Z]",
            "[[:alpha:]]",
            r"[\]^-]",
            "\n",
            "\t",
            "'",
            "\u{212a}",
            r"\x41",
            "(?:)",
            "[é-日]",
        ][..],
    )
    .prop_map(str::to_owned);
    let source = atoms.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            4 => vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            2 => vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join("|"))),
            2 => (inner, select(&["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"][..])).prop_map(|(inner, sign)| format!("(?:{inner}){sign}")),
        ]
    });
    (source, any::<bool>())
        .prop_filter_map("not in the common subset", |(source, ignore_case)| RegexText::new(&source, ignore_case).ok())
}

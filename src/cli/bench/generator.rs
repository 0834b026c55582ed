//! Records as real programs write them, the same in each run, at little cost.
//!
//! Hosts, programs, users and addresses are drawn unevenly, as they occur; numbers, ids and paths
//! vary, so that neither compression nor the text index has an easier task than with real records.

use chrono::{DateTime, SecondsFormat};

use super::templates::{self, Part, Template};

/// One record in so many holds the rare word.
const RARE_EVERY: u64 = 100_000;
const HOSTS: usize = 50;
const USERS: usize = 2_000;
const ADDRESSES: usize = 4_000;

const PLACES: [&str; 12] = [
    "orders", "users", "items", "sessions", "reports", "invoices", "login", "assets", "cart", "search", "export",
    "health",
];

/// A source of records.
pub(super) struct Generator {
    templates: Vec<Template>,
    rare: Template,
    random: u64,
    made: u64,
    /// Of the next record, in microseconds since 1970.
    time: i64,
    step: i64,
    hosts: Vec<String>,
    users: Vec<String>,
    addresses: Vec<String>,
    /// The second that `stamp` shows, without its fraction.
    second: i64,
    stamp: String,
    message: Vec<u8>,
    user: usize,
    address: usize,
}

impl Generator {
    /// Records whose times go from `first` to about `last` (microseconds since 1970) where `records` are taken.
    pub(super) fn new(seed: u64, first: i64, last: i64, records: u64) -> Self {
        let step = last.saturating_sub(first) / i64::try_from(records.max(1)).unwrap_or(i64::MAX);
        let sites = ["fra", "ams", "lon", "nyc", "sin"];
        let roles = ["web", "db", "app", "edge", "mail"];
        let pick = |list: &[&'static str; 5], at: usize| list.get(at % 5).copied().unwrap_or_default();
        Self {
            templates: templates::all(),
            rare: templates::rare(),
            random: seed ^ 0x9e37_79b9_7f4a_7c15,
            made: 0,
            time: first,
            step,
            hosts: (0..HOSTS)
                .map(|i| format!("{}-{:02}.{}.example.net", pick(&roles, i), i / 5 + 1, pick(&sites, i / 10)))
                .collect(),
            users: (0..USERS).map(user_name).collect(),
            addresses: (0..ADDRESSES).map(address).collect(),
            second: i64::MIN,
            stamp: String::new(),
            message: Vec::with_capacity(256),
            user: 0,
            address: 0,
        }
    }

    /// xorshift64*: fast, and good enough to vary texts.
    fn next(&mut self) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `end`, small numbers more often than large ones.
    fn uneven(&mut self, end: usize) -> usize {
        let unit = (self.next() >> 40) as f64 / (1_u64 << 24) as f64;
        ((unit * unit) * end as f64) as usize
    }

    /// Makes the next record's message and time; returns its severity, program and host.
    fn advance(&mut self) -> (u8, &'static str, usize) {
        self.made += 1;
        let jitter = if self.step > 1 { (self.next() % (2 * self.step as u64)) as i64 } else { 0 };
        self.time += jitter;
        (self.user, self.address) = (self.uneven(USERS), self.uneven(ADDRESSES));
        let at = self.uneven(self.templates.len());
        // Taken out, so that its parts can be filled in from this generator.
        let templates = std::mem::take(&mut self.templates);
        let common = if self.made.is_multiple_of(RARE_EVERY) { None } else { templates.get(at) };
        let (severity, app) = match common {
            Some(template) => self.put_message(template),
            None => {
                let rare = self.rare.clone();
                self.put_message(&rare)
            }
        };
        self.templates = templates;
        let host = self.uneven(HOSTS);
        self.put_stamp();
        (severity, app, host)
    }

    fn put_message(&mut self, template: &Template) -> (u8, &'static str) {
        let mut message = std::mem::take(&mut self.message);
        message.clear();
        for part in &template.parts {
            self.put_part(part, &mut message);
        }
        self.message = message;
        (template.severity, template.app)
    }

    fn put_part(&mut self, part: &Part, out: &mut Vec<u8>) {
        match part {
            Part::Text(text) => out.extend_from_slice(text.as_bytes()),
            Part::User => out.extend_from_slice(text_at(&self.users, self.user).as_bytes()),
            Part::Address => out.extend_from_slice(text_at(&self.addresses, self.address).as_bytes()),
            Part::Port => put_number(1024 + self.next() % 60_000, out),
            Part::Small => put_number(self.next() % 1_000, out),
            Part::Large => put_number(self.next() % 1_000_000, out),
            Part::Hex => put_hex(self.next() as u32, out),
            Part::Place => {
                let at = self.uneven(PLACES.len());
                out.extend_from_slice(PLACES.get(at).copied().unwrap_or_default().as_bytes());
            }
        }
    }

    /// Brings `stamp` to the second of `time`.
    fn put_stamp(&mut self) {
        let second = self.time.div_euclid(1_000_000);
        if second != self.second {
            self.second = second;
            self.stamp.clear();
            let time = DateTime::from_timestamp(second, 0).unwrap_or_default();
            let text = time.to_rfc3339_opts(SecondsFormat::Secs, true);
            self.stamp.push_str(text.trim_end_matches('Z'));
        }
    }

    fn put_time(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.stamp.as_bytes());
        out.push(b'.');
        let micros = self.time.rem_euclid(1_000_000);
        let mut divisor = 100_000;
        while divisor > 0 {
            out.push(b'0' + (micros / divisor % 10) as u8);
            divisor /= 10;
        }
        out.push(b'Z');
    }

    /// Appends the next record as RFC 5424 writes it, without framing.
    pub(super) fn put_syslog(&mut self, out: &mut Vec<u8>) {
        let (severity, app, host) = self.advance();
        out.push(b'<');
        put_number(16 * 8 + u64::from(severity), out);
        out.extend_from_slice(b">1 ");
        self.put_time(out);
        out.push(b' ');
        out.extend_from_slice(text_at(&self.hosts, host).as_bytes());
        out.push(b' ');
        out.extend_from_slice(app.as_bytes());
        out.push(b' ');
        put_number(300 + self.next() % 30_000, out);
        out.extend_from_slice(b" - - ");
        out.extend_from_slice(&self.message);
    }

    /// Appends the next record as the API's JSON, with its source where one is named.
    pub(super) fn put_json(&mut self, source: Option<&str>, out: &mut Vec<u8>) {
        let (severity, app, host) = self.advance();
        out.extend_from_slice(b"{\"timestamp\":\"");
        self.put_time(out);
        out.extend_from_slice(b"\",\"level\":\"");
        out.extend_from_slice(logseal_parsers::Level::from_severity(severity).as_str().as_bytes());
        if let Some(source) = source {
            out.extend_from_slice(b"\",\"source\":\"");
            out.extend_from_slice(source.as_bytes());
        }
        for (name, value) in [
            ("host", text_at(&self.hosts, host)),
            ("app", app),
            ("ip", text_at(&self.addresses, self.address)),
            ("user_name", text_at(&self.users, self.user)),
        ] {
            out.extend_from_slice(b"\",\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":\"");
            out.extend_from_slice(value.as_bytes());
        }
        out.extend_from_slice(b"\",\"message\":\"");
        // The only character of the templates that JSON escapes.
        let mut rest = self.message.as_slice();
        while let Some(at) = memchr::memchr(b'"', rest) {
            let (before, after) = rest.split_at(at);
            out.extend_from_slice(before);
            out.extend_from_slice(b"\\\"");
            rest = after.get(1..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
        out.extend_from_slice(b"\"}");
    }
}

/// A user whom some records name.
pub(super) fn user_name(at: usize) -> String {
    const NAMES: [&str; 16] = [
        "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "niaj",
        "olivia", "peggy", "rupert", "sybil",
    ];
    format!("{}{}", NAMES.get(at % NAMES.len()).copied().unwrap_or_default(), at / NAMES.len())
}

/// An address that some records name.
pub(super) fn address(at: usize) -> String {
    format!("10.{}.{}.{}", at % 7 + 1, at / 7 % 200, at * 37 % 250 + 1)
}

fn text_at(list: &[String], at: usize) -> &str {
    list.get(at).map_or("", String::as_str)
}

/// Decimal digits, without the machinery of formatting.
pub(super) fn put_number(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        used += 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

fn put_hex(number: u32, out: &mut Vec<u8>) {
    for shift in (0..8).rev() {
        let digit = (number >> (shift * 4) & 0xf) as u8;
        out.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use logseal_parsers::{Context, Format, Zone, format};

    use super::super::templates::{COMMON_PART, COMMON_WORD, RARE_WORD};
    use super::*;

    const FIRST: i64 = 1_790_000_000_000_000;

    fn generator(records: u64) -> Generator {
        Generator::new(1, FIRST, FIRST + 86_400_000_000, records)
    }

    #[test]
    fn records_are_understood_and_of_the_size_that_is_told() {
        let cx = Context { received_at: FIRST, zone: Zone::UTC };
        let (mut syslog_bytes, mut json_bytes) = (0, 0);
        let (mut hosts, mut messages) = (HashSet::new(), HashSet::new());
        let mut generator = generator(20_000);
        for _ in 0..10_000 {
            let mut line = Vec::new();
            generator.put_syslog(&mut line);
            syslog_bytes += line.len();
            let event = format::parse(Format::Syslog, &line, &cx);
            assert_eq!(event.parse_error, None, "{}", String::from_utf8_lossy(&line));
            hosts.insert(event.host.into_owned());
            messages.insert(event.message.into_owned());
            line.clear();
            generator.put_json(Some("bench"), &mut line);
            json_bytes += line.len();
            let event = format::parse(Format::Json, &line, &cx);
            assert_eq!(event.parse_error, None, "{}", String::from_utf8_lossy(&line));
            assert!(event.ip.is_some() && !event.user_name.is_empty());
        }
        assert!((155..=180).contains(&(syslog_bytes / 10_000)), "{}", syslog_bytes / 10_000);
        assert!((225..=275).contains(&(json_bytes / 10_000)), "{}", json_bytes / 10_000);
        assert!(hosts.len() >= 45 && messages.len() > 9_900, "{} {}", hosts.len(), messages.len());
    }

    #[test]
    fn the_same_seed_makes_the_same_records_within_the_span() {
        let make = || {
            let mut all = Vec::new();
            let mut generator = generator(1_000);
            (0..1_000).for_each(|_| generator.put_syslog(&mut all));
            (all, generator.time)
        };
        let (first, time) = make();
        assert_eq!(first, make().0);
        assert!((FIRST + 80_000_000_000..FIRST + 93_000_000_000).contains(&time));
    }

    #[test]
    fn the_words_that_queries_look_for_occur() {
        let mut all = Vec::new();
        let mut generator = generator(RARE_EVERY);
        (0..RARE_EVERY).for_each(|_| {
            generator.put_syslog(&mut all);
            all.push(b'\n');
        });
        let text = String::from_utf8(all).unwrap();
        assert_eq!(text.matches(RARE_WORD).count(), 1);
        assert!(text.matches(COMMON_WORD).count() > 500 && text.matches(COMMON_PART).count() > 100);
        assert!(text.contains(&user_name(100)) && text.contains(&address(1_000)));
    }

    #[test]
    fn numbers_are_written_as_digits() {
        let written = |number| {
            let mut out = Vec::new();
            put_number(number, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!([0, 7, 10, 65_535, u64::MAX].map(written), ["0", "7", "10", "65535", "18446744073709551615"]);
    }
}

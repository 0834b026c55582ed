//! Elasticsearch's bulk API: a line that says what to do, and for most of that a line with the document to do it with.
//!
//! ```text
//! {"create":{"_index":"logs-app"}}
//! {"@timestamp":"2026-11-20T12:00:00Z","message":"hello"}
//! {"delete":{"_index":"logs-app","_id":"1"}}
//! ```
//!
//! Blank lines between and CR LF are let pass, and so is a last line without its LF. Each pair is judged for itself. Where the first
//! line of a pair cannot be read, the line behind it is taken for its document, unless that says itself what to do; so
//! those behind are read as they were meant.

use std::borrow::Cow;

use memchr::memchr;

use crate::json::members::{Members, Part};
use crate::json::reader::Fault;
use crate::{Context, LogEvent, json};

/// What a pair asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// To keep a document.
    Index,
    /// To keep a document that is new.
    Create,
    /// To change a document that is there, or to keep it where it is not.
    Update,
    /// To take a document away.
    Delete,
}

impl Action {
    /// The name in the bulk API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Index, Self::Create, Self::Update, Self::Delete].into_iter().find(|action| action.as_str() == name)
    }
}

/// One item of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Item<'a> {
    /// What it asks for; [`Action::Index`] where that cannot be read.
    pub action: Action,
    /// The index that it names.
    pub index: Option<Cow<'a, str>>,
    /// The id that it gives the document.
    pub id: Option<Cow<'a, str>>,
    /// What there is to keep.
    pub content: Content<'a>,
}

/// What an item holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content<'a> {
    /// A record.
    Record {
        /// What the document says.
        event: Box<LogEvent<'a>>,
        /// The line of the document.
        raw: &'a [u8],
    },
    /// Something that is to be done to an earlier document.
    Change,
    /// It does not say what to do; the text says why.
    BadAction(String),
    /// Its document is missing or no JSON object; the text says why.
    BadDocument(String),
}

/// The items of a body, in order.
pub fn items<'a>(body: &'a [u8], cx: &'a Context) -> impl Iterator<Item = Item<'a>> {
    let mut lines = Lines { rest: body, number: 0 };
    std::iter::from_fn(move || {
        let line = lines.next_line()?;
        let command = match Command::of(line) {
            Ok(command) => command,
            Err(fault) => {
                let reason = format!("malformed action/metadata line [{}]: {fault}", lines.number);
                lines.skip_document();
                let content = Content::BadAction(reason);
                return Some(Item { action: Action::Index, index: None, id: None, content });
            }
        };
        let content = match command.action {
            Action::Delete => Content::Change,
            action => match lines.next() {
                // Blank, it is an empty document all the same: the line behind it is the next action.
                Some(raw) => document(action, raw, cx),
                None => Content::BadDocument("the document is missing".to_owned()),
            },
        };
        let Command { action, index, id } = command;
        Some(Item { action, index, id, content })
    })
}

/// What there is to keep of `raw`, the document of an item or, where `action` is not [`Action::Update`], of a request for one document.
#[must_use]
pub fn document<'a>(action: Action, raw: &'a [u8], cx: &Context) -> Content<'a> {
    let source = match action {
        Action::Update => match inserted_by(raw) {
            Ok(Some(source)) => source,
            Ok(None) => return Content::Change,
            Err(fault) => return bad_document(fault),
        },
        Action::Index | Action::Create | Action::Delete => raw,
    };
    match json::parse_object(source, cx) {
        Ok(event) => Content::Record { event: Box::new(event), raw },
        Err(fault) => bad_document(fault),
    }
}

fn bad_document(fault: Fault) -> Content<'static> {
    Content::BadDocument(format!("{} at column {}", fault.what, fault.at + 1))
}

/// The document that an update asks to be kept where there is none to change; `None` where it asks for no such thing.
fn inserted_by(line: &[u8]) -> Result<Option<&[u8]>, Fault> {
    let text = std::str::from_utf8(line).map_err(|error| Fault { what: "not UTF-8", at: error.valid_up_to() })?;
    let mut members = Members::of(text)?;
    let (mut doc, mut upsert, mut is_upsert) = (None, None, false);
    while let Some((name, part)) = members.next()? {
        match (&*name, part) {
            ("doc", Part::Object(object)) => doc = Some(object),
            ("upsert", Part::Object(object)) => upsert = Some(object),
            ("doc_as_upsert", Part::Literal("true")) => is_upsert = true,
            _ => {}
        }
    }
    members.end()?;
    // What Elasticsearch keeps where both are there.
    Ok(doc.filter(|_| is_upsert).or(upsert).map(str::as_bytes))
}

/// What the first line of a pair says.
struct Command<'a> {
    action: Action,
    index: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
}

impl<'a> Command<'a> {
    fn of(line: &'a [u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(line).map_err(|_| "not UTF-8")?;
        let mut members = Members::of(text).map_err(|fault| fault.what)?;
        let mut command = None;
        while let Some((name, part)) = members.next().map_err(|fault| fault.what)? {
            // Clients that keep accounts in this line (winston-elasticsearch: "attempts") do so behind the action.
            if let (None, Some(action), Part::Object(metadata)) = (&command, Action::of(&name), part) {
                command = Some(Self::with(action, metadata).map_err(|fault| fault.what)?);
            }
        }
        members.end().map_err(|fault| fault.what)?;
        command.ok_or("expected one of index, create, update, delete")
    }

    fn with(action: Action, metadata: &'a str) -> Result<Self, Fault> {
        let mut command = Self { action, index: None, id: None };
        let mut members = Members::of(metadata)?;
        while let Some((name, part)) = members.next()? {
            match &*name {
                "_index" => command.index = part.into_text().filter(|index| !index.is_empty()),
                "_id" => command.id = part.into_text().filter(|id| !id.is_empty()),
                _ => {}
            }
        }
        Ok(command)
    }
}

/// The lines of a body.
struct Lines<'a> {
    rest: &'a [u8],
    /// Of the line given out last, counted from 1, blank ones too.
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.get(1..).unwrap_or_default();
        self.number += 1;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The next line that is not blank.
    fn next_line(&mut self) -> Option<&'a [u8]> {
        std::iter::from_fn(|| self.next()).find(|line| !line.trim_ascii().is_empty())
    }

    /// Passes over the next line, unless it says what to do.
    fn skip_document(&mut self) {
        let before = Self { ..*self };
        if self.next_line().is_some_and(|line| Command::of(line).is_ok()) {
            *self = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    const CX: Context = Context { received_at: 1_795_000_000_000_000, zone: Zone::UTC };

    #[test]
    fn a_document_may_state_no_more_than_its_day() {
        for (stamp, micros) in [("2026-11-20", Some(1_795_132_800_000_000)), ("2026-11-3x", None), ("202-11-200", None)]
        {
            let body = format!("{{\"index\":{{}}}}\n{{\"@timestamp\":\"{stamp}\",\"message\":\"m\"}}");
            let item = items(body.as_bytes(), &CX).next().unwrap();
            let Content::Record { event, .. } = item.content else { panic!("{stamp}") };
            assert_eq!((event.timestamp, event.attributes.get("@timestamp").is_some()), (micros, micros.is_none()));
        }
    }

    /// What comes of each item, in a word or two.
    fn outcomes(body: &str) -> Vec<String> {
        let said = |item: Item<'_>| {
            let action = item.action.as_str();
            match item.content {
                Content::Record { raw, .. } => format!("{action} {}", String::from_utf8_lossy(raw)),
                Content::Change => action.to_owned(),
                Content::BadAction(reason) => format!("! {reason}"),
                Content::BadDocument(reason) => format!("{action}! {reason}"),
            }
        };
        items(body.as_bytes(), &CX).map(said).collect()
    }

    #[test]
    fn a_document_is_read_and_its_line_kept() {
        let body = "\n \r\n{\"create\":{\"_index\":\"web\",\"_id\":7,\"_type\":\"_doc\"},\"attempts\":0}\r\n{\"message\":\"hi\",\"log\":{\"level\":\"warn\"}}\r\n";
        let all: Vec<_> = items(body.as_bytes(), &CX).collect();
        let [Item { action: Action::Create, index, id, content: Content::Record { event, raw } }] = all.as_slice()
        else {
            panic!("{all:?}");
        };
        assert_eq!((index.as_deref(), id.as_deref()), (Some("web"), Some("7")));
        assert_eq!(*raw, &b"{\"message\":\"hi\",\"log\":{\"level\":\"warn\"}}"[..]);
        assert_eq!((&*event.message, event.level), (&b"hi"[..], Level::Warn));
    }

    #[test]
    fn changes_to_earlier_documents_are_told_apart_from_records() {
        let body = concat!(
            "{\"delete\":{\"_id\":\"1\"}}\n",
            "{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{\"a\":1}}\n",
            "{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{\"message\":\"m\"},\"doc_as_upsert\":true}\n",
            "{\"update\":{\"_id\":\"1\"}}\n{\"script\":\"s\",\"upsert\":{\"message\":\"u\"}}\n",
            "{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{\"message\":\"d\"},\"upsert\":{\"message\":\"u\"},\"doc_as_upsert\":true}\n",
            "{\"index\":{}}\n{\"message\":\"last\"}",
        );
        let expected = [
            "delete",
            "update",
            "update {\"doc\":{\"message\":\"m\"},\"doc_as_upsert\":true}",
            "update {\"script\":\"s\",\"upsert\":{\"message\":\"u\"}}",
            "update {\"doc\":{\"message\":\"d\"},\"upsert\":{\"message\":\"u\"},\"doc_as_upsert\":true}",
            "index {\"message\":\"last\"}",
        ];
        assert_eq!(outcomes(body), expected);
        let messages: Vec<_> = items(body.as_bytes(), &CX)
            .filter_map(|item| match item.content {
                Content::Record { event, .. } => Some(event.message.into_owned()),
                _ => None,
            })
            .collect();
        assert_eq!(messages, [&b"m"[..], b"u", b"d", b"last"]);
    }

    #[test]
    fn a_bad_pair_costs_its_neighbours_nothing() {
        let good = "{\"index\":{}}\n{\"n\":1}\n";
        let kept = "index {\"n\":1}";
        for (bad, fault) in [
            ("{\"index\":{}}\nno JSON\n", "index! expected a value at column 1"),
            ("{\"index\":{}}\n[1]\n", "index! not a JSON object at column 1"),
            (
                "{\"creat\":{}}\n{\"n\":2}\n",
                "! malformed action/metadata line [3]: expected one of index, create, update, delete",
            ),
            (
                "{\"index\":5}\n{\"n\":2}\n",
                "! malformed action/metadata line [3]: expected one of index, create, update, delete",
            ),
            ("{\"index\":{}}\n \r\n", "index! cut off before its end at column 2"),
            ("rubbish\n", "! malformed action/metadata line [3]: expected a value"),
            ("{\"update\":{}}\n{\"doc\":\n", "update! cut off before its end at column 8"),
        ] {
            assert_eq!(outcomes(&format!("{good}{bad}{good}")), [kept, fault, kept], "{bad}");
        }
        assert_eq!(outcomes("{\"index\":{}}"), ["index! the document is missing"]);
        assert!(outcomes("\n \r\n").is_empty());
    }

    #[test]
    fn a_document_beyond_the_bounds_is_kept_unparsed() {
        let deep = format!("{}1{}", "{\"a\":".repeat(70), "}".repeat(70));
        let body = format!("{{\"index\":{{}}}}\n{deep}\n");
        let item = items(body.as_bytes(), &CX).next().unwrap();
        let Content::Record { event, raw } = item.content else { panic!("{:?}", item.content) };
        assert_eq!((raw, &*event.message), (deep.as_bytes(), deep.as_bytes()));
        assert!(event.parse_error.is_some());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(body: Vec<u8>) {
            for item in items(&body, &CX) {
                if let Content::Record { raw, .. } = item.content {
                    proptest::prop_assert!(!raw.is_empty());
                }
            }
        }

        #[test]
        fn good_pairs_are_found_among_any_lines(lines in proptest::collection::vec("[a-z{}\":]{1,12}", 0..4)) {
            let rubbish: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let pair = "{\"create\":{}}\n{\"needle\":1}\n";
            let body = format!("{rubbish}{pair}{rubbish}{pair}");
            let found = outcomes(&body).iter().filter(|outcome| *outcome == "create {\"needle\":1}").count();
            proptest::prop_assert_eq!(found, 2);
        }
    }
}

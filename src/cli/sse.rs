//! Server-sent events (WHATWG HTML, section 9.2): bytes in any pieces in, events out.

/// The most that one event may hold; a longer one is dropped and counted.
const EVENT_BYTES_MAX: usize = 32 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Its kind; empty where it states none.
    pub(super) kind: String,
    pub(super) data: String,
    pub(super) id: Option<String>,
}

/// Cuts a stream into events.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    after_cr: bool,
    too_long: bool,
    /// Events that were longer than the limit.
    pub(super) dropped: u64,
}

impl Events {
    /// Takes the next bytes and appends the events that they complete.
    pub(super) fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        let mut rest = bytes;
        while let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
            let (text, ended) = rest.split_at(at);
            let (end, after) = ended.split_at(1);
            let is_second_half = std::mem::take(&mut self.after_cr) && end == b"\n" && text.is_empty();
            self.keep(text);
            if !is_second_half {
                self.end_line(events);
            }
            self.after_cr = end == b"\r";
            rest = after;
        }
        if !rest.is_empty() {
            self.after_cr = false;
            self.keep(rest);
        }
    }

    fn keep(&mut self, text: &[u8]) {
        if self.line.len() + self.event.data.len() + text.len() > EVENT_BYTES_MAX {
            self.too_long = true;
            self.line.clear();
            self.event.data.clear();
        } else if !self.too_long {
            self.line.extend_from_slice(text);
        }
    }

    fn end_line(&mut self, events: &mut Vec<Event>) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() && !self.too_long {
            self.dispatch(events);
        } else if line.is_empty() {
            // The empty line ends the event that was too long; a cut line of it does not.
            self.dispatch(events);
            self.too_long = false;
        } else if !self.too_long {
            self.field(&String::from_utf8_lossy(&line));
        }
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.event.kind = value.to_owned(),
            "id" if !value.contains('\0') => self.event.id = Some(value.to_owned()),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            // A comment, which keeps the connection alive, or a field that is not for us.
            _ => {}
        }
    }

    fn dispatch(&mut self, events: &mut Vec<Event>) {
        let event = std::mem::take(&mut self.event);
        let has_data = std::mem::take(&mut self.has_data);
        if self.too_long {
            self.dropped += 1;
        } else if has_data {
            events.push(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str =
        ": hello\n\nid: 7\nevent: record\ndata: {\"a\":1}\r\n\r\ndata:x\ndata: y\rid\r\revent: gap\n\ndata: grün\n\n";

    fn event(kind: &str, data: &str, id: Option<&str>) -> Event {
        Event { kind: kind.to_owned(), data: data.to_owned(), id: id.map(str::to_owned) }
    }

    #[test]
    fn events_are_cut_as_the_standard_says() {
        let mut events = Vec::new();
        Events::default().feed(STREAM.as_bytes(), &mut events);
        assert_eq!(
            events,
            [event("record", "{\"a\":1}", Some("7")), event("", "x\ny", Some("")), event("", "grün", None),]
        );
    }

    #[test]
    fn an_event_over_the_limit_is_dropped_and_the_next_one_read() {
        let mut parser = Events::default();
        let mut events = Vec::new();
        parser.feed(b"data: ", &mut events);
        for _ in 0..33 {
            parser.feed(&vec![b'x'; 1 << 20], &mut events);
        }
        parser.feed(b"\n\ndata: ok\n\n", &mut events);
        assert_eq!((parser.dropped, events), (1, vec![event("", "ok", None)]));
    }

    proptest! {
        #[test]
        fn the_pieces_of_a_stream_do_not_matter(cuts in prop::collection::vec(0..STREAM.len(), 0..12)) {
            let mut whole = Vec::new();
            Events::default().feed(STREAM.as_bytes(), &mut whole);
            let mut cuts = cuts;
            cuts.sort_unstable();
            let (mut parser, mut events, mut start) = (Events::default(), Vec::new(), 0);
            for end in cuts.into_iter().chain([STREAM.len()]) {
                parser.feed(&STREAM.as_bytes()[start..end], &mut events);
                start = end;
            }
            prop_assert_eq!(events, whole);
        }
    }
}

//! RELP, the reliable event logging protocol of rsyslog: numbered commands, each of which is answered.
//!
//! ```text
//! 2 syslog 12 <13>a message\n      transaction, command, octets of data, data, line feed
//! 3 close 0\n                      no blank where there are no data
//! ```
//!
//! The frames depend on the octets of the stream alone and not on how they were split into reads.

use thiserror::Error;

/// Digits of a transaction's number and of a count of octets.
const DIGITS_MAX: usize = 9;
/// Letters of a command.
const COMMAND_MAX: usize = 32;
/// The longest header: number, command, count and the blanks between and behind them.
const HEADER_MAX: usize = DIGITS_MAX + COMMAND_MAX + DIGITS_MAX + 3;

/// One command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'b> {
    /// The transaction, by which the answer is known.
    pub transaction: u32,
    /// The command's name: `open`, `syslog`, `close`.
    pub name: &'b [u8],
    /// Its data.
    pub data: &'b [u8],
    /// Whether there were more data than the limit; the rest is skipped.
    pub truncated: bool,
    /// How many bytes of the buffer the caller drops before the next call.
    pub consumed: usize,
}

/// What is no RELP; the stream cannot be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// No transaction's number where one begins.
    #[error("a frame does not begin with a transaction number of 1 to 9 digits and a blank")]
    Transaction,
    /// No command behind the number.
    #[error("a frame has no command of 1 to 32 letters")]
    Command,
    /// No count behind the command.
    #[error("a frame has no count of 1 to 9 digits")]
    Count,
    /// No line feed behind the data.
    #[error("a frame does not end with a line feed where its count says")]
    Trailer,
}

/// What a [`RelpFramer`] makes of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelpStep<'b> {
    /// The buffer began with this command.
    Command(Command<'b>),
    /// There is no whole command. The caller drops `consumed` bytes and appends what it reads next.
    NeedMore {
        /// How many bytes of the buffer are done with.
        consumed: usize,
    },
}

/// Finds the commands of one connection's stream in a buffer that the caller holds.
#[derive(Clone, Debug)]
pub struct RelpFramer {
    data_max: usize,
    /// Data of a command that was cut, still to come; their line feed follows.
    skipping: Option<usize>,
}

impl RelpFramer {
    /// A framer for a new connection that cuts data longer than `data_max`.
    #[must_use]
    pub fn new(data_max: usize) -> Self {
        Self { data_max, skipping: None }
    }

    /// The bytes that a caller's buffer must be able to hold.
    #[must_use]
    pub fn buffer_bytes(&self) -> usize {
        self.data_max + HEADER_MAX + 1
    }

    /// The next command of `buf`. Costs one look at the header and one pass over nothing else.
    ///
    /// # Errors
    /// [`Fault`] where the stream is no RELP.
    pub fn next<'b>(&mut self, buf: &'b [u8]) -> Result<RelpStep<'b>, Fault> {
        let mut skipped = 0;
        if let Some(left) = self.skipping {
            skipped = left.min(buf.len());
            self.skipping = Some(left - skipped);
            match buf.get(skipped) {
                None => return Ok(RelpStep::NeedMore { consumed: skipped }),
                Some(b'\n') => self.skipping = None,
                Some(_) => return Err(Fault::Trailer),
            }
            skipped += 1;
        }
        let front = buf.get(skipped..).unwrap_or_default();
        let Some(header) = header(front)? else {
            return Ok(RelpStep::NeedMore { consumed: skipped });
        };
        let kept = header.count.min(self.data_max);
        let end = header.length + kept;
        let whole = kept == header.count;
        let Some(data) = front.get(header.length..end) else {
            return Ok(RelpStep::NeedMore { consumed: skipped });
        };
        match (whole, front.get(end)) {
            (true, None) => return Ok(RelpStep::NeedMore { consumed: skipped }),
            (true, Some(b'\n')) => {}
            (true, Some(_)) => return Err(Fault::Trailer),
            (false, _) => self.skipping = Some(header.count - kept),
        }
        Ok(RelpStep::Command(Command {
            transaction: header.transaction,
            name: header.name,
            data,
            truncated: !whole,
            consumed: skipped + end + usize::from(whole),
        }))
    }
}

struct Header<'b> {
    transaction: u32,
    name: &'b [u8],
    count: usize,
    /// Up to the first octet of data, or to the line feed where there are none.
    length: usize,
}

/// The header that `front` begins with; `None` if more must be seen.
fn header(front: &[u8]) -> Result<Option<Header<'_>>, Fault> {
    let Some((transaction, rest)) = number(front).map_err(|()| Fault::Transaction)? else { return Ok(None) };
    let Some((b' ', rest)) = rest.split_first().map(|(first, rest)| (*first, rest)) else {
        return Err(Fault::Transaction);
    };
    let letters = rest.iter().take(COMMAND_MAX + 1).take_while(|b| b.is_ascii_alphabetic()).count();
    let (name, rest) = rest.split_at_checked(letters).unwrap_or_default();
    match rest.first() {
        None if letters <= COMMAND_MAX => return Ok(None),
        Some(b' ') if (1..=COMMAND_MAX).contains(&letters) => {}
        _ => return Err(Fault::Command),
    }
    let rest = rest.get(1..).unwrap_or_default();
    let Some((count, rest)) = number(rest).map_err(|()| Fault::Count)? else { return Ok(None) };
    let blank = match rest.first() {
        Some(b' ') => 1,
        Some(b'\n') if count == 0 => 0,
        _ => return Err(Fault::Count),
    };
    Ok(Some(Header { transaction, name, count: count as usize, length: front.len() - rest.len() + blank }))
}

/// The number at the front of `text` and what follows it, which is not empty; `None` if more must be seen.
fn number(text: &[u8]) -> Result<Option<(u32, &[u8])>, ()> {
    let digits = text.iter().take(DIGITS_MAX + 1).take_while(|b| b.is_ascii_digit()).count();
    if digits > DIGITS_MAX || digits == 0 && !text.is_empty() {
        return Err(());
    }
    let (number, rest) = text.split_at_checked(digits).unwrap_or_default();
    if rest.is_empty() {
        return Ok(None);
    }
    Ok(Some((number.iter().fold(0, |value, b| value * 10 + u32::from(b - b'0')), rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = Vec<(u32, String, Vec<u8>, bool)>;

    /// The commands of a stream that arrives in pieces of `piece` bytes, and the fault that ends it.
    fn commands(stream: &[u8], piece: usize, data_max: usize) -> (Found, Option<Fault>) {
        let mut framer = RelpFramer::new(data_max);
        let (mut buf, mut found) = (Vec::new(), Vec::new());
        for bytes in stream.chunks(piece) {
            buf.extend_from_slice(bytes);
            loop {
                let consumed = match framer.next(&buf) {
                    Ok(RelpStep::Command(command)) => {
                        let name = String::from_utf8_lossy(command.name).into_owned();
                        found.push((command.transaction, name, command.data.to_vec(), command.truncated));
                        command.consumed
                    }
                    Ok(RelpStep::NeedMore { consumed }) => {
                        buf.drain(..consumed);
                        assert!(buf.len() < framer.buffer_bytes(), "a buffer of the promised size is enough");
                        break;
                    }
                    Err(fault) => return (found, Some(fault)),
                };
                buf.drain(..consumed);
            }
        }
        (found, None)
    }

    #[test]
    fn commands_are_read_with_and_without_data() {
        let stream = b"1 open 14 relp_version=0\n2 syslog 5 a\nb c\n3 close 0\n4 close 0 \n";
        let (found, fault) = commands(stream, stream.len(), 100);
        let found: Vec<_> = found.iter().map(|(n, name, data, cut)| (*n, name.as_str(), &data[..], *cut)).collect();
        assert_eq!(
            found,
            [
                (1, "open", &b"relp_version=0"[..], false),
                (2, "syslog", b"a\nb c", false),
                (3, "close", b"", false),
                (4, "close", b"", false)
            ]
        );
        assert_eq!(fault, None);
    }

    #[test]
    fn data_beyond_the_limit_are_skipped() {
        let (found, fault) = commands(b"1 syslog 10 0123456789\n2 syslog 1 x\n", 3, 4);
        assert_eq!(fault, None);
        assert_eq!(found[0], (1, "syslog".to_owned(), b"0123".to_vec(), true));
        assert_eq!(found[1], (2, "syslog".to_owned(), b"x".to_vec(), false));
    }

    #[test]
    fn what_is_no_relp_is_named() {
        for (stream, expected) in [
            (&b"<13>text"[..], Fault::Transaction),
            (b"1234567890 syslog 0\n", Fault::Transaction),
            (b"1\n", Fault::Transaction),
            (b"1  5 hello\n", Fault::Command),
            (b"1 abcdefghijklmnopqrstuvwxyzabcdefgh 0\n", Fault::Command),
            (b"1 syslog x\n", Fault::Count),
            (b"1 syslog 5\nhello\n", Fault::Count),
            (b"1 syslog 5 hellox", Fault::Trailer),
            (b"1 syslog 10 0123456789x", Fault::Trailer),
        ] {
            assert_eq!(commands(stream, 1, 8).1, Some(expected), "{}", String::from_utf8_lossy(stream));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_split_gives_the_same_commands(
            mut stream in proptest::collection::vec((0..100_u32, ".{0,20}"), 0..6).prop_map(|all| {
                all.iter().map(|(n, text)| format!("{n} syslog {} {text}\n", text.len())).collect::<String>().into_bytes()
            }),
            noise: Vec<u8>,
            piece in 1..9_usize,
            data_max in 1..30_usize,
        ) {
            stream.extend(noise);
            let whole = commands(&stream, stream.len().max(1), data_max);
            proptest::prop_assert_eq!(commands(&stream, piece, data_max), whole);
        }
    }

    use proptest::strategy::Strategy as _;
}

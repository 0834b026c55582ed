//! Line feeds and NULs between messages, and the beginnings of messages that stand without one.

/// Where a frame's delimiter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// At this position.
    At(usize),
    /// Not before this position.
    NotBefore(usize),
}

/// The first delimiter of `text`, of which the first `scanned` bytes are known to have none.
///
/// With `nul_delimited`, a line feed is one only if a priority follows it, and what follows must be seen first.
pub(super) fn find(text: &[u8], scanned: usize, nul_delimited: bool) -> Found {
    let mut from = scanned;
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let Some(at) = memchr::memchr2(b'\n', 0, rest).map(|offset| from + offset) else {
            return Found::NotBefore(text.len());
        };
        if !nul_delimited || text.get(at) == Some(&0) {
            return Found::At(at);
        }
        match priority(text.get(at + 1..).unwrap_or_default()) {
            Some(Some(_)) => return Found::At(at),
            Some(None) => from = at + 1,
            None => return Found::NotBefore(at),
        }
    }
}

/// How many delimiters `bytes` begin with.
pub(super) fn leading(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| is_delimiter(**b)).count()
}

/// `bytes` without the delimiters behind them.
pub(super) fn trimmed(bytes: &[u8]) -> &[u8] {
    let kept = bytes.iter().rposition(|b| !is_delimiter(*b)).map_or(0, |last| last + 1);
    bytes.get(..kept).unwrap_or(bytes)
}

pub(super) fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | 0)
}

/// The length of the priority `<13>` that `bytes` begin with: `Some(None)` if they begin otherwise, `None` if they
/// end too early to tell.
pub(super) fn priority(bytes: &[u8]) -> Option<Option<usize>> {
    match bytes.first() {
        None => return None,
        Some(b'<') => {}
        Some(_) => return Some(None),
    }
    let inside = bytes.get(1..).unwrap_or_default();
    let digits = inside.iter().take_while(|b| b.is_ascii_digit()).count();
    match inside.get(digits) {
        None if digits <= 3 => None,
        Some(b'>') if (1..=3).contains(&digits) => Some(Some(digits + 2)),
        _ => Some(None),
    }
}

/// Where, behind the first byte, another message begins in `text`: a priority with a version or a date behind it.
pub(super) fn embedded_message(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'<', text).skip_while(|at| *at == 0).find(|at| {
        let Some(candidate) = text.get(*at..) else {
            return false;
        };
        let Some(Some(length)) = priority(candidate) else {
            return false;
        };
        candidate.get(length..).is_some_and(is_dated)
    })
}

/// Where, behind the first byte, `text`, a message with a priority, has a message of the same host and program: a sender that delimits
/// nothing wrote both, and the delimiter that ended them is a part of the second's text.
pub(super) fn repeated_header(text: &[u8]) -> Option<usize> {
    let at = embedded_message(text)?;
    let is_same = sender(text).is_some() && sender(text) == text.get(at..).and_then(sender);
    is_same.then_some(at)
}

/// The host and the program that a message names behind its time.
fn sender(message: &[u8]) -> Option<&[u8]> {
    const HEADER_BYTES_MAX: usize = 320;
    let behind = message.get(priority(message)??..)?;
    let near = behind.get(..HEADER_BYTES_MAX).unwrap_or(behind);
    if let Some(header) = near.strip_prefix(b"1 ") {
        let named = header.get(memchr::memchr(b' ', header)? + 1..)?;
        let end = memchr::memchr_iter(b' ', named).nth(2)?;
        return named.get(..end);
    }
    let named = near.get(16..)?;
    named.get(..memchr::memchr(b':', named)?)
}

/// Whether `header` goes on as a message does behind its priority.
fn is_dated(header: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let stamp = header.strip_prefix(b"1 ").unwrap_or(header);
    if header.len() > stamp.len() && stamp.starts_with(b"- ") {
        return true;
    }
    let iso = matches!(stamp, [b'1' | b'2', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..]);
    let bsd = matches!(stamp, [_, _, _, b' ', b' ' | b'0'..=b'9', b'0'..=b'9' | b' ', ..]);
    iso || bsd && MONTHS.iter().any(|month| stamp.starts_with(month))
}

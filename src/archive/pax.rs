//! The extended header of a pax archive: `LENGTH KEYWORD=VALUE` lines (POSIX.1-2017, pax, "pax Extended Header").

/// What is used of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) modified: Option<i64>,
    pub(super) is_sparse: bool,
}

impl Pax {
    /// Reads up to the first record that is wrong or cut.
    pub(super) fn parse(mut bytes: &[u8]) -> Self {
        let mut pax = Self::default();
        while let Some((keyword, value, rest)) = record(bytes) {
            let text = std::str::from_utf8(value).unwrap_or_default();
            match keyword {
                b"path" if pax.path.is_none() => pax.path = Some(value.to_vec()),
                b"size" => pax.size = text.parse().ok(),
                b"mtime" => pax.modified = decimal_micros(text),
                // The file's own name; `path` names a stand-in.
                b"GNU.sparse.name" => (pax.path, pax.is_sparse) = (Some(value.to_vec()), true),
                _ if keyword.starts_with(b"GNU.sparse.") => pax.is_sparse = true,
                _ => {}
            }
            bytes = rest;
        }
        pax
    }
}

/// The first record's keyword and value, and what follows it. Values may hold any byte; only the length tells their end.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = bytes.iter().take(20).position(|&byte| byte == b' ')?;
    let length: usize = std::str::from_utf8(bytes.get(..blank)?).ok()?.parse().ok()?;
    let (record, rest) = bytes.split_at_checked(length)?;
    let record = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|&byte| byte == b'=')?;
    Some((record.get(..equals)?, record.get(equals + 1..)?, rest))
}

/// Seconds with a fraction, as microseconds.
fn decimal_micros(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_negative = seconds.starts_with('-');
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let whole = seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?;
    if is_negative { whole.checked_sub(micros) } else { whole.checked_add(micros) }
}

/// Seconds since 1970 as microseconds; 0, which stands for "not known", is nothing.
pub(super) fn micros(seconds: u64) -> Option<i64> {
    i64::try_from(seconds).ok().filter(|&seconds| seconds > 0)?.checked_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_hold_line_feeds_and_end_by_their_length() {
        let pax = Pax::parse(b"21 SCHILY.xattr.a=\n\n\n12 path=a=b\n9 size=7\n22 mtime=1700000000.5\n");
        let path = Some(b"a=b".to_vec());
        assert_eq!(pax, Pax { path, size: Some(7), modified: Some(1_700_000_000_500_000), is_sparse: false });
    }

    #[test]
    fn records_behind_a_wrong_one_are_left_out() {
        for wrong in [&b"99 path=x\n"[..], b"x path=x\n", b"0 path=x\n", b"2 path=x\n", b"8 path=x\n", b"7 path\n"] {
            assert_eq!(Pax::parse(&[wrong, b"9 size=7\n"].concat()), Pax::default());
        }
    }

    #[test]
    fn times_before_1970_and_of_any_precision_are_read() {
        assert_eq!(decimal_micros("-1.5"), Some(-1_500_000));
        assert_eq!(decimal_micros("1.123456789"), Some(1_123_456));
        assert_eq!(decimal_micros("1"), Some(1_000_000));
        assert_eq!(decimal_micros("1.x"), None);
        assert_eq!(decimal_micros("9223372036854775807"), None);
        assert_eq!((micros(0), micros(1), micros(u64::MAX)), (None, Some(1_000_000), None));
    }
}

//! The frame of a gzip member around its deflate data (RFC 1952).

use std::io::{self, BufRead, ErrorKind};

use super::buffered::skip;
use super::problem::EntryProblem;

const HEADER_CRC: u8 = 0x02;
const EXTRA: u8 = 0x04;
const NAME: u8 = 0x08;
const COMMENT: u8 = 0x10;
const RESERVED: u8 = 0xe0;

/// Skips a member's header; what it says is not used.
pub(super) fn skip_header(input: &mut impl BufRead) -> io::Result<()> {
    let [_, _, method, flags, ..] = exact::<10>(input)?;
    if method != 8 {
        return Err(EntryProblem::UnsupportedFormat("gzip with another method than deflate").into());
    }
    if flags & RESERVED != 0 {
        return Err(EntryProblem::Damaged("a gzip header is wrong").into());
    }
    if flags & EXTRA != 0 {
        let length = u64::from(u16::from_le_bytes(exact(input)?));
        if skip(input, length)? < length {
            return Err(cut());
        }
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            skip_text(input)?;
        }
    }
    if flags & HEADER_CRC != 0 {
        exact::<2>(input)?;
    }
    Ok(())
}

/// Texts end with a zero byte, and have no other bound.
fn skip_text(input: &mut impl BufRead) -> io::Result<()> {
    input.skip_until(0).and_then(|skipped| if skipped == 0 { Err(cut()) } else { Ok(()) })
}

fn exact<const N: usize>(input: &mut impl BufRead) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => cut(),
        _ => error,
    })?;
    Ok(bytes)
}

fn cut() -> io::Error {
    EntryProblem::Damaged("it is cut").into()
}

/// What a member's end tells about its content.
#[derive(Default)]
pub(super) struct Checked(flate2::Crc);

impl Checked {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Reads the end of the member and compares it.
    pub(super) fn compare(self, input: &mut impl BufRead) -> io::Result<()> {
        let crc = u32::from_le_bytes(exact(input)?);
        let size = u32::from_le_bytes(exact(input)?);
        // `Crc::amount` counts modulo 2^32, as the format does.
        let is_right = crc == self.0.sum() && size == self.0.amount();
        if is_right { Ok(()) } else { Err(EntryProblem::ChecksumMismatch.into()) }
    }
}

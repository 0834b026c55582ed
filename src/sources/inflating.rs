//! A compressed part of a message, undone piece by piece: what it holds may be far larger than memory, and what stands before damage is kept.

use std::io::{BufRead, BufReader, Cursor, Read};

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use logseal_parsers::fluent::Packing;
use logseal_parsers::framing::compressed::Compression;

use super::inflate::InflateError;

/// The decoder is fed so much at once. It gives nothing of the piece that the damage is in, so pieces are small.
const FED_BYTES: usize = 128;
/// The largest window that zstd may ask for, 8 MiB.
pub(super) const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// So much is undone by one call.
const PIECE_BYTES: usize = 64 << 10;

/// Content on its way out of its compression.
pub(super) struct Inflating {
    decoder: Box<dyn Read + Send>,
    /// What is undone, and how much of it is taken.
    content: Vec<u8>,
    taken: usize,
    /// What may still come.
    left: usize,
    max: usize,
    records: usize,
    /// Why there is no more, which is told behind what came before it.
    fault: Option<InflateError>,
}

impl Inflating {
    /// Of gzip, zlib or zstd where `compressed` begins so, else of the bytes themselves; at most `max` bytes of it.
    pub(super) fn new(compressed: &[u8], max: usize) -> Self {
        let source = BufReader::with_capacity(FED_BYTES, Cursor::new(compressed.to_vec()));
        let (decoder, fault): (Box<dyn Read + Send>, _) = match Compression::of(compressed) {
            Compression::Gzip => (Box::new(MultiGzDecoder::new(source)), None),
            Compression::Zlib => (Box::new(ZlibDecoder::new(source)), None),
            Compression::None if Packing::of(compressed) == Some(Packing::Zstd) => match unzstd(source) {
                Ok(decoder) => (Box::new(decoder), None),
                Err(_) => (Box::new(std::io::empty()), Some(InflateError::Damaged)),
            },
            Compression::None => (Box::new(source), None),
        };
        Self { decoder, content: Vec::new(), taken: 0, left: max, max, records: 0, fault }
    }

    /// What is undone and not taken.
    pub(super) fn unread(&self) -> &[u8] {
        self.content.get(self.taken..).unwrap_or_default()
    }

    /// How many records were taken of it, as far as they were counted.
    pub(super) fn records_taken(&self) -> usize {
        self.records
    }

    pub(super) fn count_record(&mut self) {
        self.records += 1;
    }

    /// Takes `count` bytes of it.
    pub(super) fn consume(&mut self, count: usize) {
        self.taken = self.taken.saturating_add(count).min(self.content.len());
    }

    /// Undoes more; whether there was any. What is unread grows by [`PIECE_BYTES`] at most.
    ///
    /// # Errors
    /// There is more that cannot be had. What was undone before it was given by earlier calls.
    pub(super) fn fill(&mut self) -> Result<bool, InflateError> {
        self.content.drain(..self.taken);
        self.taken = 0;
        let before = self.content.len();
        while self.fault.is_none() && self.content.len() < before + PIECE_BYTES {
            let mut piece = [0; 4096];
            let Ok(count) = self.decoder.read(&mut piece) else {
                self.fault = Some(InflateError::Damaged);
                break;
            };
            if count == 0 {
                break;
            }
            let kept = count.min(self.left);
            self.content.extend_from_slice(piece.get(..kept).unwrap_or_default());
            self.left -= kept;
            if kept < count {
                self.fault = Some(InflateError::TooLarge(self.max));
            }
        }
        match self.fault {
            _ if self.content.len() > before => Ok(true),
            Some(fault) => Err(fault),
            None => Ok(false),
        }
    }
}

fn unzstd<R: BufRead>(source: R) -> std::io::Result<zstd::stream::read::Decoder<'static, R>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(decoder)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::write::{GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn text() -> Vec<u8> {
        (0..20_000).flat_map(|n| format!("line {n} {}\n", n * 7919 % 10_007).into_bytes()).collect()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// All that comes, and why no more.
    fn drained(compressed: &[u8], max: usize) -> (Vec<u8>, Result<bool, InflateError>) {
        let (mut inflating, mut all) = (Inflating::new(compressed, max), Vec::new());
        loop {
            let filled = inflating.fill();
            assert!(inflating.unread().len() <= PIECE_BYTES + 4096);
            all.extend_from_slice(inflating.unread());
            inflating.consume(usize::MAX - PIECE_BYTES);
            if filled != Ok(true) {
                return (all, filled);
            }
        }
    }

    #[test]
    fn content_comes_in_pieces_up_to_the_limit() {
        let text = text();
        for compressed in [zlib(&text), gzip(&text), zstd(&text), [zstd(&text[..9]), zstd(&text[9..])].concat()] {
            assert_eq!(drained(&compressed, text.len()), (text.clone(), Ok(false)));
            let cut = (text[..text.len() - 1].to_vec(), Err(InflateError::TooLarge(text.len() - 1)));
            assert_eq!(drained(&compressed, text.len() - 1), cut);
        }
    }

    #[test]
    fn what_stands_before_the_damage_is_had() {
        let text = text();
        let compressed = zlib(&text);
        let (had, why) = drained(&compressed[..compressed.len() / 2], text.len());
        assert_eq!(why, Err(InflateError::Damaged));
        assert!(text.starts_with(&had) && had.len() > text.len() / 3, "{} of {}", had.len(), text.len());
    }

    proptest! {
        #[test]
        fn damage_anywhere_is_survived_within_the_limit(at: prop::sample::Index, byte: u8, kind in 0..3, cut: prop::sample::Index) {
            let text = &text()[..30_000];
            let mut compressed = [gzip, zlib, zstd][kind as usize](text);
            let at = at.index(compressed.len());
            compressed[at] = byte;
            compressed.truncate(1 + cut.index(compressed.len()));
            let (had, why) = drained(&compressed, 100_000);
            prop_assert!(had.len() <= 100_000);
            prop_assert_ne!(why, Ok(true));
        }
    }
}

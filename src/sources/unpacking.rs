//! Compressed entries of Fluent Forward, undone while they arrive.

use std::io::{self, Write as _};

use flate2::write::MultiGzDecoder;
use logseal_parsers::fluent::Packing;
use zstd::stream::raw::{DParameter, Decoder, Operation as _};

use super::inflating::ZSTD_WINDOW_LOG_MAX;

/// Bytes of gzip that are undone at once: at its highest ratio they become 4 MiB.
const GZIP_FEED_BYTES: usize = 4096;
/// As much of zstd, which writes 128 KiB of one byte in four.
const ZSTD_FEED_BYTES: usize = 128;

/// A running decoder, which holds what is undone and not taken yet.
pub(super) enum Unpacking {
    Gzip(MultiGzDecoder<Vec<u8>>),
    Zstd(Zstd),
}

/// One for zstd.
pub(super) struct Zstd {
    /// Made for the first bytes.
    decoder: Option<Decoder<'static>>,
    content: Vec<u8>,
    /// What was fed last ended a frame.
    is_whole: bool,
}

impl Zstd {
    fn feed(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            none => {
                let mut decoder = Decoder::new()?;
                decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX))?;
                none.insert(decoder)
            }
        };
        let mut piece = [0; 16 << 10];
        loop {
            let status = decoder.run_on_buffers(bytes, &mut piece)?;
            self.content.extend_from_slice(piece.get(..status.bytes_written).unwrap_or_default());
            self.is_whole = status.remaining == 0;
            bytes = bytes.get(status.bytes_read..).unwrap_or_default();
            // A piece that is full may not be all that the bytes came to.
            if bytes.is_empty() && status.bytes_written < piece.len() {
                return Ok(());
            }
            if status.bytes_read == 0 && status.bytes_written == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }
}

impl Unpacking {
    pub(super) fn new(packing: Packing) -> Self {
        match packing {
            Packing::Gzip => Self::Gzip(MultiGzDecoder::new(Vec::new())),
            Packing::Zstd => Self::Zstd(Zstd { decoder: None, content: Vec::new(), is_whole: true }),
        }
    }

    /// How many bytes are fed at once.
    pub(super) fn feed_bytes(&self) -> usize {
        match self {
            Self::Gzip(_) => GZIP_FEED_BYTES,
            Self::Zstd(_) => ZSTD_FEED_BYTES,
        }
    }

    /// What is undone.
    pub(super) fn content(&self) -> &Vec<u8> {
        match self {
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Zstd(zstd) => &zstd.content,
        }
    }

    /// The same, to be taken.
    pub(super) fn content_mut(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(zstd) => &mut zstd.content,
        }
    }

    /// Undoes `bytes`.
    ///
    /// # Errors
    /// They are damaged.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.write_all(bytes).and_then(|()| decoder.flush()),
            Self::Zstd(zstd) => zstd.feed(bytes),
        }
    }

    /// Whether what was fed is whole: nothing more is awaited.
    pub(super) fn is_whole(&mut self) -> bool {
        match self {
            Self::Gzip(decoder) => decoder.try_finish().is_ok(),
            Self::Zstd(zstd) => zstd.is_whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zstd_is_undone_frame_by_frame_and_damage_is_told() {
        let text: Vec<u8> = (0..5000).flat_map(|n| format!("{n} {}\n", n * 7919 % 10_007).into_bytes()).collect();
        let frames = [zstd::encode_all(&text[..100], 3).unwrap(), zstd::encode_all(&text[100..], 19).unwrap()].concat();
        let mut unpacking = Unpacking::new(Packing::Zstd);
        let mut all = Vec::new();
        for (at, piece) in frames.chunks(unpacking.feed_bytes()).enumerate() {
            unpacking.feed(piece).unwrap();
            assert_eq!(unpacking.is_whole(), (at + 1) * ZSTD_FEED_BYTES >= frames.len());
            all.append(unpacking.content_mut());
        }
        assert_eq!(all, text);
        assert!(Unpacking::new(Packing::Zstd).feed(b"\x28\xb5\x2f\xfdrubbish").is_err());
    }

    #[test]
    fn what_is_fed_at_once_grows_to_a_few_megabytes() {
        let bomb = zstd::encode_all(&vec![0; 64 << 20][..], 19).unwrap();
        let mut unpacking = Unpacking::new(Packing::Zstd);
        for piece in bomb.chunks(unpacking.feed_bytes()) {
            unpacking.feed(piece).unwrap();
            assert!(unpacking.content().len() <= 5 << 20, "{}", unpacking.content().len());
            unpacking.content_mut().clear();
        }
    }
}

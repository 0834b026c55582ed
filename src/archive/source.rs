//! The file at the bottom: the upload, or a zip copied out of it.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an archive is in: a file, or what is fetched piece by piece.
pub trait ReadAt {
    /// How many bytes it has.
    fn bytes(&self) -> io::Result<u64>;

    /// Reads some of what stands at `at` into `out`, as [`Read::read`] does.
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize>;
}

impl ReadAt for File {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        FileExt::read_at(self, out, at)
    }
}

/// A file that is read at any place, so that several readers of it do not move one another.
pub(super) struct Source<'f> {
    file: &'f dyn ReadAt,
    len: u64,
    /// Bytes of content that were read of it in all.
    read: Cell<u64>,
    consumed: Option<&'f AtomicU64>,
    failure: Cell<Option<(ErrorKind, Option<i32>)>>,
}

impl<'f> Source<'f> {
    /// `consumed` is told how far the content was read.
    pub(super) fn new(file: &'f dyn ReadAt, consumed: Option<&'f AtomicU64>) -> io::Result<Self> {
        Ok(Self { file, len: file.bytes()?, read: Cell::new(0), consumed, failure: Cell::new(None) })
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.read.get()
    }

    /// The bytes from `start` to `end`, of which those behind the file's end are missing.
    pub(super) fn range(&self, start: u64, end: u64) -> Range<'_> {
        Range { source: self, at: start, end: end.min(self.len), is_content: true }
    }

    /// The same of what is no content, such as a directory at the end: reading it is no progress.
    pub(super) fn aside(&self, start: u64, end: u64) -> Range<'_> {
        Range { is_content: false, ..self.range(start, end) }
    }

    /// `N` bytes at a place, unless the file ends before.
    pub(super) fn bytes_at<const N: usize>(&self, at: u64) -> io::Result<Option<[u8; N]>> {
        let mut bytes = [0; N];
        match self.aside(at, at.saturating_add(N as u64)).read_exact(&mut bytes) {
            Ok(()) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The content up to `at` is done with, read or skipped.
    pub(super) fn reached(&self, at: u64) {
        if let Some(consumed) = self.consumed {
            consumed.fetch_max(at.min(self.len), Ordering::Relaxed);
        }
    }

    /// Why the file could not be read, if that happened, for those to whom the error was not handed.
    pub(super) fn failure(&self) -> Option<io::Error> {
        self.failure.get().map(|(kind, code)| code.map_or_else(|| kind.into(), io::Error::from_raw_os_error))
    }
}

/// A part of a [`Source`].
pub(super) struct Range<'s> {
    source: &'s Source<'s>,
    at: u64,
    end: u64,
    is_content: bool,
}

impl Read for Range<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = out.len().min(left);
        let out = out.get_mut(..wanted).unwrap_or_default();
        if out.is_empty() {
            return Ok(0);
        }
        let count = loop {
            match self.source.file.read_at(out, self.at) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.source.failure.set(Some((error.kind(), error.raw_os_error())));
                    return Err(error);
                }
                Ok(count) => break count,
            }
        };
        self.at += count as u64;
        if self.is_content {
            self.source.read.set(self.source.read.get().saturating_add(count as u64));
            self.source.reached(self.at);
        }
        Ok(count)
    }
}

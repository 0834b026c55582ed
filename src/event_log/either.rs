//! A file that is either text or a binary event log.

use logseal_parsers::{Context, FileOptions, FileParser, FileRecord};

use super::sequence::Missing;
use super::{EventLog, MAGIC};

/// Reads the records of one file, of whichever of the two kinds it is by its first bytes.
#[derive(Debug)]
pub struct FileReader {
    options: FileOptions,
    /// Known with the first bytes.
    kind: Option<Kind>,
}

#[derive(Debug)]
enum Kind {
    Text(Box<FileParser>),
    EventLog(EventLog),
}

impl FileReader {
    /// For a file from its beginning. `options` are for text: a binary event log says itself how it is to be read.
    #[must_use]
    pub fn new(options: FileOptions) -> Self {
        Self { options, kind: None }
    }

    /// Whether it is a binary event log of which something is damaged, as far as it was read.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(&self.kind, Some(Kind::EventLog(log)) if log.is_damaged())
    }

    /// The ids that are missing between the records of a binary event log, as far as it was read.
    #[must_use]
    pub fn missing(&self) -> Option<Missing> {
        match &self.kind {
            Some(Kind::EventLog(log)) => log.missing(),
            _ => None,
        }
    }

    /// Takes the records at the front of `buffer`, as [`FileParser::feed`] does.
    pub fn feed(&mut self, buffer: &[u8], is_end: bool, cx: &Context, emit: &mut dyn FnMut(FileRecord<'_>)) -> usize {
        if self.kind.is_none() && !is_end && buffer.len() < MAGIC.len() && MAGIC.starts_with(buffer) {
            return 0;
        }
        let kind = self.kind.get_or_insert_with(|| {
            if buffer.starts_with(MAGIC) {
                Kind::EventLog(EventLog::default())
            } else {
                Kind::Text(Box::new(FileParser::new(self.options.clone())))
            }
        });
        match kind {
            Kind::Text(parser) => parser.feed(buffer, is_end, cx, emit),
            Kind::EventLog(log) => log.feed(buffer, is_end, cx, emit),
        }
    }
}

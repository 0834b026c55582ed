//! A format of one's own under its name, and the choice between it and the known ones.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::Pattern;
use crate::format::{self, Format};
use crate::{Context, LogEvent, plain};

/// A format of one's own: what its lines look like, and where its records begin.
#[derive(Debug)]
pub struct CustomFormat {
    name: &'static str,
    pattern: Pattern,
    begins: Option<Pattern>,
}

impl CustomFormat {
    /// Lines in which `pattern` is found. The name is that of the records' format; such names are few and live as long as the
    /// program.
    #[must_use]
    pub fn new(name: &'static str, pattern: Pattern) -> Self {
        Self { name, pattern, begins: None }
    }

    /// A record of this format begins with each line in which `begins` is found; all others go on with the one before them.
    #[must_use]
    pub fn beginning_with(mut self, begins: Pattern) -> Self {
        self.begins = Some(begins);
        self
    }

    /// What the first lines of its records look like, where records may have several.
    #[must_use]
    pub fn begins(&self) -> Option<&Pattern> {
        self.begins.as_ref()
    }

    /// Reads one record. A line in which the pattern is not found is kept whole.
    #[must_use]
    pub fn parse<'a>(&self, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
        match self.pattern.parse(line, cx) {
            Some(event) => LogEvent { format: self.name, ..event },
            None => LogEvent {
                message: Cow::Borrowed(line),
                format: plain::FORMAT,
                parse_error: Some(Cow::Owned(format!("the pattern of {} is not found", self.name))),
                ..LogEvent::default()
            },
        }
    }
}

/// How the lines of a source are read: a known format, or one of one's own. Cheap to clone.
#[derive(Clone, Debug)]
pub enum LineFormat {
    /// A known format.
    Known(Format),
    /// One of one's own.
    Custom(Arc<CustomFormat>),
}

impl LineFormat {
    /// The name under which it is configured.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Known(format) => format.as_str(),
            Self::Custom(format) => format.name,
        }
    }

    /// Whether it is the known format `format`.
    #[must_use]
    pub fn is(&self, format: Format) -> bool {
        matches!(self, Self::Known(known) if *known == format)
    }

    /// Reads one record by itself, as [`format::parse`]. Never fails.
    #[must_use]
    pub fn parse<'a>(&self, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
        match self {
            Self::Known(known) => format::parse(*known, line, cx),
            Self::Custom(custom) => custom.parse(line, cx),
        }
    }
}

impl Default for LineFormat {
    fn default() -> Self {
        Self::Known(Format::Auto)
    }
}

impl From<Format> for LineFormat {
    fn from(format: Format) -> Self {
        Self::Known(format)
    }
}

impl fmt::Display for LineFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    #[test]
    fn records_bear_the_formats_name_and_other_lines_are_kept_whole() {
        let cx = Context { received_at: 0, zone: Zone::UTC };
        let pattern = Pattern::compile("^%{WORD:app}: %{GREEDYDATA:message}", &[]).unwrap();
        let format = LineFormat::Custom(Arc::new(CustomFormat::new("shop", pattern)));
        let event = format.parse(b"cart: bought", &cx);
        assert_eq!((event.format, &*event.app, &*event.message), ("shop", "cart", &b"bought"[..]));
        let other = format.parse(b"- no", &cx);
        assert_eq!((other.format, &*other.message), ("plain", &b"- no"[..]));
        assert_eq!(other.parse_error.as_deref(), Some("the pattern of shop is not found"));
    }
}

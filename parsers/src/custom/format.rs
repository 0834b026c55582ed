//! A format of one's own under its name, and the choice between it and the known ones.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::Pattern;
use crate::format::{self, Format, UnknownFormat};
use crate::{Context, LogEvent, StreamFormat, first_line, plain};

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

    /// Reads the next record of a stream, whose format is `stream`'s to say where none is stated. Never fails.
    #[must_use]
    pub fn parse_next<'a>(&self, line: &'a [u8], stream: &mut StreamFormat, cx: &Context) -> LogEvent<'a> {
        if let Self::Known(known) = self
            && let Some(event) = first_line::read(*known, line, stream, cx)
        {
            stream.note(event.format);
            return event;
        }
        match self {
            Self::Known(Format::Auto) => stream.read(line, cx),
            Self::Known(_) | Self::Custom(_) => self.parse(line, cx),
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

/// The formats that can be named: the known ones and those of one's own. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Formats {
    custom: Arc<BTreeMap<&'static str, Arc<CustomFormat>>>,
}

/// A word that names neither a known format nor one of one's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{known}{}", own.iter().map(|name| format!(", {name}")).collect::<String>())]
pub struct UnknownName {
    known: UnknownFormat,
    own: Vec<&'static str>,
}

impl Formats {
    /// The known formats and these.
    #[must_use]
    pub fn new(custom: impl IntoIterator<Item = CustomFormat>) -> Self {
        let custom = custom.into_iter().map(|format| (format.name, Arc::new(format))).collect();
        Self { custom: Arc::new(custom) }
    }

    /// The format of this name; known ones in any case.
    ///
    /// # Errors
    /// There is none; the error names all that there are.
    pub fn find(&self, name: &str) -> Result<LineFormat, UnknownName> {
        let known = match name.parse::<Format>() {
            Ok(format) => return Ok(format.into()),
            Err(error) => error,
        };
        let custom = self.custom.get(name).map(|format| LineFormat::Custom(Arc::clone(format)));
        custom.ok_or_else(|| UnknownName { known, own: self.custom.keys().copied().collect() })
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

    #[test]
    fn formats_are_found_by_their_names() {
        let shop = CustomFormat::new("shop", Pattern::compile("a", &[]).unwrap());
        let formats = Formats::new([shop]);
        let found = |name: &str| formats.find(name).map(|format| format.to_string());
        assert_eq!(found("shop"), Ok("shop".to_owned()));
        assert_eq!(found("JSON"), Ok("json".to_owned()));
        let error = found("shoes").unwrap_err().to_string();
        assert!(
            error.starts_with("unknown format \"shoes\": use auto, ") && error.ends_with(", plain, shop"),
            "{error}"
        );
    }
}

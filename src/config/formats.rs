//! The keys of `[formats.NAME]`: formats of one's own.

use std::collections::BTreeMap;

use logseal_parsers::custom::Pattern;
use logseal_parsers::{CustomFormat, Format, Formats};
use serde::{Deserialize, Serialize};

/// The longest name of a format, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// One format.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FormatConfig {
    /// What a record looks like, in grok's way or as a regular expression.
    pub pattern: String,
    /// What is found in the first line of each record, where records may have several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins: Option<String>,
    /// Expressions that both may use by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub definitions: BTreeMap<String, String>,
}

impl FormatConfig {
    /// The compiled patterns.
    fn compile(&self) -> Result<(Pattern, Option<Pattern>), (&'static str, String)> {
        let definitions: Vec<_> = self.definitions.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let compile = |key, pattern: &str| {
            Pattern::compile(pattern, &definitions).map_err(|error| {
                let place = error.column.map_or(String::new(), |column| format!(" at column {column}"));
                (key, format!("{}{place}", error.what))
            })
        };
        Ok((
            compile("pattern", &self.pattern)?,
            self.begins.as_deref().map(|text| compile("begins", text)).transpose()?,
        ))
    }

    /// What is wrong with it, and at which key below `formats`.
    pub(super) fn check(&self, name: &str) -> Result<(), (String, String)> {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_plain) {
            let detail = format!("must have 1 to {NAME_BYTES_MAX} of a-z, 0-9, _ and -");
            return Err((name.to_owned(), detail));
        }
        if name.parse::<Format>().is_ok() {
            return Err((name.to_owned(), "is the name of a known format".to_owned()));
        }
        self.compile().map(drop).map_err(|(key, detail)| (format!("{name}.{key}"), detail))
    }
}

/// The formats that can be named while this configuration is in force; those that are not valid are left out, which
/// [`FormatConfig::check`] has refused.
pub(super) fn compile(formats: &BTreeMap<String, FormatConfig>) -> Formats {
    Formats::new(formats.iter().filter_map(|(name, config)| {
        let (pattern, begins) = config.compile().ok()?;
        // Records bear the name as long as the process lives, and there are few.
        let format = CustomFormat::new(Box::leak(name.clone().into_boxed_str()), pattern);
        Some(match begins {
            Some(begins) => format.beginning_with(begins),
            None => format,
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(pattern: &str, begins: Option<&str>) -> FormatConfig {
        FormatConfig {
            pattern: pattern.to_owned(),
            begins: begins.map(str::to_owned),
            definitions: [("ORDER".to_owned(), "[A-Z][0-9]+".to_owned())].into(),
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_key() {
        for (name, config, key, detail) in [
            ("shop", format("%{ORDRE:x}", None), "shop.pattern", "unknown name %{ORDRE} at column 1"),
            ("shop", format("a", Some("(")), "shop.begins", "unclosed group at column 1"),
            ("json", format("a", None), "json", "is the name of a known format"),
            ("Shop", format("a", None), "Shop", "must have 1 to 64 of a-z, 0-9, _ and -"),
        ] {
            assert_eq!(config.check(name), Err((key.to_owned(), detail.to_owned())));
        }
        assert_eq!(format("%{ORDER:order}", Some("^%{ORDER}")).check("shop"), Ok(()));
    }

    #[test]
    fn formats_are_found_by_the_names_of_their_tables() {
        let formats = compile(&[("shop".to_owned(), format("%{ORDER:order}", None))].into());
        assert_eq!(formats.find("shop").unwrap().as_str(), "shop");
        assert!(formats.find("shoes").is_err());
    }
}

//! Names of sources: how long they may be, and which of them no sender may use.

/// The longest name.
pub const SOURCE_BYTES_MAX: usize = 128;
/// Sources that begin so are the daemon's own: what it writes about itself could be forged otherwise.
const RESERVED: &str = "logseal.";

/// What is said of a source that [`is_reserved`].
pub const RESERVED_DETAIL: &str = "names that begin with logseal. are the daemon's own";

/// What is said of a source that nobody can read or type.
pub const UNREADABLE_DETAIL: &str = "must not be blank or hold control characters";

/// Why no sender may file records under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    #[error("source must have 1 to {SOURCE_BYTES_MAX} bytes")]
    Length,
    #[error("source {UNREADABLE_DETAIL}")]
    Unreadable,
    #[error("source: {RESERVED_DETAIL}")]
    Reserved,
}

/// Whether a sender may file records under `source`.
///
/// # Errors
/// [`SourceFault`]
pub fn check(source: &str) -> Result<(), SourceFault> {
    if !(1..=SOURCE_BYTES_MAX).contains(&source.len()) {
        return Err(SourceFault::Length);
    }
    if source.trim().is_empty() || source.contains(char::is_control) {
        return Err(SourceFault::Unreadable);
    }
    if is_reserved(source) { Err(SourceFault::Reserved) } else { Ok(()) }
}

/// Whether records of this source come from the daemon alone, whatever the case.
#[must_use]
pub fn is_reserved(source: &str) -> bool {
    source.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_can_read_or_type_is_none() {
        for source in [" ", "\t", "a\nb", "a\0", "\u{85}"] {
            assert_eq!(check(source), Err(SourceFault::Unreadable), "{source:?}");
        }
        for source in ["a b", " a", "größe", "日本"] {
            assert_eq!(check(source), Ok(()), "{source:?}");
        }
    }

    #[test]
    fn the_daemons_own_names_are_reserved_and_no_others() {
        for source in ["logseal.audit", "LOGSEAL.Audit", "logseal."] {
            assert!(is_reserved(source), "{source}");
        }
        for source in ["", "logseal", "logseal-web", "my.logseal.audit", "logsealé", "web"] {
            assert!(!is_reserved(source), "{source}");
        }
    }
}

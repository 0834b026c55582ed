//! A set of levels.

use logseal_parsers::Level;

use super::ast::Cmp;

/// Some of the seven levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelSet(u8);

impl LevelSet {
    /// No level.
    pub const NONE: Self = Self(0);
    /// All seven.
    pub const ALL: Self = Self(0x7f);

    /// Every level that says something: all but UNKNOWN.
    #[must_use]
    pub fn known() -> Self {
        Level::ALL.into_iter().filter(|level| *level != Level::Unknown).collect()
    }

    /// The levels that stand so to `bound`. UNKNOWN is neither above nor below any other.
    #[must_use]
    pub fn compared(op: Cmp, bound: Level) -> Self {
        if op == Cmp::Eq {
            return [bound].into_iter().collect();
        }
        if bound == Level::Unknown {
            return Self::NONE;
        }
        Self::known().iter().filter(|level| op.holds(*level, bound)).collect()
    }

    /// Whether `level` is one of them.
    #[must_use]
    pub fn contains(self, level: Level) -> bool {
        self.0 & bit(level) != 0
    }

    /// The levels of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The levels, gravest last.
    pub fn iter(self) -> impl Iterator<Item = Level> {
        Level::ALL.into_iter().filter(move |level| self.contains(*level))
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Level> for LevelSet {
    fn from_iter<I: IntoIterator<Item = Level>>(levels: I) -> Self {
        Self(levels.into_iter().fold(0, |bits, level| bits | bit(level)))
    }
}

const fn bit(level: Level) -> u8 {
    match level {
        Level::Unknown => 1,
        Level::Trace => 2,
        Level::Debug => 4,
        Level::Info => 8,
        Level::Warn => 16,
        Level::Error => 32,
        Level::Fatal => 64,
    }
}

/// The level that a person means: the seven names and the usual other words, in any case.
#[must_use]
pub fn level_named(word: &str) -> Option<Level> {
    const OTHER: [(&str, Level); 9] = [
        ("information", Level::Info),
        ("notice", Level::Info),
        ("warning", Level::Warn),
        ("err", Level::Error),
        ("crit", Level::Fatal),
        ("critical", Level::Fatal),
        ("alert", Level::Fatal),
        ("emerg", Level::Fatal),
        ("panic", Level::Fatal),
    ];
    let other = || OTHER.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, level)| *level);
    word.parse().ok().or_else(other)
}

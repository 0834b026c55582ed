//! A window of Lumberjack: which event ends it, though some of its events may be damaged.

use logseal_parsers::framing::lumberjack::acknowledgement;

/// The window that is under way.
#[derive(Debug, Default)]
pub(super) struct Window {
    version: u8,
    size: u32,
    /// Events that are still to come.
    left: u32,
    /// Of the event that came last, in this window or one before.
    sequence: u32,
    /// Events are numbered through all windows, not from 1 in each.
    counts_through: bool,
    /// The number of its last event, where some of its events could not be told apart and it is not answered.
    damaged_end: Option<u32>,
}

impl Window {
    /// A window of `size` events begins; the answer to the one before, where that is still owed.
    pub(super) fn begin(&mut self, version: u8, size: u32) -> Option<[u8; 6]> {
        let owed = self.settle();
        (self.version, self.size, self.left) = (version, size, size);
        owed
    }

    /// An event has come; the answer, where it ends its window or is behind the end.
    pub(super) fn event(&mut self, version: u8, sequence: u32) -> Option<[u8; 6]> {
        self.left = match self.damaged_end {
            // How many are missing before it is not known, but how many are behind it is.
            Some(end) => Some(end.wrapping_sub(sequence)).filter(|left| *left < self.size).unwrap_or(self.left),
            None => {
                if self.left == self.size {
                    self.counts_through = sequence != 1;
                }
                self.left.saturating_sub(1)
            }
        };
        self.sequence = sequence;
        if self.left > 0 {
            return None;
        }
        self.damaged_end = None;
        Some(acknowledgement(version, sequence))
    }

    /// Some of its events are damaged, nobody knows how many.
    pub(super) fn damage(&mut self) {
        if self.left == 0 || self.damaged_end.is_some() {
            return;
        }
        let goes_on = self.left < self.size || self.counts_through || self.version == b'1';
        let before = if goes_on { self.sequence } else { 0 };
        self.damaged_end = Some(before.wrapping_add(self.left));
    }

    /// No more of it will come: the answer that is owed where some of it is damaged.
    pub(super) fn settle(&mut self) -> Option<[u8; 6]> {
        let end = self.damaged_end.take()?;
        (self.sequence, self.left) = (end, 0);
        Some(acknowledgement(self.version, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_answered_at_its_last_event_and_so_is_each_event_behind_it() {
        let mut window = Window::default();
        assert_eq!(window.begin(b'2', 2), None);
        assert_eq!(window.event(b'2', 1), None);
        assert_eq!(window.event(b'2', 2), Some(*b"2A\0\0\0\x02"));
        assert_eq!(window.event(b'2', 3), Some(*b"2A\0\0\0\x03"));
        window.damage();
        assert_eq!(window.settle(), None);
    }

    #[test]
    fn a_damaged_window_is_answered_up_to_its_end_once() {
        for (version, before, seen, size, end) in [
            (b'2', &[][..], &[][..], 5, 5),
            (b'2', &[1, 2], &[1, 2], 5, 5),
            (b'2', &[1, 2], &[], 5, 5),
            (b'2', &[7, 8], &[], 5, 13),
            (b'1', &[1, 2], &[], 5, 7),
            (b'1', &[1, 2], &[3], 5, 7),
        ] {
            let mut window = Window::default();
            window.begin(version, before.len() as u32);
            for n in before {
                window.event(version, *n);
            }
            assert_eq!(window.begin(version, size), None);
            seen.iter().for_each(|n| assert_eq!(window.event(version, *n), None));
            window.damage();
            window.damage();
            assert_eq!(window.settle(), Some(acknowledgement(version, end)), "{before:?} {seen:?}");
            assert_eq!(window.settle(), None);
        }
    }

    #[test]
    fn events_behind_the_damage_are_not_answered_before_they_came() {
        let mut window = Window::default();
        window.begin(b'2', 9);
        window.event(b'2', 1);
        window.damage();
        assert_eq!(window.event(b'2', 8), None);
        assert_eq!(window.event(b'2', 9), Some(*b"2A\0\0\0\x09"));
        window.begin(b'2', 3);
        window.damage();
        assert_eq!(window.begin(b'2', 3), Some(*b"2A\0\0\0\x03"));
    }
}

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
    /// Something of it has come before the frame that is read.
    has_come: bool,
    /// The client has sent windows in several frames, and may do so again: one frame of a window is not all of it.
    sends_several: bool,
    /// Where some of its events could not be told apart and it is not answered.
    damage: Option<Damage>,
}

/// Of a window whose end may not have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Damage {
    /// The number of the window's last event.
    end: u32,
    /// The damaged frame is all that came of it.
    is_all: bool,
    /// A client that waits was told how far it came.
    is_told: bool,
}

impl Window {
    /// A window of `size` events begins; the answer to the one before, where that is still owed.
    pub(super) fn begin(&mut self, version: u8, size: u32) -> Option<[u8; 6]> {
        let owed = self.settle();
        (self.version, self.size, self.left, self.has_come) = (version, size, size, false);
        owed
    }

    /// An event has come; the answer, where it ends its window or is behind the end.
    pub(super) fn event(&mut self, version: u8, sequence: u32) -> Option<[u8; 6]> {
        self.left = match &mut self.damage {
            // How many are missing before it is not known, but how many are behind it is.
            Some(damage) => {
                (damage.is_all, damage.is_told) = (false, false);
                Some(damage.end.wrapping_sub(sequence)).filter(|left| *left < self.size).unwrap_or(self.left)
            }
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
        self.damage = None;
        Some(acknowledgement(version, sequence))
    }

    /// Some of its events are damaged, nobody knows how many.
    pub(super) fn damage(&mut self) {
        if let Some(damage) = &mut self.damage {
            damage.is_all = false;
            return;
        }
        if self.left == 0 {
            return;
        }
        let goes_on = self.left < self.size || self.counts_through || self.version == b'1';
        let before = if goes_on { self.sequence } else { 0 };
        let end = before.wrapping_add(self.left);
        self.damage = Some(Damage { end, is_all: !self.has_come && !self.sends_several, is_told: false });
    }

    /// A frame has come to its end, which may have held events.
    pub(super) fn frame_ended(&mut self) {
        self.sends_several |= self.has_come;
        self.has_come |= self.left < self.size || self.damage.is_some();
    }

    /// The client has sent nothing for a while: what may be answered where some of the window is damaged.
    ///
    /// Clients that compress put a whole window into one frame, so that nothing follows where that one is damaged. Of a window in
    /// several frames more may follow, however late: it is answered only so far as it came. Whoever has sent one such on this connection
    /// may send another. A client that sends its window again, on a new connection and with nothing but the damaged frame, is answered.
    ///
    /// On a connection's first window nothing tells the two apart: a window says how many events it has, and not in how many frames, and
    /// a compressed frame not how many it holds. To wait there would leave every client that compresses waiting for ever.
    pub(super) fn paused(&mut self) -> Option<[u8; 6]> {
        let has_events = self.left < self.size;
        let damage = self.damage.as_mut()?;
        if damage.is_all {
            return self.settle();
        }
        let is_told = std::mem::replace(&mut damage.is_told, true);
        // Told again and again, a client would wait for the rest for ever instead of sending it again.
        (has_events && !is_told).then(|| acknowledgement(self.version, self.sequence))
    }

    /// No more of it will come: the answer that is owed where some of it is damaged.
    fn settle(&mut self) -> Option<[u8; 6]> {
        let end = self.damage.take()?.end;
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
    fn a_client_that_pauses_hears_of_no_event_that_may_still_come() {
        // All of the window is in the damaged frame, also where some events of it were read.
        for seen in [&[][..], &[1, 2]] {
            let mut window = Window::default();
            window.begin(b'2', 5);
            window.frame_ended();
            seen.iter().for_each(|n| assert_eq!(window.event(b'2', *n), None));
            window.damage();
            window.frame_ended();
            assert_eq!(window.paused(), Some(acknowledgement(b'2', 5)));
            assert_eq!(window.paused(), None);
        }
        // Events before the damage in a frame of their own, and then behind it.
        let mut window = Window::default();
        window.begin(b'2', 5);
        window.event(b'2', 1);
        window.frame_ended();
        window.damage();
        window.frame_ended();
        assert_eq!([window.paused(), window.paused()], [Some(acknowledgement(b'2', 1)), None]);
        window.event(b'2', 4);
        window.frame_ended();
        assert_eq!([window.paused(), window.paused()], [Some(acknowledgement(b'2', 4)), None]);
        assert_eq!(window.event(b'2', 5), Some(acknowledgement(b'2', 5)));
        assert_eq!(window.paused(), None);
        // Two damaged frames: of which of them are how many?
        window.begin(b'2', 5);
        for _ in 0..2 {
            window.damage();
            window.frame_ended();
        }
        assert_eq!(window.paused(), None);
        assert_eq!(window.begin(b'2', 1), Some(acknowledgement(b'2', 5)));
    }

    #[test]
    fn a_window_of_a_client_that_sends_several_frames_is_not_taken_for_one() {
        let mut window = Window::default();
        window.begin(b'2', 2);
        window.frame_ended();
        for n in 1..=2 {
            window.event(b'2', n);
            window.frame_ended();
        }
        // The first of its frames is damaged, and the second comes after a pause.
        window.begin(b'2', 4);
        window.frame_ended();
        window.damage();
        window.frame_ended();
        assert_eq!([window.paused(), window.paused()], [None, None]);
        assert_eq!(window.event(b'2', 3), None);
        assert_eq!(window.event(b'2', 4), Some(acknowledgement(b'2', 4)));
        assert_eq!(window.paused(), None);
    }

    #[test]
    fn a_damaged_first_frame_of_the_first_window_is_taken_for_all_of_it_and_what_follows_is_answered_still() {
        let mut window = Window::default();
        window.begin(b'2', 4);
        window.frame_ended();
        window.damage();
        window.frame_ended();
        assert_eq!(window.paused(), Some(acknowledgement(b'2', 4)));
        // The others come after all, each of them behind the end.
        for n in 3..=4 {
            assert_eq!(window.event(b'2', n), Some(acknowledgement(b'2', n)));
            window.frame_ended();
        }
        // From now on such a frame is known to be one of several.
        window.begin(b'2', 4);
        window.frame_ended();
        window.damage();
        window.frame_ended();
        assert_eq!(window.paused(), None);
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

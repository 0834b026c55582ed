//! What an evaluator may use, and whose clock it goes by.

/// Bounds of each rule's memory, and of how late a record may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// So many groups of a rule are remembered.
    pub groups_per_rule_max: usize,
    /// They take so many bytes.
    pub bytes_per_rule_max: usize,
    /// A record whose timestamp is further behind is late: it counts in no window.
    pub lateness_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { groups_per_rule_max: 100_000, bytes_per_rule_max: 16 << 20, lateness_seconds: 300 }
    }
}

impl Limits {
    /// The lateness in microseconds.
    pub(super) fn lateness(&self) -> i64 {
        i64::from(self.lateness_seconds) * 1_000_000
    }
}

/// What time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The latest arrival. A record counts at its timestamp if that is near its arrival, and one from the future at its arrival.
    Received,
    /// The largest timestamp, for records that are read again long after they arrived.
    Records,
}

/// When a record counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// In windows; `None` for a late record.
    pub(super) time: Option<i64>,
    /// The watermark.
    pub(super) now: i64,
}

impl Clock {
    /// The moment of a record, where the watermark was `before`.
    pub(super) fn moment(self, timestamp: i64, received_at: i64, before: i64, lateness: i64) -> Moment {
        match self {
            Self::Received => {
                let now = before.max(received_at);
                let age = received_at.saturating_sub(timestamp);
                if age > lateness {
                    return Moment { time: None, now };
                }
                let time = if age < 0 { received_at } else { timestamp };
                // A clock that was set back by much must not stop the windows until it has caught up.
                let behind = now.saturating_sub(received_at);
                Moment { time: Some(if behind > lateness { time.saturating_add(behind) } else { time }), now }
            }
            Self::Records => {
                let now = before.max(timestamp);
                let is_late = now.saturating_sub(timestamp) > lateness;
                Moment { time: (!is_late).then_some(timestamp), now }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_counts_at_its_timestamp_unless_that_is_ahead_or_far_behind() {
        let check = |timestamp, received_at, before, time: Option<i64>, now| {
            let moment = Clock::Received.moment(timestamp, received_at, before, 300);
            assert_eq!(moment, Moment { time, now }, "{timestamp} received at {received_at} after {before}");
        };
        check(1000, 1000, 0, Some(1000), 1000);
        check(700, 1000, 0, Some(700), 1000);
        check(699, 1000, 0, None, 1000);
        check(5000, 1000, 0, Some(1000), 1000);
        // Arrivals that overtook each other a little; a clock that was set back by an hour.
        check(900, 950, 1000, Some(900), 1000);
        check(900, 950, 4550, Some(4500), 4550);
        check(i64::MIN, i64::MAX, 0, None, i64::MAX);
    }

    #[test]
    fn read_again_a_record_counts_at_its_timestamp_whenever_it_arrived() {
        let check = |timestamp, before, time: Option<i64>, now| {
            assert_eq!(Clock::Records.moment(timestamp, 9_999_999, before, 300), Moment { time, now });
        };
        check(1000, 0, Some(1000), 1000);
        check(700, 1000, Some(700), 1000);
        check(699, 1000, None, 1000);
    }
}

//! Each of logseal's own troubles: what it is called, and by what it is seen.

use crate::meta::Severity;

/// The spool fills up when it holds more than this share of what it may.
const SPOOL_PERCENT: u64 = 80;

/// What is looked at, at one moment. Totals are since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) spool_bytes: u64,
    pub(super) spool_bytes_max: u64,
    pub(super) engine_restarts: u64,
    pub(super) records_dropped: u64,
    pub(super) segments_rejected: u64,
}

/// Which trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    SpoolFilling,
    EngineRestarted,
    RecordsDropped,
    SegmentRejected,
}

impl Trouble {
    pub(super) const ALL: [Self; 4] =
        [Self::SpoolFilling, Self::EngineRestarted, Self::RecordsDropped, Self::SegmentRejected];

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::SpoolFilling => "logseal.spool-filling",
            Self::EngineRestarted => "logseal.engine-restarts",
            Self::RecordsDropped => "logseal.records-dropped",
            Self::SegmentRejected => "logseal.segment-rejected",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SpoolFilling => "The spool fills up",
            Self::EngineRestarted => "The embedded engine was restarted",
            Self::RecordsDropped => "Records were dropped",
            Self::SegmentRejected => "The store refused a segment",
        }
    }

    pub(super) fn severity(self) -> Severity {
        match self {
            Self::SpoolFilling | Self::RecordsDropped => Severity::High,
            Self::EngineRestarted => Severity::Medium,
            Self::SegmentRejected => Severity::Critical,
        }
    }

    /// What there is to say, where `after` shows it and `before` was the last look.
    pub(super) fn seen(self, before: &Figures, after: &Figures) -> Option<String> {
        let more = |before: u64, after: u64| Some(after.saturating_sub(before)).filter(|more| *more > 0);
        match self {
            Self::SpoolFilling => {
                let percent = after.spool_bytes.saturating_mul(100) / after.spool_bytes_max.max(1);
                (percent >= SPOOL_PERCENT).then(|| {
                    format!("The spool holds {percent} % of spool.disk_bytes_max: at 100 % senders are refused. Is the store away?")
                })
            }
            Self::EngineRestarted => more(before.engine_restarts, after.engine_restarts).map(|count| {
                format!("The embedded engine ended and was started again ({count} times); nothing was lost.")
            }),
            Self::RecordsDropped => more(before.records_dropped, after.records_dropped).map(|count| {
                format!("{count} records were lost before they were acknowledged; the metric records_dropped says why.")
            }),
            Self::SegmentRejected => more(before.segments_rejected, after.segments_rejected)
                .map(|count| format!("{count} segments were moved to spool/rejected, each with its reason beside it.")),
        }
    }
}

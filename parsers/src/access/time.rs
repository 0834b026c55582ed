//! The time of an access log line, in square brackets.

use super::months;
use crate::{Context, Zone, app, timestamp};

/// Reads a time and the bracket that closes it; returns what follows.
///
/// It is the common log format's (Django's development server has a blank before the time of day), ISO 8601, or cPanel's
/// `07/29/2021:13:11:25 -0000`, where the month comes first; the proxy of Proxmox has `29/07/2021:13:11:25 +0200`.
pub(super) fn read(inside: &[u8], zone: Zone) -> Option<(i64, &[u8])> {
    let (stamp, rest) = match inside {
        // The proxy of Proxmox writes the day first; cPanel, which writes the month first, has always this zone.
        [b'0'..=b'9', b'0'..=b'9', b'/', b'0'..=b'9', ..] if inside.get(19..25) != Some(b" -0000") => {
            let day_first = app::time_of_shape(inside, b"d/m/Y:H:M:S", &Context { received_at: 0, zone });
            day_first.or_else(|| month_first(inside, zone))?
        }
        [b'0'..=b'9', b'0'..=b'9', b'/', b'0'..=b'9', ..] => month_first(inside, zone)?,
        [b'0'..=b'9', b'0'..=b'9', b'/', _, _, _, b'/', _, _, _, _, b' ', ..] => {
            app::time_of_shape(inside, b"d/b/Y H:M:S", &Context { received_at: 0, zone })?
        }
        [b'0'..=b'9', b'0'..=b'9', b'/', ..] => match timestamp::common_log_prefix(inside, zone) {
            Some(found) => found,
            None => return months::read(inside, zone),
        },
        [b'0'..=b'9', ..] => timestamp::iso_prefix(inside, zone)?,
        _ => return None,
    };
    // Apache's "%{%d/%b/%Y:%H:%M:%S }t" leaves a blank where the zone would stand.
    Some((stamp, rest.strip_prefix(b" ").unwrap_or(rest).strip_prefix(b"]")?))
}

fn month_first(inside: &[u8], zone: Zone) -> Option<(i64, &[u8])> {
    let [m, n, b'/', d, e, b'/', y @ ..] = inside else {
        return None;
    };
    let [a, b, c, f, b':', rest @ ..] = y else {
        return None;
    };
    // The same time in ISO 8601's order: date and time are of fixed length.
    let clock = rest.get(..8)?;
    let mut iso = [*a, *b, *c, *f, b'-', *m, *n, b'-', *d, *e, b'T', 0, 0, 0, 0, 0, 0, 0, 0, b'Z'];
    iso.get_mut(11..19)?.copy_from_slice(clock);
    let (wall, _) = timestamp::iso_prefix(&iso, Zone::UTC)?;
    timestamp::finish(wall, rest.get(8..)?, zone)
}

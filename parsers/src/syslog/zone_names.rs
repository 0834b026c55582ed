//! The abbreviations of time zones that devices write behind a time (`18:48:50 CEST`).
//!
//! Abbreviations are ambiguous in general (IST, CST); each is read as the zone in which most devices mean it.

/// Seconds east of UTC of the zone that `name` (in capitals) abbreviates.
pub(crate) fn offset_seconds(name: &[u8]) -> Option<i64> {
    let quarters = match name {
        b"UTC" | b"GMT" | b"Z" | b"WET" | b"UCT" => 0,
        b"CET" | b"MET" | b"WEST" | b"BST" | b"WAT" => 4,
        b"CEST" | b"MEST" | b"METDST" | b"EET" | b"SAST" | b"CAT" => 8,
        b"EEST" | b"MSK" | b"TRT" | b"EAT" => 12,
        b"PKT" => 20,
        b"IST" => 22,
        b"WIB" | b"ICT" => 28,
        b"AWST" | b"HKT" | b"SGT" | b"PHT" => 32,
        b"JST" | b"KST" => 36,
        b"AEST" => 40,
        b"AEDT" => 44,
        b"NZST" => 48,
        b"NZDT" => 52,
        b"BRT" | b"ART" => -12,
        b"EDT" | b"AST" => -16,
        b"EST" | b"CDT" => -20,
        b"CST" | b"MDT" => -24,
        b"MST" | b"PDT" => -28,
        b"PST" | b"AKDT" => -32,
        b"AKST" => -36,
        b"HST" => -40,
        _ => return None,
    };
    Some(quarters * 900)
}

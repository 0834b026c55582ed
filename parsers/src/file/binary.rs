//! Whether bytes are text at all.

/// So much of a line is looked at.
const NEAR_BYTES: usize = 512;

/// Whether a line is something else than text: it holds a NUL byte, or one byte in ten is a control character.
pub(super) fn is_binary(line: &[u8]) -> bool {
    let near = line.get(..NEAR_BYTES).unwrap_or(line);
    // Terminals' escapes, and what auditd and others divide fields with, are usual in logs.
    let is_control = |b: &&u8| matches!(b, 0x01..=0x08 | 0x0b | 0x0c | 0x0e..=0x1a | 0x7f);
    memchr::memchr(0, line).is_some() || near.iter().filter(is_control).count() * 10 > near.len()
}

//! How far a long command is, on one line of standard error, where that is a terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::since::span;

/// Drawn so often at most, so that it costs nothing.
const DRAWN_HZ: u8 = 5;

/// A line that is drawn over itself: a bar where the end is known, and what else there is to say.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    /// `end` is the position at which all is done.
    pub(super) fn new(end: Option<u64>) -> Self {
        let template = if end.is_some() { "{percent:>3} % [{bar:24}] {msg}, {eta} left" } else { "{msg}" };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(end, ProgressDrawTarget::stderr_with_hz(DRAWN_HZ));
        Self { bar: bar.with_style(style.progress_chars("=> ")), started: Instant::now() }
    }

    /// Time since the start, in seconds; never 0, so that rates can be computed.
    pub(super) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64().max(0.001)
    }

    /// Shows how far it is, and what `text` makes of the seconds so far.
    pub(super) fn update(&self, position: u64, text: impl FnOnce(f64) -> String) {
        if !self.bar.is_hidden() {
            self.bar.set_message(text(self.seconds()));
            self.bar.set_position(position);
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// `1234567` as `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes as people read them.
pub(super) fn bytes(number: u64) -> String {
    let mut size = number as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = larger;
    }
    if unit == "B" { format!("{number} B") } else { format!("{size:.1} {unit}") }
}

/// Reads `30s`, `10m` for the command line.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    span(text).and_then(|span| span.to_std().ok()).ok_or_else(|| format!("\"{text}\" is no span: write 30s, 10m, 1h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1023, 1536, 5 << 30].map(bytes), ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]);
    }
}

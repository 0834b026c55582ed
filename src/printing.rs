//! What the program prints, apart from its log: results on standard output, remarks on standard error.
//!
//! A result that cannot be written is an error, never a panic. A remark that cannot be written has nobody else to be told to, and what it is
//! about is done or not all the same. Colours are left out where the stream is no terminal.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Standard output could not be written.
#[derive(Debug, thiserror::Error)]
#[error("write the output")]
pub struct OutputError(#[source] pub io::Error);

/// Writes `text` to standard output, down to the operating system.
///
/// # Errors
/// It is full, or closed.
pub fn print(text: impl Display) -> Result<(), OutputError> {
    let text = text.to_string();
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(OutputError)
}

/// Writes `text` and a line's end to standard output.
///
/// # Errors
/// As [`print()`].
pub fn print_line(text: impl Display) -> Result<(), OutputError> {
    print(format_args!("{text}\n"))
}

/// Writes `text` to standard error where that can be.
pub fn remark(text: impl Display) {
    let text = text.to_string();
    drop(anstream::stderr().lock().write_all(text.as_bytes()));
}

/// Writes `text` and a line's end to standard error where that can be.
pub fn remark_line(text: impl Display) {
    remark(format_args!("{text}\n"));
}

/// Whether the reader of standard output has seen enough (`| head`): nothing to complain of.
#[must_use]
pub fn has_no_reader(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<OutputError>());
    causes.any(|OutputError(cause)| cause.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_told_from_a_broken_connection() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(has_no_reader(&anyhow::Error::new(OutputError(pipe())).context("print")));
        assert!(!has_no_reader(&anyhow::Error::new(pipe())));
    }
}

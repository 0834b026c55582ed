//! Reads uploaded files entry by entry: plain ones, packed ones (gzip, zstd, bzip2, xz), zips and tars, nested once.
//!
//! [`walk`](walk::walk) hands each entry's content to a visitor, [`list`](list::list) only tells what there is, and
//! [`file_type`](file_type::file_type) what the upload itself is. All three block, and read the file at any place, so that
//! its position does not matter.
//!
//! What is in an archive is not trusted:
//!
//! - Types are told by the bytes, never by a name; names are made harmless and are only shown. Nothing is written under
//!   them, so that a treacherous name (`../x`, `/x`, `C:\x`) is no reason to refuse a log: it is read, and marked.
//! - A bad entry has its [`EntryProblem`](problem::EntryProblem) and harms no other. Behind damage in a tar the next
//!   header that is whole is searched for; a zip without its directory is read by its local headers; a packed file is
//!   handed out up to the damage.
//! - [`Limits`](limits::Limits) bound the work. A bomb ends where it meets one, in constant memory.
//!
//! # Memory
//!
//! For each level of nesting (the upload is one): buffers of 192 KiB and one decoder, which takes below 1 MiB, for bzip2
//! 4 MiB, for zstd, xz and LZMA `decoder_bytes_max` and 1 MiB. For each entry 16 bytes for its name and, in a zip, 70 to
//! know which bytes of the file are taken. Extended headers of a tar take up to 1 MiB, the header of a zip entry 192 KiB.
//! A listing also holds what it lists, names of up to `name_bytes_max`. A zip within an archive is copied to a temporary
//! file without a name first, up to `scratch_bytes_max`.

mod buffered;
mod codec;
mod decoding;
pub mod entry;
pub mod file_type;
mod gzip;
pub mod limits;
pub mod list;
mod meter;
mod name;
mod packed;
mod pax;
pub mod problem;
pub mod source;
mod tar;
#[cfg(test)]
mod tests;
pub mod walk;
mod zip;

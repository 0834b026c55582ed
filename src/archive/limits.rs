//! What reading an archive may cost.

/// Bounds of one reading. All of them hold for the whole upload, however its parts are nested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries, those of nested archives and those that are no logs included (100,000).
    pub entries_max: u64,
    /// Bytes of one entry, unpacked (32 GiB).
    pub entry_bytes_max: u64,
    /// Bytes that all decoders put out together, an outer and an inner one each for itself (128 GiB).
    pub total_bytes_max: u64,
    /// Unpacked bytes for each byte of the file they were unpacked from, and for each byte of the upload, however archives
    /// are nested (1,000; deflate cannot reach more than 1,032).
    pub ratio_max: u64,
    /// Unpacked bytes of the whole upload for which the ratio does not matter, for a short text of one letter is no bomb
    /// (16 MiB). Entries that keep to the ratio use none of them.
    pub ratio_free_bytes: u64,
    /// Bytes of a shown name; what is longer is cut (1,024).
    pub name_bytes_max: usize,
    /// Packed files and archives within one another, not counting the upload itself (1). A tar or zip and what it is
    /// packed with are one.
    pub nesting_max: u8,
    /// Memory for the window of one zstd, xz or LZMA decoder (128 MiB, which `zstd --long` needs).
    pub decoder_bytes_max: u64,
    /// Bytes of a zip within an archive: it is copied to a file first, because its directory stands at its end (4 GiB).
    pub scratch_bytes_max: u64,
    /// Bytes of the disk that such a copy leaves free.
    pub scratch_free_bytes_min: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries_max: 100_000,
            entry_bytes_max: 32 << 30,
            total_bytes_max: 128 << 30,
            ratio_max: 1000,
            ratio_free_bytes: 16 << 20,
            name_bytes_max: 1024,
            nesting_max: 1,
            decoder_bytes_max: 128 << 20,
            scratch_bytes_max: 4 << 30,
            scratch_free_bytes_min: 0,
        }
    }
}

//! What the store takes on disk.
//!
//! ClickHouse keeps the parts that a merge has replaced for minutes; they are not what a record
//! costs, so they are left out. Whether a part is replaced is said by its name, `PARTITION_MIN_MAX_LEVEL`:
//! another one of the same partition with a higher level spans its blocks.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Context as _;

/// No store of ours has folders nested deeper.
const DEPTH_MAX: usize = 12;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    partition: String,
    first: u64,
    last: u64,
    level: u64,
}

/// Bytes on disk below `folder`, without parts that merges have replaced.
///
/// # Errors
/// Where `folder` cannot be read.
pub(super) fn active_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut files = BTreeMap::new();
    walk(folder, 0, &mut files).with_context(|| format!("measure {}", folder.display()))?;
    Ok(files.values().sum())
}

/// Gathers files by device and inode, since a file may stand in two parts, each counted once.
fn walk(folder: &Path, depth: usize, files: &mut BTreeMap<(u64, u64), u64>) -> std::io::Result<()> {
    if depth > DEPTH_MAX {
        return Ok(());
    }
    let entries: Vec<fs::DirEntry> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    let parts: Vec<Part> = entries.iter().filter_map(|entry| part(entry.file_name().to_str()?)).collect();
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_replaced = part(&name).is_some_and(|part| parts.iter().any(|other| replaces(other, &part)));
        let is_unfinished = ["tmp_", "delete_tmp_", "detached"].iter().any(|prefix| name.starts_with(prefix));
        if is_replaced || is_unfinished {
            continue;
        }
        // A file may be gone since the folder was listed: merges go on.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            match walk(&entry.path(), depth + 1, files) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                outcome => outcome?,
            }
        } else if metadata.is_file() {
            files.insert((metadata.dev(), metadata.ino()), metadata.blocks() * 512);
        }
    }
    Ok(())
}

fn part(name: &str) -> Option<Part> {
    let mut fields = name.split('_');
    let partition = fields.next()?.to_owned();
    let mut number = || fields.next()?.parse::<u64>().ok();
    let part = Part { partition, first: number()?, last: number()?, level: number()? };
    // A mutation adds one more number.
    let is_part = fields.all(|field| field.parse::<u64>().is_ok());
    is_part.then_some(part)
}

fn replaces(other: &Part, part: &Part) -> bool {
    other.partition == part.partition
        && other.level > part.level
        && other.first <= part.first
        && part.last <= other.last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_a_merge_replaced_are_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let table = dir.path().join("store/abc");
        let put = |folder: &str| {
            fs::create_dir_all(table.join(folder)).unwrap();
            fs::write(table.join(folder).join("data.bin"), vec![1; 8192]).unwrap();
        };
        for folder in
            ["20261120_1_1_0", "20261120_2_2_0", "20261120_1_2_1", "20261120_3_3_0", "20261121_1_1_0", "tmp_merge_x"]
        {
            put(folder);
        }
        let one = fs::metadata(table.join("20261120_1_2_1/data.bin")).unwrap().blocks() * 512;
        assert_eq!(active_bytes(dir.path()).unwrap(), 3 * one);
        assert!(active_bytes(&dir.path().join("nothing")).is_err());
    }

    #[test]
    fn only_names_of_parts_are_parts() {
        assert!(part("20261120_1_58_2").is_some() && part("20261120_1_58_2_60").is_some());
        assert!(part("all_files").is_none() && part("20261120_1_2_x").is_none() && part("").is_none());
    }
}

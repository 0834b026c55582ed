//! The files of `logseal rules import`: found in folders, and put together where one needs the rules of another.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::rules::sigma::limits::TEXT_BYTES_MAX;
use crate::rules::sigma::links::{Links, groups, joined};

/// A folder that is deeper has a link in it that leads back.
const DEPTH_MAX: usize = 32;

/// Files that are sent as one text.
#[derive(Debug)]
pub(super) struct Together {
    /// With the titles that each has.
    files: Vec<(PathBuf, Option<Links>)>,
    /// Whether they would belong with others that are too large together.
    pub(super) is_torn: bool,
}

/// A file that cannot be read as a text of rules.
pub(super) struct Unread {
    pub(super) file: PathBuf,
    pub(super) why: anyhow::Error,
}

impl Together {
    /// What they are called together.
    pub(super) fn name(&self) -> String {
        self.files.iter().map(|(file, _)| file.display().to_string()).collect::<Vec<_>>().join(" + ")
    }

    /// The name of the file that has the rule, or of all where that cannot be told.
    pub(super) fn name_of(&self, title: &str) -> String {
        let has = |links: &Option<Links>| links.as_ref().is_some_and(|links| links.titles.contains(title));
        let mut owners = self.files.iter().filter(|(_, links)| has(links));
        match (owners.next(), owners.next()) {
            (Some((file, _)), None) => file.display().to_string(),
            _ => self.name(),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.files.len()
    }

    /// # Errors
    /// Where a file cannot be read any more.
    pub(super) fn text(&self) -> anyhow::Result<Vec<u8>> {
        if let [(file, _)] = self.files.as_slice() {
            // As it is, whatever it is: the daemon says what is wrong.
            return read(file);
        }
        let mut texts = Vec::new();
        for (file, _) in &self.files {
            let text = String::from_utf8(read(file)?);
            texts.push(text.with_context(|| format!("{} has changed and is not UTF-8 any more", file.display()))?);
        }
        Ok(joined(texts.iter().map(String::as_str)).into_bytes())
    }
}

/// Puts the files together that need each other, in the order of their first ones, and names those that cannot be read.
pub(super) fn together(files: Vec<PathBuf>) -> (Vec<Together>, Vec<Unread>) {
    let (mut known, mut unread) = (Vec::new(), Vec::new());
    for file in files {
        // The text itself is let go: a folder may have more than fits.
        match read(&file) {
            Ok(bytes) => {
                let links = std::str::from_utf8(&bytes).ok().and_then(Links::of);
                known.push((file, links, bytes.len() as u64));
            }
            Err(why) => unread.push(Unread { file, why }),
        }
    }
    let links: Vec<Option<Links>> = known.iter().map(|(_, links, _)| links.clone()).collect();
    let mut all = Vec::new();
    for group in groups(&links) {
        let members: Vec<_> = group.iter().filter_map(|number| known.get(*number)).collect();
        // With what stands between them.
        let bytes: u64 = members.iter().map(|(_, _, bytes)| bytes + 5).sum();
        let files = members.iter().map(|(file, links, _)| (file.clone(), links.clone()));
        if bytes <= TEXT_BYTES_MAX as u64 || members.len() == 1 {
            all.push(Together { files: files.collect(), is_torn: false });
        } else {
            all.extend(files.map(|file| Together { files: vec![file], is_torn: true }));
        }
    }
    (all, unread)
}

/// The files at `path`, those of folders in the order of their names.
pub(super) fn find(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let what = || format!("read {}", path.display());
    if !std::fs::metadata(path).with_context(what)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    if depth > DEPTH_MAX {
        bail!("{} is deeper than {DEPTH_MAX} folders", path.display());
    }
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).with_context(what)? {
        entries.push(entry.with_context(what)?.path());
    }
    entries.sort();
    for entry in entries {
        let is_rule = entry.extension().is_some_and(|ending| ending == "yml" || ending == "yaml");
        if is_rule || entry.is_dir() {
            find(&entry, depth + 1, files)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let what = || format!("read {}", file.display());
    let bytes = std::fs::metadata(file).with_context(what)?.len();
    if bytes > TEXT_BYTES_MAX as u64 {
        bail!("it has {bytes} bytes; a file of rules has at most {TEXT_BYTES_MAX}");
    }
    std::fs::read(file).with_context(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_for_rules_in_the_order_of_names() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("linux")).unwrap();
        for name in ["b.yml", "a.yaml", "readme.md", "linux/c.yml"] {
            std::fs::write(dir.path().join(name), "title: x").unwrap();
        }
        let mut files = Vec::new();
        find(dir.path(), 0, &mut files).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.strip_prefix(dir.path()).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.yaml", "b.yml", "linux/c.yml"]);
        assert!(find(&dir.path().join("gone"), 0, &mut files).is_err());
    }

    #[test]
    fn files_that_need_each_other_are_one_text_unless_it_would_be_too_large() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = dir.path().join(name);
            std::fs::write(&file, text).unwrap();
            file
        };
        let rule = |name: &str, comment: usize| {
            let comment = "x".repeat(comment);
            format!("# {comment}\ntitle: {name}\nname: {name}\ndetection:\n  s:\n    f: x\n  condition: s\n")
        };
        let correlation = |name: &str, of: &str| {
            format!("title: {name}\ncorrelation:\n  type: temporal\n  rules: [{of}]\n  timespan: 5m\n")
        };
        let files = vec![
            write("a.yml", &correlation("small", "b, c")),
            write("b.yml", &rule("b", 10)),
            write("c.yml", &rule("c", 10)),
            write("d.yml", &rule("d", 600_000)),
            write("e.yml", &rule("e", 600_000)),
            write("f.yml", &correlation("large", "d, e")),
            write("g.yml", &rule("g", 1_100_000)),
        ];
        let (all, unread) = together(files);
        let told: Vec<_> = all.iter().map(|one| (one.count(), one.is_torn)).collect();
        assert_eq!(told, [(3, false), (1, true), (1, true), (1, true)]);
        assert!(all[0].name_of("c").ends_with("/c.yml") && all[0].name_of("?").contains(" + "));
        let text = String::from_utf8(all[0].text().unwrap()).unwrap();
        assert!(text.contains("title: small") && text.contains("title: b") && text.contains("title: c"), "{text}");
        assert_eq!(unread.len(), 1);
        assert!(unread[0].file.ends_with("g.yml") && unread[0].why.to_string().contains("bytes"), "{}", unread[0].why);
    }
}

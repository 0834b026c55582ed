//! Names of segment files. They sort by first id, and tell it even when the header is unreadable.

use uuid::Uuid;

/// What the name of a file in `segments/` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentName {
    /// Id of the first row.
    pub first_id: u64,
    /// Id of the last row: known, and in the name, once the segment is sealed.
    pub last_id: Option<u64>,
    /// The segment's id.
    pub id: Uuid,
}

impl SegmentName {
    /// The file name.
    pub fn file_name(&self) -> String {
        let Self { first_id, id, .. } = self;
        match self.last_id {
            Some(last_id) => format!("{first_id:016x}-{last_id:016x}-{id}.sealed"),
            None => format!("{first_id:016x}-{id}.open"),
        }
    }

    /// Reads exactly what [`Self::file_name`] writes; `None` for every other name.
    pub fn parse(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit_once('.')?;
        let (first, rest) = stem.split_once('-')?;
        let (last_id, id) = match extension {
            "open" => (None, rest),
            "sealed" => {
                let (last, id) = rest.split_once('-')?;
                (Some(u64::from_str_radix(last, 16).ok()?), id)
            }
            _ => return None,
        };
        let parsed = Self { first_id: u64::from_str_radix(first, 16).ok()?, last_id, id: Uuid::try_parse(id).ok()? };
        (parsed.file_name() == name).then_some(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_and_any_other_spelling_is_refused() {
        let id = Uuid::from_u128(0x1234);
        for last_id in [None, Some(u64::MAX)] {
            let name = SegmentName { first_id: 42, last_id, id };
            assert_eq!(SegmentName::parse(&name.file_name()), Some(name));
        }
        let id = id.to_string();
        for wrong in [
            String::new(),
            "sequence".into(),
            format!("2a-{id}.open"),
            format!("000000000000002A-{id}.open"),
            format!("000000000000002a-{id}.sealed"),
            format!("000000000000002a-{id}.open.tmp"),
            format!("000000000000002a-{}.open", id.replace('-', "")),
        ] {
            assert_eq!(SegmentName::parse(&wrong), None, "{wrong}");
        }
    }
}

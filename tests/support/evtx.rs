//! Writes binary event logs of Windows, in the two ways of BinXml: whole elements in each record, and a template in the first
//! record of a chunk with its values in all of them, which is how Windows does it.

use flate2::Crc;

pub(crate) const FILE_HEADER_BYTES: usize = 4096;
pub(crate) const CHUNK_BYTES: usize = 64 << 10;
pub(crate) const CHUNK_HEADER_BYTES: usize = 512;
const RECORD_HEADER_BYTES: usize = 24;
/// 2026-11-20T10:11:12Z in seconds.
const WRITTEN_AT: u64 = 1_795_169_472;
/// 2026-11-20T10:11:12Z in tenths of microseconds since 1601.
const FILETIME: u64 = (WRITTEN_AT + 11_644_473_600) * 10_000_000;

/// The event that the writers here write, as Windows would export it.
pub(crate) fn xml(id: u64, user: &str) -> String {
    format!(
        "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System><Provider Name=\"Test-Auditing\">\
         </Provider><EventID>4625</EventID><Level>0</Level><Keywords>0x8010000000000000</Keywords>\
         <TimeCreated SystemTime=\"2026-11-20T10:11:12.000000Z\"></TimeCreated><EventRecordID>{id}</EventRecordID>\
         <Channel>Security</Channel><Computer>dc1</Computer></System>\
         <EventData><Data Name=\"TargetUserName\">{user}</Data><Data Name=\"IpAddress\">192.0.2.7</Data></EventData></Event>"
    )
}

/// A file of these chunks.
pub(crate) fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut header = vec![0; FILE_HEADER_BYTES];
    put(&mut header, 0, b"ElfFile\0");
    put(&mut header, 16, &(chunks.len() as u64 - 1).to_le_bytes());
    put(&mut header, 32, &128_u32.to_le_bytes());
    put(&mut header, 36, &[1, 0, 3, 0, 0, 0x10]);
    put(&mut header, 42, &(chunks.len() as u16).to_le_bytes());
    let sum = crc(&[&header[..120]]);
    put(&mut header, 124, &sum.to_le_bytes());
    [header, chunks.concat()].concat()
}

/// As many events as there are ids, in chunks of `per_chunk`; each is of the user that `user` gives for its id.
pub(crate) fn log(ids: impl IntoIterator<Item = u64>, per_chunk: usize, user: impl Fn(u64) -> String) -> Vec<u8> {
    let ids: Vec<u64> = ids.into_iter().collect();
    let chunk = |ids: &[u64]| {
        let mut chunk = Chunk::new();
        ids.iter().for_each(|id| chunk.templated(*id, &user(*id)));
        chunk.finish()
    };
    file(&ids.chunks(per_chunk).map(chunk).collect::<Vec<_>>())
}

/// A chunk while it is written.
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    ids: Vec<u64>,
    last_at: usize,
    template_at: Option<u32>,
}

impl Chunk {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; CHUNK_HEADER_BYTES], ids: Vec::new(), last_at: 0, template_at: None }
    }

    /// A record with the BinXml that `write` writes.
    pub(crate) fn record(&mut self, id: u64, write: impl FnOnce(&mut BinXml<'_>)) {
        self.last_at = self.bytes.len();
        self.ids.push(id);
        self.bytes.extend([b'*', b'*', 0, 0, 0, 0, 0, 0]);
        self.bytes.extend(id.to_le_bytes());
        self.bytes.extend(FILETIME.to_le_bytes());
        assert_eq!(self.bytes.len() - self.last_at, RECORD_HEADER_BYTES);
        write(&mut BinXml { bytes: &mut self.bytes, in_template: false });
        let size = (self.bytes.len() - self.last_at + 4) as u32;
        self.bytes.extend(size.to_le_bytes());
        put(&mut self.bytes, self.last_at + 4, &size.to_le_bytes());
        assert!(self.bytes.len() <= CHUNK_BYTES, "a chunk has no room for so many records");
    }

    /// The event of [`xml`] as elements.
    pub(crate) fn inline(&mut self, id: u64, user: &str) {
        self.record(id, |xml| {
            xml.raw(&[0x0f, 1, 1, 0]);
            event(xml, |xml, value| match value {
                0 => xml.text("4625"),
                1 => xml.text("0"),
                2 => xml.text("0x8010000000000000"),
                3 => xml.text("2026-11-20T10:11:12.000000Z"),
                4 => xml.text(&id.to_string()),
                5 => xml.text(user),
                _ => xml.text("192.0.2.7"),
            });
            xml.raw(&[0]);
        });
    }

    /// The event of [`xml`] as values of a template.
    pub(crate) fn templated(&mut self, id: u64, user: &str) {
        let known = self.template_at;
        let mut template_at = known;
        self.record(id, |xml| {
            xml.raw(&[0x0f, 1, 1, 0, 0x0c, 1]);
            xml.raw(&7_u32.to_le_bytes());
            let at = *template_at.get_or_insert(xml.at() + 4);
            xml.raw(&at.to_le_bytes());
            if known.is_none() {
                xml.raw(&[0; 4]);
                xml.raw(&[0xab; 16]);
                xml.sized(|xml| {
                    xml.in_template = true;
                    xml.raw(&[0x0f, 1, 1, 0]);
                    let types = [0x06, 0x04, 0x15, 0x11, 0x0a, 0x01, 0x01];
                    event(xml, |xml, value| xml.raw(&[0x0e, value, 0, types[usize::from(value)]]));
                    xml.raw(&[0]);
                    xml.in_template = false;
                });
            }
            let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
            let values: [(u8, Vec<u8>); 7] = [
                (0x06, 4625_u16.to_le_bytes().into()),
                (0x04, vec![0]),
                (0x15, 0x8010_0000_0000_0000_u64.to_le_bytes().into()),
                (0x11, FILETIME.to_le_bytes().into()),
                (0x0a, id.to_le_bytes().into()),
                (0x01, utf16(user)),
                (0x01, utf16("192.0.2.7")),
            ];
            xml.raw(&(values.len() as u32).to_le_bytes());
            for (kind, bytes) in &values {
                xml.raw(&(bytes.len() as u16).to_le_bytes());
                xml.raw(&[*kind, 0]);
            }
            values.iter().for_each(|(_, bytes)| xml.raw(bytes));
            xml.raw(&[0]);
        });
        self.template_at = template_at;
    }

    /// An event in which `text` stands `times` times, though the record holds it once.
    pub(crate) fn repeated(&mut self, id: u64, text: &str, times: usize) {
        self.record(id, |xml| {
            xml.raw(&[0x0f, 1, 1, 0, 0x0c, 1]);
            xml.raw(&8_u32.to_le_bytes());
            xml.raw(&(xml.at() + 4).to_le_bytes());
            xml.raw(&[0; 4]);
            xml.raw(&[0xcd; 16]);
            xml.sized(|xml| {
                xml.in_template = true;
                xml.raw(&[0x0f, 1, 1, 0]);
                xml.element("Event", &mut |_| {}, &mut |xml| {
                    (0..times).for_each(|_| xml.raw(&[0x0d, 0, 0, 0x01]));
                });
                xml.raw(&[0]);
                xml.in_template = false;
            });
            xml.raw(&1_u32.to_le_bytes());
            xml.raw(&(2 * text.len() as u16).to_le_bytes());
            xml.raw(&[0x01, 0]);
            text.encode_utf16().for_each(|unit| xml.raw(&unit.to_le_bytes()));
            xml.raw(&[0]);
        });
    }

    /// The chunk with its header, as large as all are.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let free_at = self.bytes.len();
        self.bytes.resize(CHUNK_BYTES, 0);
        put(&mut self.bytes, 0, b"ElfChnk\0");
        let (first, last) = (self.ids.first().copied().unwrap_or(0), self.ids.last().copied().unwrap_or(0));
        for (at, id) in [(8, first), (16, last), (24, first), (32, last)] {
            put(&mut self.bytes, at, &id.to_le_bytes());
        }
        put(&mut self.bytes, 40, &128_u32.to_le_bytes());
        put(&mut self.bytes, 44, &(self.last_at as u32).to_le_bytes());
        put(&mut self.bytes, 48, &(free_at as u32).to_le_bytes());
        seal(&mut self.bytes);
        self.bytes
    }
}

/// Writes the checksums of a chunk that is right but for them.
pub(crate) fn seal(chunk: &mut [u8]) {
    let free_at = u32::from_le_bytes(chunk[48..52].try_into().unwrap()) as usize;
    let sum = crc(&[&chunk[CHUNK_HEADER_BYTES..free_at]]);
    put(chunk, 52, &sum.to_le_bytes());
    let sum = crc(&[&chunk[..120], &chunk[128..CHUNK_HEADER_BYTES]]);
    put(chunk, 124, &sum.to_le_bytes());
}

/// The elements of an event, with what `value` writes for each of its seven values.
fn event(xml: &mut BinXml<'_>, value: impl Fn(&mut BinXml<'_>, u8)) {
    let leaf = |xml: &mut BinXml<'_>, name: &str, number: u8| {
        xml.element(name, &mut |_| {}, &mut |xml| value(xml, number));
    };
    let data = |xml: &mut BinXml<'_>, name: &str, number: u8| {
        xml.element("Data", &mut |xml| xml.attribute("Name", &|xml| xml.text(name)), &mut |xml| value(xml, number));
    };
    let namespace = "http://schemas.microsoft.com/win/2004/08/events/event";
    xml.element("Event", &mut |xml| xml.attribute("xmlns", &|xml| xml.text(namespace)), &mut |xml| {
        xml.element("System", &mut |_| {}, &mut |xml| {
            let name = |xml: &mut BinXml<'_>| xml.attribute("Name", &|xml| xml.text("Test-Auditing"));
            xml.element("Provider", &mut { name }, &mut |_| {});
            leaf(xml, "EventID", 0);
            leaf(xml, "Level", 1);
            leaf(xml, "Keywords", 2);
            xml.element("TimeCreated", &mut |xml| xml.attribute("SystemTime", &|xml| value(xml, 3)), &mut |_| {});
            leaf(xml, "EventRecordID", 4);
            xml.element("Channel", &mut |_| {}, &mut |xml| xml.text("Security"));
            xml.element("Computer", &mut |_| {}, &mut |xml| xml.text("dc1"));
        });
        xml.element("EventData", &mut |_| {}, &mut |xml| {
            data(xml, "TargetUserName", 5);
            data(xml, "IpAddress", 6);
        });
    });
}

/// Writes BinXml at the end of a chunk.
pub(crate) struct BinXml<'c> {
    bytes: &'c mut Vec<u8>,
    in_template: bool,
}

impl BinXml<'_> {
    fn at(&self) -> u32 {
        self.bytes.len() as u32
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.raw(&[0x05, 0x01]);
        self.raw(&(text.encode_utf16().count() as u16).to_le_bytes());
        text.encode_utf16().for_each(|unit| self.raw(&unit.to_le_bytes()));
    }

    /// What `write` writes, behind its size.
    fn sized(&mut self, write: impl FnOnce(&mut Self)) {
        let at = self.bytes.len();
        self.raw(&[0; 4]);
        write(self);
        let size = (self.bytes.len() - at - 4) as u32;
        put(self.bytes, at, &size.to_le_bytes());
    }

    /// A name that stands where it is used.
    fn name(&mut self, name: &str) {
        let at = self.at() + 4;
        self.raw(&at.to_le_bytes());
        self.raw(&[0; 6]);
        self.raw(&(name.encode_utf16().count() as u16).to_le_bytes());
        name.encode_utf16().for_each(|unit| self.raw(&unit.to_le_bytes()));
        self.raw(&[0; 2]);
    }

    pub(crate) fn attribute(&mut self, name: &str, value: &dyn Fn(&mut Self)) {
        self.raw(&[0x06]);
        self.name(name);
        value(self);
    }

    pub(crate) fn element(
        &mut self,
        name: &str,
        attributes: &mut dyn FnMut(&mut Self),
        content: &mut dyn FnMut(&mut Self),
    ) {
        let token = self.bytes.len();
        self.raw(&[0x01]);
        if self.in_template {
            self.raw(&[0xff, 0xff]);
        }
        self.sized(|xml| {
            xml.name(name);
            let list = xml.bytes.len();
            xml.sized(attributes);
            if xml.bytes.len() == list + 4 {
                xml.bytes.truncate(list);
            } else if let Some(token) = xml.bytes.get_mut(token) {
                *token |= 0x40;
            }
            xml.raw(&[0x02]);
            content(xml);
            xml.raw(&[0x04]);
        });
    }
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    bytes[at..at + what.len()].copy_from_slice(what);
}

fn crc(parts: &[&[u8]]) -> u32 {
    let mut crc = Crc::new();
    parts.iter().for_each(|part| crc.update(part));
    crc.sum()
}

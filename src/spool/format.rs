//! The bytes of a segment file: header, seal record, frame header. See the module doc of `spool`.

use uuid::Uuid;

/// Length of the block of header and seal record; the first frame begins here.
pub const FRAMES_AT: u64 = 1024;
/// Where the seal record is. It has a sector of its own, so that writing it cannot tear the header.
pub const SEAL_AT: u64 = 512;
/// Length of a frame header.
pub const FRAME_HEADER_LEN: usize = 44;
/// Largest payload of one frame; keeps a reader's memory bounded.
pub const PAYLOAD_BYTES_MAX: u32 = 256 << 20;

const HEADER_MAGIC: &[u8; 8] = b"LSSPOOL1";
const SEAL_MAGIC: &[u8; 8] = b"LSSEALED";
const VERSION: u32 = 1;
const HEADER_LEN: usize = 52;
const SEAL_LEN: usize = 36;
/// Makes the mark differ from the uuid itself, which payloads are likely to carry.
const MARK_SALT: u64 = 0x9e37_79b9_7f4a_7c15;

/// What the first sector of a segment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The segment's random id.
    pub id: Uuid,
    /// Id of its first row.
    pub first_id: u64,
    /// Wall clock when it was opened, milliseconds since 1970.
    pub created_at_ms: u64,
    /// The daemon that wrote it.
    pub node: u16,
}

/// What a segment says of itself once it is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealRecord {
    /// Rows in all frames, holes included.
    pub rows: u64,
    /// Length of the file.
    pub bytes: u64,
    /// Id of its last row.
    pub last_id: u64,
}

/// Whether a frame holds data or stands for destroyed rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// Rows with their payload.
    Data,
    /// Rows that are lost; no payload.
    Hole,
}

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Length of the file known to be fsynced when this frame was written.
    pub acked_len: u64,
    /// Id of the frame's first row.
    pub first_id: u64,
    /// Number of rows, at least 1.
    pub rows: u32,
    /// Bytes of payload behind the header.
    pub payload_len: u32,
    /// Data or hole.
    pub kind: FrameKind,
    /// CRC-32C of the payload.
    pub payload_crc: u32,
}

/// The 8 bytes every frame of this segment begins with; not guessable from outside.
pub fn mark(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    high.rotate_left(29).wrapping_mul(MARK_SALT) ^ low ^ MARK_SALT
}

impl SegmentHeader {
    /// The whole block in front of the frames, with an empty seal record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FRAMES_AT as usize);
        out.extend_from_slice(HEADER_MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&u32::from(self.node).to_le_bytes());
        out.extend_from_slice(self.id.as_bytes());
        out.extend_from_slice(&self.first_id.to_le_bytes());
        out.extend_from_slice(&self.created_at_ms.to_le_bytes());
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out.resize(FRAMES_AT as usize, 0);
        out
    }

    /// `None` when the bytes are not a header of this version with a matching checksum.
    pub fn decode(block: &[u8]) -> Option<Self> {
        let (body, _) = checked(block, HEADER_LEN, 0)?;
        let mut bytes = Bytes(body);
        let known = bytes.array()? == *HEADER_MAGIC && bytes.u32()? == VERSION;
        let node = u16::try_from(bytes.u32()?).ok()?;
        let header =
            Self { id: Uuid::from_bytes(bytes.array()?), first_id: bytes.u64()?, created_at_ms: bytes.u64()?, node };
        known.then_some(header)
    }
}

impl SealRecord {
    /// The record for the segment `id`; its checksum covers the id, so it fits no other segment.
    pub fn encode(&self, id: Uuid) -> Vec<u8> {
        let mut out = Vec::with_capacity(SEAL_LEN);
        out.extend_from_slice(SEAL_MAGIC);
        out.extend_from_slice(&self.rows.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.extend_from_slice(&self.last_id.to_le_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(id.as_bytes()), &out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads the record out of the first block of segment `id`; `None` when there is no valid one.
    pub fn decode(block: &[u8], id: Uuid) -> Option<Self> {
        let record = block.get(SEAL_AT as usize..)?;
        let (body, _) = checked(record, SEAL_LEN, crc32c::crc32c(id.as_bytes()))?;
        let mut bytes = Bytes(body);
        let known = bytes.array()? == *SEAL_MAGIC;
        let seal = Self { rows: bytes.u64()?, bytes: bytes.u64()?, last_id: bytes.u64()? };
        known.then_some(seal)
    }
}

impl FrameHeader {
    /// The header's bytes in a segment with this mark.
    pub fn encode(&self, mark: u64) -> [u8; FRAME_HEADER_LEN] {
        let kind: u32 = match self.kind {
            FrameKind::Data => 0,
            FrameKind::Hole => 1,
        };
        let mut out = [0; FRAME_HEADER_LEN];
        let fields = mark
            .to_le_bytes()
            .into_iter()
            .chain(self.acked_len.to_le_bytes())
            .chain(self.first_id.to_le_bytes())
            .chain(self.rows.to_le_bytes())
            .chain(self.payload_len.to_le_bytes())
            .chain(kind.to_le_bytes())
            .chain(self.payload_crc.to_le_bytes());
        for (to, byte) in out.iter_mut().zip(fields) {
            *to = byte;
        }
        let (body, crc) = out.split_at_mut(FRAME_HEADER_LEN - 4);
        crc.copy_from_slice(&crc32c::crc32c(body).to_le_bytes());
        out
    }

    /// `None` when the bytes do not begin with a header of this segment that could be true.
    pub fn decode(at: &[u8], mark: u64) -> Option<Self> {
        if !at.starts_with(&mark.to_le_bytes()) {
            return None;
        }
        let (body, _) = checked(at, FRAME_HEADER_LEN, 0)?;
        let mut bytes = Bytes(body.get(8..)?);
        let acked_len = bytes.u64()?;
        let first_id = bytes.u64()?;
        let rows = bytes.u32()?;
        let payload_len = bytes.u32()?;
        let kind = match bytes.u32()? {
            0 => FrameKind::Data,
            1 => FrameKind::Hole,
            _ => return None,
        };
        let payload_crc = bytes.u32()?;
        let ids_fit = first_id.checked_add(u64::from(rows)).is_some();
        let possible = rows > 0 && payload_len <= PAYLOAD_BYTES_MAX && ids_fit;
        possible.then_some(Self { acked_len, first_id, rows, payload_len, kind, payload_crc })
    }

    /// Bytes of header and payload together.
    pub fn frame_len(&self) -> usize {
        FRAME_HEADER_LEN + self.payload_len as usize
    }

    /// The id behind the frame's last row.
    pub fn end_id(&self) -> u64 {
        self.first_id.saturating_add(u64::from(self.rows))
    }
}

/// Splits `len` bytes into body and trailing CRC-32C, if the checksum, begun at `seed`, is right.
fn checked(bytes: &[u8], len: usize, seed: u32) -> Option<(&[u8], u32)> {
    let (body, crc) = bytes.get(..len)?.split_last_chunk::<4>()?;
    let crc = u32::from_le_bytes(*crc);
    (crc32c::crc32c_append(seed, body) == crc).then_some((body, crc))
}

/// Takes fixed-size fields off the front of a slice.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

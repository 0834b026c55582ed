//! Where among the objects and arrays of a JSON text a reader is.

/// Which of so many containers in each other are objects is known; deeper ones are only counted.
const KNOWN_MAX: usize = 64;

/// What lies around the place that a reader has come to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Nesting {
    depth: usize,
    /// Objects (1) and arrays (0), the innermost in the lowest bit.
    kinds: u64,
    /// The last byte that is no white space and in no string.
    last: u8,
}

impl Nesting {
    /// How many objects and arrays are open.
    pub(crate) const fn depth(&self) -> usize {
        self.depth
    }

    /// The last byte that is no white space and in no string.
    pub(crate) const fn last(&self) -> u8 {
        self.last
    }

    /// Whether what stands here belongs to a name.
    pub(crate) const fn is_behind_colon(&self) -> bool {
        self.last == b':'
    }

    /// Whether an object that begins here is a part of what is open: in JSON it stands behind a colon or, in an array, at the
    /// begin or behind a comma.
    pub(crate) const fn takes_object(&self) -> bool {
        let is_in_array = self.kinds & 1 == 0;
        self.depth > KNOWN_MAX || matches!((self.last, is_in_array), (b':', _) | (b'[' | b',', true))
    }

    /// Goes on by a byte that is no part of a string, but for its quotes.
    pub(crate) fn step(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => {
                self.kinds = self.kinds << 1 | u64::from(byte == b'{');
                self.depth = self.depth.saturating_add(1);
            }
            b'}' | b']' => {
                self.kinds >>= 1;
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            self.last = byte;
        }
    }
}

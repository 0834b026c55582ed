//! GELF over UDP: messages in one datagram, or in up to 128 chunks that arrive in any order.
//!
//! ```text
//! 1e 0f | message id, 8 octets | number | count | a part of the message
//! ```
//!
//! What is put together is the message as it was sent, compressed or not. Memory is bounded: see [`Limits`].

use std::collections::{BTreeMap, HashMap};

/// What a chunk begins with.
const MAGIC: [u8; 2] = [0x1e, 0x0f];
/// Octets before a chunk's part.
const HEADER: usize = 12;
/// The most chunks of a message.
pub const CHUNKS_MAX: u8 = 128;

/// How much may wait for its other chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages that wait.
    pub messages_max: usize,
    /// Octets of chunks that wait, in all.
    pub bytes_max: usize,
    /// How long after its first chunk a message is given up, in microseconds.
    pub wait_us: i64,
}

impl Default for Limits {
    /// 5 s, as the specification says; 1,024 messages, 16 MiB.
    fn default() -> Self {
        Self { messages_max: 1024, bytes_max: 16 << 20, wait_us: 5_000_000 }
    }
}

/// What a datagram was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datagram<'b> {
    /// A whole message.
    Message(&'b [u8]),
    /// The last chunk of this message.
    Completed(Vec<u8>),
    /// A chunk of a message that waits for others, or one that was there before.
    Waiting,
    /// A chunk that cannot be one: a short header, or a number that is not below its count, or a count above 128.
    Malformed,
}

/// Puts chunks of many senders together. `S` tells senders apart.
#[derive(Debug)]
pub struct Reassembly<S> {
    limits: Limits,
    waiting: HashMap<(S, [u8; 8]), Message>,
    /// By the arrival of their first chunk, with a number because many arrive at once.
    by_age: BTreeMap<(i64, u64), (S, [u8; 8])>,
    bytes: usize,
    begun: u64,
    given_up: u64,
}

#[derive(Debug)]
struct Message {
    age: (i64, u64),
    parts: Vec<Option<Vec<u8>>>,
    missing: usize,
    bytes: usize,
}

impl<S: Clone + Eq + std::hash::Hash> Reassembly<S> {
    /// Nothing yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, waiting: HashMap::new(), by_age: BTreeMap::new(), bytes: 0, begun: 0, given_up: 0 }
    }

    /// Takes a datagram of `sender` that arrived `at` (microseconds).
    pub fn add<'b>(&mut self, sender: S, datagram: &'b [u8], at: i64) -> Datagram<'b> {
        self.give_up_old(at);
        let Some(rest) = datagram.strip_prefix(&MAGIC) else {
            return Datagram::Message(datagram);
        };
        let (Some((id, rest)), true) = (rest.split_first_chunk::<8>(), datagram.len() >= HEADER) else {
            return Datagram::Malformed;
        };
        let [number, count, part @ ..] = rest else { return Datagram::Malformed };
        if number >= count || *count > CHUNKS_MAX {
            return Datagram::Malformed;
        }
        let key = (sender, *id);
        if !self.waiting.contains_key(&key) {
            self.make_room(1, 0);
            self.begin(key.clone(), *count, at);
        }
        self.make_room(0, part.len());
        self.put(&key, usize::from(*number), usize::from(*count), part)
    }

    /// How many messages were given up since this was last asked: too old, or no room for them.
    pub fn take_given_up(&mut self) -> u64 {
        std::mem::take(&mut self.given_up)
    }

    /// Gives up messages whose time is over.
    pub fn give_up_old(&mut self, now: i64) {
        while let Some((&(begun_at, _), _)) = self.by_age.first_key_value() {
            if now.saturating_sub(begun_at) < self.limits.wait_us {
                return;
            }
            self.give_up_oldest();
        }
    }

    fn begin(&mut self, key: (S, [u8; 8]), count: u8, at: i64) {
        let age = (at, self.begun);
        self.begun += 1;
        self.by_age.insert(age, key.clone());
        let parts = vec![None; usize::from(count)];
        self.waiting.insert(key, Message { age, missing: parts.len(), parts, bytes: 0 });
    }

    fn put<'b>(&mut self, key: &(S, [u8; 8]), number: usize, count: usize, part: &[u8]) -> Datagram<'b> {
        // Its own message may have been the one that made room.
        let Some(message) = self.waiting.get_mut(key) else { return Datagram::Waiting };
        if message.parts.len() != count {
            return Datagram::Malformed;
        }
        let Some(place @ None) = message.parts.get_mut(number) else { return Datagram::Waiting };
        *place = Some(part.to_vec());
        message.missing -= 1;
        message.bytes += part.len();
        self.bytes += part.len();
        if message.missing > 0 {
            return Datagram::Waiting;
        }
        let parts = self.remove(key).map(|message| message.parts).unwrap_or_default();
        Datagram::Completed(parts.into_iter().flatten().flatten().collect())
    }

    fn make_room(&mut self, messages: usize, bytes: usize) {
        while !self.waiting.is_empty()
            && (self.waiting.len() + messages > self.limits.messages_max || self.bytes + bytes > self.limits.bytes_max)
        {
            self.give_up_oldest();
        }
    }

    fn give_up_oldest(&mut self) {
        if let Some((_, key)) = self.by_age.pop_first() {
            self.remove(&key);
            self.given_up += 1;
        }
    }

    fn remove(&mut self, key: &(S, [u8; 8])) -> Option<Message> {
        let message = self.waiting.remove(key)?;
        self.by_age.remove(&message.age);
        self.bytes -= message.bytes;
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(id: u8, number: u8, count: u8, part: &[u8]) -> Vec<u8> {
        [&MAGIC[..], &[id; 8], &[number, count], part].concat()
    }

    #[test]
    fn chunks_in_any_order_are_the_message() {
        let mut all = Reassembly::new(Limits::default());
        assert_eq!(all.add(1, b"{}", 0), Datagram::Message(b"{}"));
        for (number, part) in [(2, "c"), (0, "a"), (0, "a")] {
            assert_eq!(all.add(1, &chunk(7, number, 3, part.as_bytes()), 0), Datagram::Waiting);
        }
        // Another sender's message with the same id is another message.
        assert_eq!(all.add(2, &chunk(7, 1, 3, b"x"), 0), Datagram::Waiting);
        assert_eq!(all.add(1, &chunk(7, 1, 3, b"b"), 1), Datagram::Completed(b"abc".to_vec()));
        assert_eq!((all.waiting.len(), all.bytes), (1, 1));
    }

    #[test]
    fn what_is_no_chunk_is_told() {
        let mut all = Reassembly::new(Limits::default());
        for datagram in [MAGIC.to_vec(), chunk(1, 3, 3, b"x"), chunk(1, 0, 129, b"x"), chunk(1, 0, 0, b"x")] {
            assert_eq!(all.add(1, &datagram, 0), Datagram::Malformed, "{datagram:?}");
        }
    }

    #[test]
    fn a_message_is_given_up_after_its_time_and_when_there_is_no_room() {
        let mut all = Reassembly::new(Limits { messages_max: 2, bytes_max: 4, wait_us: 5 });
        all.add(1, &chunk(1, 0, 2, b"x"), 0);
        all.give_up_old(4);
        assert_eq!(all.take_given_up(), 0);
        all.give_up_old(5);
        assert_eq!((all.take_given_up(), all.bytes), (1, 0));
        for id in 1..=3 {
            all.add(1, &chunk(id, 0, 2, b"x"), 5);
        }
        assert_eq!((all.take_given_up(), all.waiting.len()), (1, 2));
        all.add(1, &chunk(3, 1, 2, b"yyy"), 5);
        assert_eq!(all.take_given_up(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_datagrams_keep_the_bounds(
            datagrams in proptest::collection::vec((0..3_u8, 0..4_u8, 0..4_u8, "[a-c]{0,5}", 0..9_i64), 0..60)
        ) {
            let mut all = Reassembly::new(Limits { messages_max: 3, bytes_max: 12, wait_us: 4 });
            for (id, number, count, part, at) in datagrams {
                all.add(0, &chunk(id, number, count, part.as_bytes()), at);
                let held: usize = all.waiting.values().map(|message| message.bytes).sum();
                proptest::prop_assert_eq!(held, all.bytes);
                proptest::prop_assert!(all.waiting.len() <= 3 && held <= 12);
                proptest::prop_assert_eq!(all.waiting.len(), all.by_age.len());
            }
        }
    }
}

//! An object in a bucket that is read at any place, for those who need little of it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::ObjectStoreExt as _;
use object_store::aws::AmazonS3;
use object_store::path::Path as ObjectPath;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::error::StoreError;
use super::key::Key;

/// One request asks for so much.
const BLOCK_BYTES: u64 = 256 << 10;
/// Blocks that are remembered: readers go back and forth between few places.
const BLOCKS_KEPT: usize = 4;
/// So many requests, and so much time, are less than a copy of a large object takes.
const REQUESTS_MAX: u32 = 256;
const TIME_MAX: Duration = Duration::from_secs(20);

/// Reads an object in blocks, within a number of requests and a time. For one blocking thread.
pub struct Ranged {
    store: Arc<AmazonS3>,
    path: ObjectPath,
    key: Key,
    bytes: u64,
    runtime: Handle,
    deadline: Instant,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// By where they begin, the one that was used last in front.
    blocks: VecDeque<(u64, Bytes)>,
    requests: u32,
    failure: Option<StoreError>,
}

impl Ranged {
    /// On a thread of the runtime, which does the requests.
    pub(super) fn new(store: Arc<AmazonS3>, path: ObjectPath, key: Key, bytes: u64) -> Self {
        let (runtime, deadline) = (Handle::current(), Instant::now() + TIME_MAX);
        Self { store, path, key, bytes, runtime, deadline, state: RefCell::default() }
    }

    /// How many bytes the object has.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads what stands at `at` into `out`, as much as is at hand; 0 at the end. Blocking, so never on a thread of the runtime.
    ///
    /// # Errors
    /// The storage fails, which [`Ranged::failure`] tells, or more would be asked for than is worth it.
    pub fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        if at >= self.bytes || out.is_empty() {
            return Ok(0);
        }
        let mut state = self.state.borrow_mut();
        let begin = at - at % BLOCK_BYTES;
        let known = state.blocks.iter().position(|(known, _)| *known == begin);
        let block = match known.and_then(|place| state.blocks.remove(place)) {
            Some((_, block)) => block,
            None => self.fetch(&mut state, begin)?,
        };
        state.blocks.push_front((begin, block.clone()));
        state.blocks.truncate(BLOCKS_KEPT);
        let within = usize::try_from(at - begin).unwrap_or(usize::MAX);
        io::Read::read(&mut block.get(within..).unwrap_or_default(), out)
    }

    /// Why the storage could not be read, if it was that.
    pub fn failure(self) -> Option<StoreError> {
        self.state.into_inner().failure
    }

    fn fetch(&self, state: &mut State, begin: u64) -> io::Result<Bytes> {
        if state.requests == REQUESTS_MAX {
            return Err(io::Error::other(format!("more than {REQUESTS_MAX} requests are not worth it")));
        }
        state.requests += 1;
        let end = self.bytes.min(begin + BLOCK_BYTES);
        let request = self.store.get_range(&self.path, begin..end);
        let found = match self.runtime.block_on(tokio::time::timeout_at(self.deadline, request)) {
            Ok(Ok(block)) if block.len() as u64 == end - begin => return Ok(block),
            Ok(Ok(block)) => {
                StoreError::Incomplete { key: self.key.clone(), expected: end - begin, found: block.len() as u64 }
            }
            Ok(Err(error)) => StoreError::s3("read", &self.key, &error),
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
        };
        state.failure = Some(found);
        Err(io::Error::other("the storage could not be read"))
    }
}

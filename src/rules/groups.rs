//! The groups of one rule, from the one used longest ago to the newest.
//!
//! Keys are hashed with the standard library's keyed hash, so that hostile values cannot be made to collide; nothing that is told
//! to others depends on that hash.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use smallvec::SmallVec;

use super::episodes::Episode;
use super::hosts::Hosts;
use super::state::State;

/// No place.
const NONE: u32 = u32::MAX;

/// What a group takes beside its heap: its place with the room that the list grows by, its entries in the table (which is at
/// least 7/16 full) and in the heap of timers.
const PLACE_BYTES: usize = (size_of::<Place>() + size_of::<Link>()) * 9 / 8 + 12 + 48;
/// What an allocation takes beside its content.
const ALLOCATION_BYTES: usize = 16;

/// The values of a group's fields; see [`super::hash::push_value`]. Short ones, of an address or a name, lie in the group itself, where
/// comparing them is no further way through memory.
pub(super) type Key = SmallVec<[u8; 24]>;

/// One group.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) key: Key,
    pub(super) state: State,
    /// The alert that lasts.
    pub(super) episode: Option<Box<Episode>>,
    /// Those of the records that may raise the next one.
    pub(super) hosts: Hosts,
    /// The watermark when its last record came.
    pub(super) touched: i64,
    /// Before this no alert is raised.
    pub(super) held_until: i64,
    /// When the timer that is set for it goes off; `i64::MAX` if none is.
    pub(super) armed: i64,
}

/// A group's neighbours in the order of use. They lie apart from the groups, so that those that are linked anew are in the processor's cache.
#[derive(Clone, Copy, Debug)]
struct Link {
    newer: PlaceId,
    older: PlaceId,
}

#[derive(Debug)]
struct Place {
    group: Group,
    /// What was counted of the heap.
    heap_bytes: usize,
    is_used: bool,
}

/// Where a group is kept.
pub(super) type PlaceId = u32;

/// All groups of a rule.
#[derive(Default)]
pub(super) struct Groups {
    hasher: RandomState,
    table: HashTable<PlaceId>,
    places: Vec<Place>,
    /// One for each place.
    links: Vec<Link>,
    free: Vec<PlaceId>,
    newest: Option<PlaceId>,
    oldest: Option<PlaceId>,
    heap_bytes: usize,
}

impl Groups {
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// The bytes that all groups take.
    pub(super) fn bytes(&self) -> usize {
        self.len() * PLACE_BYTES + self.heap_bytes
    }

    pub(super) fn get(&self, id: PlaceId) -> Option<&Group> {
        self.places.get(id as usize).filter(|place| place.is_used).map(|place| &place.group)
    }

    pub(super) fn get_mut(&mut self, id: PlaceId) -> Option<&mut Group> {
        self.places.get_mut(id as usize).filter(|place| place.is_used).map(|place| &mut place.group)
    }

    /// The alerts that last.
    pub(super) fn episodes(&mut self) -> impl Iterator<Item = &mut Episode> {
        let groups = self.places.iter_mut().filter(|place| place.is_used).map(|place| &mut place.group);
        groups.filter_map(|group| group.episode.as_deref_mut())
    }

    pub(super) fn oldest(&self) -> Option<PlaceId> {
        self.oldest
    }

    /// All groups, the one used longest ago first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PlaceId, &Group)> {
        let newer = |id: &PlaceId| self.links.get(*id as usize).map(|link| link.newer).filter(|id| *id != NONE);
        std::iter::successors(self.oldest, newer).filter_map(|id| self.get(id).map(|group| (id, group)))
    }

    /// The group of `key`, made if there is none, as the newest.
    pub(super) fn entry(&mut self, key: &[u8]) -> PlaceId {
        // Neighbours are often of one group; comparing is cheaper than hashing.
        if let Some(id) = self.newest
            && self.get(id).is_some_and(|group| *group.key == *key)
        {
            return id;
        }
        let hash = self.hasher.hash_one(key);
        let places = &self.places;
        let is_same = |id: &PlaceId| places.get(*id as usize).is_some_and(|place| *place.group.key == *key);
        if let Some(id) = self.table.find(hash, is_same).copied() {
            self.touch(id);
            return id;
        }
        let id = self.place(Group { key: key.into(), armed: i64::MAX, held_until: i64::MIN, ..Group::default() });
        let (hasher, places) = (&self.hasher, &self.places);
        let hash_of = |id: &PlaceId| places.get(*id as usize).map_or(0, |place| hasher.hash_one(&*place.group.key));
        self.table.insert_unique(hash, id, hash_of);
        self.link(id);
        self.recount(id);
        id
    }

    /// Makes the group the newest.
    pub(super) fn touch(&mut self, id: PlaceId) {
        if self.newest != Some(id) {
            self.unlink(id);
            self.link(id);
        }
    }

    /// Counts anew what the group takes, after it was changed.
    pub(super) fn recount(&mut self, id: PlaceId) {
        let Some(place) = self.places.get_mut(id as usize) else { return };
        let group = &place.group;
        let episode = group.episode.as_ref().map_or(0, |episode| episode.bytes());
        let key_bytes = if group.key.spilled() { group.key.capacity() } else { 0 };
        let parts = [key_bytes, group.state.heap_bytes(), episode, group.hosts.heap_bytes()];
        let bytes = parts.into_iter().filter(|bytes| *bytes > 0).map(|bytes| bytes + ALLOCATION_BYTES).sum();
        self.heap_bytes = self.heap_bytes - place.heap_bytes + bytes;
        place.heap_bytes = bytes;
    }

    /// Takes the group out.
    pub(super) fn remove(&mut self, id: PlaceId) -> Option<Group> {
        let key = &self.get(id)?.key;
        let hash = self.hasher.hash_one(&**key);
        if let Ok(entry) = self.table.find_entry(hash, |other| *other == id) {
            entry.remove();
        }
        self.unlink(id);
        let place = self.places.get_mut(id as usize)?;
        place.is_used = false;
        self.heap_bytes -= std::mem::take(&mut place.heap_bytes);
        self.free.push(id);
        Some(std::mem::take(&mut place.group))
    }

    fn place(&mut self, group: Group) -> PlaceId {
        let place = Place { group, heap_bytes: 0, is_used: true };
        if let Some(id) = self.free.pop()
            && let Some(free) = self.places.get_mut(id as usize)
        {
            *free = place;
            return id;
        }
        if self.places.len() == self.places.capacity() {
            // Doubling would take up to twice what is counted.
            self.places.reserve_exact(self.places.len() / 8 + 4);
            self.links.reserve_exact(self.places.len() / 8 + 4);
        }
        self.places.push(place);
        self.links.push(Link { newer: NONE, older: NONE });
        u32::try_from(self.places.len() - 1).expect("the limit of groups is far below")
    }

    fn link(&mut self, id: PlaceId) {
        let before = self.newest.replace(id);
        if let Some(link) = self.links.get_mut(id as usize) {
            *link = Link { older: before.unwrap_or(NONE), newer: NONE };
        }
        match before.and_then(|before| self.links.get_mut(before as usize)) {
            Some(before) => before.newer = id,
            None => self.oldest = Some(id),
        }
    }

    fn unlink(&mut self, id: PlaceId) {
        let Some(Link { older, newer }) = self.links.get(id as usize).copied() else { return };
        match self.links.get_mut(older as usize) {
            Some(link) => link.newer = newer,
            None => self.oldest = (newer != NONE).then_some(newer),
        }
        match self.links.get_mut(newer as usize) {
            Some(link) => link.older = older,
            None => self.newest = (older != NONE).then_some(older),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(groups: &Groups) -> Vec<Vec<u8>> {
        groups.iter().map(|(_, group)| group.key.to_vec()).collect()
    }

    #[test]
    fn groups_stand_in_the_order_of_their_last_use() {
        let mut groups = Groups::default();
        let ids: Vec<PlaceId> = [b"a", b"b", b"c"].iter().map(|key| groups.entry(*key)).collect();
        assert_eq!(groups.entry(b"a"), ids[0]);
        assert_eq!(keys(&groups), [b"b", b"c", b"a"]);
        assert!(groups.remove(ids[2]).is_some() && groups.remove(ids[2]).is_none());
        groups.touch(ids[1]);
        assert_eq!(keys(&groups), [b"a", b"b"]);
        assert_eq!(groups.entry(b"d"), ids[2], "a place is used again");
        for key in [b"a", b"b", b"d"] {
            let id = groups.entry(key);
            groups.remove(id);
        }
        assert_eq!((groups.len(), groups.bytes(), groups.oldest()), (0, 0, None));
        groups.entry(b"x");
        assert_eq!(keys(&groups), [b"x"]);
    }
}

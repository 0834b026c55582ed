//! The room that lists take: counted by their length alone, so that a list that was read back from a checkpoint counts the same as
//! the one that grew, and kept to what is counted.

use std::collections::VecDeque;

/// The bytes that a list of `length` is counted for, which is at least what [`trim`] leaves it.
pub(super) const fn counted<T>(length: usize) -> usize {
    if length == 0 { 0 } else { places(length) * size_of::<T>() }
}

/// Gives back what a list has beyond what it is counted for.
pub(super) fn trim<T>(list: &mut VecDeque<T>) {
    if list.capacity() > places(list.len()) {
        list.shrink_to(list.len().next_power_of_two());
    }
}

/// Twice the next power of two: a list at the edge between two powers does not move with each record.
const fn places(length: usize) -> usize {
    let next = length.next_power_of_two();
    if next < 2 { 4 } else { next * 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_never_takes_more_than_it_is_counted_for() {
        let mut list: VecDeque<u64> = VecDeque::new();
        for (from, to) in [(0, 1), (1, 100), (100, 3), (3, 1000), (1000, 1)] {
            for length in if from < to { (from..=to).collect::<Vec<_>>() } else { (to..=from).rev().collect() } {
                list.resize(length, 0);
                trim(&mut list);
                let taken = list.capacity() * size_of::<u64>();
                assert!(length == 0 || taken <= counted::<u64>(length), "{taken} bytes of {length}");
            }
        }
    }
}

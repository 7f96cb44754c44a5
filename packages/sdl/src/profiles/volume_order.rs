//! Akash's order of volumes.
//!
//! It sorts with a rule that does not order: of two volumes of one size that are not persistent
//! each goes before the other. What comes out then depends on the sorting algorithm, and the
//! version hash on what comes out. So this is that algorithm: insertion sort in blocks of
//! twenty, and SymMerge (Kim and Kutzner, 2004) to merge the blocks.

use std::cmp::Ordering;

use super::volume::Volume;

const BLOCK: usize = 20;

/// Sorts by size, as Akash does.
pub(super) fn sort(volumes: &mut [Volume]) {
    volumes.chunks_mut(BLOCK).for_each(insertion_sort);
    let mut sorted = BLOCK;
    while sorted < volumes.len() {
        for pair in volumes.chunks_mut(2 * sorted) {
            if pair.len() > sorted {
                merge(pair, sorted);
            }
        }
        sorted *= 2;
    }
}

fn insertion_sort(volumes: &mut [Volume]) {
    for from in 1..volumes.len() {
        let mut at = from;
        while at > 0 && goes_before(&volumes[at], &volumes[at - 1]) {
            volumes.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// Merges the sorted parts before and from `middle`, in place.
fn merge(volumes: &mut [Volume], middle: usize) {
    let len = volumes.len();
    if middle == 1 {
        let end = first(1, len, |at| !goes_before(&volumes[at], &volumes[0]));
        volumes[..end].rotate_left(1);
        return;
    }
    if middle + 1 == len {
        let start = first(0, middle, |at| goes_before(&volumes[middle], &volumes[at]));
        volumes[start..].rotate_right(1);
        return;
    }
    // Exchange the end of the first part with the start of the second, mirrored around the
    // centre, so that two smaller merges remain.
    let centre = len / 2;
    let mirror = centre + middle;
    let (from, to) = if middle > centre { (mirror - len, centre) } else { (0, middle) };
    let start = first(from, to, |at| goes_before(&volumes[mirror - 1 - at], &volumes[at]));
    let end = mirror - start;
    if start < middle && middle < end {
        volumes[start..end].rotate_left(middle - start);
    }
    if 0 < start && start < centre {
        merge(&mut volumes[..centre], start);
    }
    if centre < end && end < len {
        merge(&mut volumes[centre..], end - centre);
    }
}

/// Binary search: the first place from which on `holds`.
fn first(mut from: usize, mut to: usize, holds: impl Fn(usize) -> bool) -> usize {
    while from < to {
        let half = usize::midpoint(from, to);
        if holds(half) {
            to = half;
        } else {
            from = half + 1;
        }
    }
    from
}

fn goes_before(a: &Volume, b: &Volume) -> bool {
    match a.bytes().cmp(&b.bytes()) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => match (a.persistent(), b.persistent()) {
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (Some(a), Some(b)) if a < b => true,
            _ if !a.is_persistent() => true,
            _ if !b.is_persistent() => false,
            _ => a.name < b.name,
        },
    }
}

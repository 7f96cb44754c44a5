//! What may happen to a group only so often within a day. Pure.

use souk_core::time::DAY;

/// How many of the times are within the day before `now`.
pub fn within(times: &[u64], now: u64) -> u32 {
    let recent = times.iter().filter(|time| now < time.saturating_add(DAY)).count();
    u32::try_from(recent).unwrap_or(u32::MAX)
}

/// The times of the day before `now`, with `now`: those are what is kept, in seconds since the epoch and
/// the oldest first.
///
/// # Errors
/// If there are `max` of them without `now`: the first second in which there are fewer.
pub fn count(times: &[u64], max: usize, now: u64) -> Result<Vec<u64>, u64> {
    let over = |time: &u64| time.saturating_add(DAY);
    let mut recent: Vec<u64> = times.iter().copied().filter(|time| now < over(time)).collect();
    let excess = recent.len().saturating_sub(max.saturating_sub(1));
    if let Some(last) = excess.checked_sub(1).and_then(|index| recent.get(index)) {
        return Err(over(last));
    }
    recent.push(now);
    Ok(recent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_within_whichever_day_and_no_more() -> Result<(), u64> {
        let mut times = Vec::new();
        for (at, len) in (1_000..1_010).zip(1..) {
            times = count(&times, 10, at)?;
            assert_eq!((times.len(), times.last()), (len, Some(&at)));
        }
        assert_eq!(count(&times, 10, 1_010), Err(1_000 + DAY));
        assert_eq!(within(&times, 999 + DAY), 10);
        assert_eq!(within(&times, 1_000 + DAY), 9);
        assert_eq!(count(&times, 10, 1_000 + DAY - 1), Err(1_000 + DAY));
        // Each gives way a day after it was, not all of them with the first.
        times = count(&times, 10, 1_000 + DAY)?;
        assert_eq!(times.len(), 10);
        assert_eq!(count(&times, 10, 1_000 + DAY), Err(1_001 + DAY));
        assert_eq!(count(&times, 10, 1_009 + DAY).map(|times| times.len()), Ok(2));
        Ok(())
    }

    #[test]
    fn of_a_longer_list_as_many_must_be_over_as_are_too_many() {
        assert_eq!(count(&[1, 2, 3, 4], 2, 5), Err(3 + DAY));
        assert_eq!(count(&[1], 0, 5), Err(1 + DAY), "nothing may happen");
        assert_eq!(count(&[], 10, u64::MAX), Ok(vec![u64::MAX]));
        assert_eq!(count(&[u64::MAX - 1], 1, u64::MAX), Ok(vec![u64::MAX]));
    }
}

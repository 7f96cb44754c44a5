//! Durations as people read them.

/// Seconds as `3 h 20 min`: the two largest units.
pub fn duration(seconds: u64) -> String {
    let units = [(86_400 * 365, "years"), (86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, name) in units {
        if rest >= size && parts.len() < 2 {
            parts.push(format!("{} {name}", rest / size));
            rest %= size;
        } else if !parts.is_empty() {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_name_their_two_largest_units() {
        for (seconds, text) in
            [(0, "0 s"), (59, "59 s"), (3_660, "1 h 1 min"), (86_400, "1 d"), (90_061, "1 d 1 h")]
        {
            assert_eq!(duration(seconds), text);
        }
    }
}

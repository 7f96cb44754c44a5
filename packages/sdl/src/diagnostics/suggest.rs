//! "Did you mean ...?": the known word that is nearest to an unknown one.

/// Longer words get no suggestion.
const LONGEST: usize = 40;
/// The most candidates that are looked at.
const MOST_CANDIDATES: usize = 50;

/// The candidate nearest to `word`, if one is near: at most one edit for each three letters.
pub(crate) fn closest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    if word.len() > LONGEST {
        return None;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let wanted = plain(word);
    let most = (wanted.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .take(MOST_CANDIDATES)
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= most + 2)
        .map(|candidate| (distance(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= most && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits from one word to the other: insert, remove, replace, swap two neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &to) in b.iter().enumerate() {
            let mut least =
                (last[j] + usize::from(from != to)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from == b[j - 1] && a[i - 1] == to {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let keys = ["persistent", "class", "readOnly", "image"];
        assert_eq!(closest("persistant", keys), Some("persistent"));
        assert_eq!(closest("clas", keys), Some("class"));
        assert_eq!(closest("read_only", keys), Some("readOnly"));
        assert_eq!(closest("iamge", keys), Some("image"));
        assert_eq!(closest("Image", keys), Some("image"));
        assert_eq!(closest("volume", keys), None);
    }
}

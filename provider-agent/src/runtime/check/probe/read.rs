//! What the probes' logs say: pure.

/// Begins each line of a probe.
pub(super) const MARK: &str = "souk-probe";

/// What a pod found out of its processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Processes {
    /// How many it could start.
    pub started: u32,
    /// What its own cgroup says; the pod's may be less.
    pub limit: String,
}

/// From `souk-probe processes=1020 limit=max`.
pub(super) fn processes(log: &str) -> Option<Processes> {
    let mut lines =
        log.lines().filter_map(|line| line.strip_prefix(MARK)?.trim().strip_prefix("processes="));
    let (started, limit) = lines.next_back()?.split_once(" limit=")?;
    Some(Processes { started: started.parse().ok()?, limit: limit.trim().to_owned() })
}

/// Attempts to connect, by number, and whether each succeeded: from `souk-probe 7 open`.
pub(super) fn attempts(log: &str) -> Vec<(u32, bool)> {
    let attempt = |line: &str| {
        let (number, state) = line.strip_prefix(MARK)?.trim().split_once(' ')?;
        let open = match state.trim() {
            "open" => true,
            "closed" => false,
            _ => return None,
        };
        Some((number.parse().ok()?, open))
    };
    log.lines().filter_map(attempt).collect()
}

/// Whether the last attempts after the one of this number all failed, and there are some.
pub(super) fn is_closed_after(attempts: &[(u32, bool)], number: u32) -> bool {
    const ENOUGH: usize = 3;
    let after: Vec<bool> =
        attempts.iter().filter(|(at, _)| *at > number).map(|(_, open)| *open).collect();
    after.len() >= ENOUGH && after.iter().rev().take(ENOUGH).all(|open| !open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probes_lines_are_read_and_others_are_not() {
        let log = "sh: can't fork\nsouk-probe processes=1020 limit=max\n";
        let expected = Processes { started: 1_020, limit: "max".to_owned() };
        assert_eq!(processes(log), Some(expected));
        assert_eq!(processes("souk-probe processes=many limit=1"), None);
        assert_eq!(processes(""), None);
        let log = "souk-probe 1 open\nwget: timeout\nsouk-probe 2 closed\nsouk-probe x open\n";
        assert_eq!(attempts(log), [(1, true), (2, false)]);
    }

    #[test]
    fn a_policy_is_enforced_once_attempts_fail_one_after_the_other() {
        let attempts = |states: &str| -> Vec<(u32, bool)> {
            states.chars().zip(1..).map(|(state, number)| (number, state == 'o')).collect()
        };
        assert!(is_closed_after(&attempts("ooccc"), 2));
        assert!(is_closed_after(&attempts("ooooccc"), 2), "it takes a moment");
        assert!(!is_closed_after(&attempts("oocc"), 2));
        assert!(!is_closed_after(&attempts("occoc"), 1));
        assert!(!is_closed_after(&attempts("ccc"), 3), "those were before");
    }
}

//! `http_options`: how the ingress treats requests.
//!
//! ```yaml
//! http_options:
//!   max_body_size: 1048576      # bytes, at most 100 Mi
//!   read_timeout: 60000         # milliseconds, at most 60000
//!   send_timeout: 60000
//!   next_tries: 3
//!   next_timeout: 0
//!   next_cases: [error, timeout] # or off alone
//!   proxy_buffer_size: 8192     # bytes, at most 1 Mi
//! ```

use crate::{manifest::HttpOptions, reader::Reader, yaml::NodeId};

/// Options as the file gives them; 0 is as good as none.
#[derive(Debug, Default)]
pub(crate) struct Http {
    numbers: [Option<(u32, NodeId)>; 6],
    next_cases: Vec<(String, NodeId)>,
}

pub(crate) const KEYS: &[&str] = &[
    "max_body_size",
    "read_timeout",
    "send_timeout",
    "next_tries",
    "next_timeout",
    "proxy_buffer_size",
    "next_cases",
];
/// The most that each number may be, in the order of [`KEYS`], and its unit.
const MOST: [(u32, &str); 6] = [
    (100 << 20, "bytes"),
    (60_000, "milliseconds"),
    (60_000, "milliseconds"),
    (u32::MAX, ""),
    (u32::MAX, "milliseconds"),
    (1 << 20, "bytes"),
];
/// What stands for 0.
const DEFAULTS: [u32; 6] = [1 << 20, 60_000, 60_000, 3, 0, 0];

const CASES: &[&str] =
    &["error", "timeout", "403", "404", "429", "500", "502", "503", "504", "off"];

pub(crate) fn read(reader: &mut Reader<'_>, at: NodeId) -> Http {
    let mut http = Http::default();
    reader.fields(at, "`http_options`", KEYS, &mut |reader, field, at| match KEYS
        .iter()
        .position(|key| *key == field)
    {
        Some(index) if index < MOST.len() => {
            http.numbers[index] = reader.number(at).value().map(|number| (number, at));
            if DEFAULTS[index] > 0 && matches!(http.numbers[index], Some((0, _))) {
                let message = format!("0 means the default here, {}", DEFAULTS[index]);
                reader.warn(at, "zero-is-default", message).maybe(None);
            }
        }
        _ => {
            let cases = super::located_texts(reader, at, "`next_cases`");
            http.next_cases = cases.value().unwrap_or_default();
        }
    });
    http
}

impl Http {
    pub fn check(&self, reader: &mut Reader<'_>) {
        for (index, (most, unit)) in MOST.into_iter().enumerate() {
            if let Some((number, at)) = self.numbers[index].filter(|(number, _)| *number > most) {
                let key = KEYS[index];
                let message = format!("`{key}` is {number} {unit}, the most is {most}");
                reader.error(at, "out-of-range", message).maybe(None);
            }
        }
        for (case, at) in &self.next_cases {
            if !CASES.contains(&case.as_str()) {
                let message = format!("`{case}` is not a case for the next try");
                let help = reader
                    .suggest(case, CASES.iter().copied())
                    .unwrap_or_else(|| format!("known are {}", CASES.join(", ")));
                reader.error(*at, "unknown-value", message).help(help);
            } else if case == "off" && self.next_cases.len() > 1 {
                let message = "`off` stands alone or not at all";
                reader
                    .error(*at, "unknown-value", message)
                    .help("remove the other cases, or `off`");
            }
        }
    }

    /// Bytes that it takes in a manifest, roughly.
    pub fn weight(&self) -> usize {
        128 + self.next_cases.iter().map(|(case, _)| case.len() + 8).sum::<usize>()
    }

    pub fn manifest(&self) -> HttpOptions {
        let number = |index: usize| match self.numbers[index] {
            None | Some((0, _)) => DEFAULTS[index],
            Some((number, _)) => number,
        };
        let cases = || self.next_cases.iter().map(|(case, _)| case.clone()).collect();
        HttpOptions {
            max_body_size: number(0),
            read_timeout: number(1),
            send_timeout: number(2),
            next_tries: number(3),
            next_timeout: number(4),
            next_cases: if self.next_cases.is_empty() {
                vec!["error".to_owned(), "timeout".to_owned()]
            } else {
                cases()
            },
            proxy_buffer_size: number(5),
        }
    }
}

impl HttpOptions {
    /// What of them no SDL file gives, if anything. A manifest need not come from
    /// [`compile()`](crate::compile()), and an ingress writes what stands here into the
    /// configuration that all tenants share.
    pub fn fault(&self) -> Option<String> {
        let numbers = [
            self.max_body_size,
            self.read_timeout,
            self.send_timeout,
            self.next_tries,
            self.next_timeout,
            self.proxy_buffer_size,
        ];
        for (index, number) in numbers.into_iter().enumerate() {
            let (least, (most, _)) = (u32::from(DEFAULTS[index] > 0), MOST[index]);
            if !(least..=most).contains(&number) {
                let key = KEYS[index];
                return Some(format!("`{key}` is {number}, allowed is {least} to {most}"));
            }
        }
        let cases = &self.next_cases;
        if let Some(case) = cases.iter().find(|case| !CASES.contains(&case.as_str())) {
            let known = CASES.join(", ");
            return Some(format!(
                "`{}` is not a case for the next try, which are {known}",
                short(case)
            ));
        }
        let off = cases.iter().any(|case| case == "off");
        (off && cases.len() > 1).then(|| "`off` stands alone or not at all".to_owned())
    }
}

fn short(text: &str) -> String {
    text.chars().take(32).collect::<String>().escape_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Edit = fn(&mut HttpOptions);

    #[test]
    fn what_a_file_gives_has_no_fault_and_what_none_gives_has_one() {
        assert_eq!(Http::default().manifest().fault(), None);
        let fine: [Edit; 4] = [
            |http| http.max_body_size = 100 << 20,
            |http| http.next_cases = vec!["off".into()],
            |http| http.next_cases = CASES[..9].iter().map(ToString::to_string).collect(),
            |http| http.next_cases.clear(),
        ];
        let faulty: [Edit; 9] = [
            |http| http.max_body_size = (100 << 20) + 1,
            |http| http.max_body_size = 0,
            |http| http.read_timeout = 60_001,
            |http| http.send_timeout = 0,
            |http| http.next_tries = 0,
            |http| http.proxy_buffer_size = (1 << 20) + 1,
            |http| http.next_cases = vec!["error".into(), "off".into()],
            |http| http.next_cases = vec![String::new()],
            |http| http.next_cases = vec!["off; } location /x { return 200; ".into()],
        ];
        for (edits, is_fine) in [(&fine[..], true), (&faulty[..], false)] {
            for (index, edit) in edits.iter().enumerate() {
                let mut http = Http::default().manifest();
                edit(&mut http);
                assert_eq!(http.fault().is_none(), is_fine, "{index}: {http:?}");
            }
        }
    }
}

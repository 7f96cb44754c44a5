//! Lines of a preflight.

use serde::Serialize;

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Well.
    Ok,
    /// The agent runs, but the operator should know.
    Warn,
    /// The agent cannot do its work.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// How well it is.
    pub level: Level,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// All lines, in the order in which things were looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The lines.
    pub lines: Vec<Line>,
}

impl Report {
    /// Something is well.
    pub fn ok(&mut self, what: &str, found: impl Into<String>) {
        self.add(Level::Ok, what, found.into(), None);
    }

    /// Something to know of.
    pub fn warn(&mut self, what: &str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(Level::Warn, what, found.into(), Some(advice.into()));
    }

    /// Something that must be put right.
    pub fn fail(&mut self, what: &str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(Level::Fail, what, found.into(), Some(advice.into()));
    }

    fn add(&mut self, level: Level, what: &str, found: String, advice: Option<String>) {
        self.lines.push(Line { level, what: what.to_owned(), found, advice });
    }

    /// The worst level of all lines.
    pub fn worst(&self) -> Level {
        self.lines.iter().map(|line| line.level).max().unwrap_or(Level::Ok)
    }

    /// For people, a line each.
    pub fn text(&self) -> String {
        let line = |line: &Line| {
            let level = match line.level {
                Level::Ok => "ok  ",
                Level::Warn => "warn",
                Level::Fail => "FAIL",
            };
            let advice = line.advice.as_ref().map(|a| format!("\n        -> {a}"));
            format!("{level}  {}: {}{}", line.what, line.found, advice.unwrap_or_default())
        };
        self.lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

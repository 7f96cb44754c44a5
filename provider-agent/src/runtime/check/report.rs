//! The report of a check.

use serde::Serialize;

/// The level of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing to do.
    Ok,
    /// The agent runs, but the operator should know.
    Warn,
    /// The agent cannot work.
    Fail,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The level.
    pub level: Level,
    /// What was checked.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// All lines, in the order of the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The lines.
    pub lines: Vec<Line>,
}

impl Report {
    /// Adds a line of level ok.
    pub fn ok(&mut self, what: &str, found: impl Into<String>) {
        self.add(Level::Ok, what, found.into(), None);
    }

    /// Adds a warning.
    pub fn warn(&mut self, what: &str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(Level::Warn, what, found.into(), Some(advice.into()));
    }

    /// Adds a failure.
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

    /// The report as text, one line per check.
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

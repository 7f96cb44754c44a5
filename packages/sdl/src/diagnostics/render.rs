//! Findings as rustc shows them.

use std::fmt::Write;

use super::{Diagnostic, Severity};
use crate::yaml;

struct Paint {
    red: &'static str,
    yellow: &'static str,
    blue: &'static str,
    bold: &'static str,
    off: &'static str,
}

const COLORS: Paint = Paint {
    red: "\x1b[1;31m",
    yellow: "\x1b[1;33m",
    blue: "\x1b[1;34m",
    bold: "\x1b[1m",
    off: "\x1b[0m",
};
const PLAIN: Paint = Paint { red: "", yellow: "", blue: "", bold: "", off: "" };

/// Longer lines are cut around the place.
const WIDEST: usize = 160;

pub(super) fn render(found: &[Diagnostic], file: &str, text: &str, color: bool) -> String {
    let paint = if color { &COLORS } else { &PLAIN };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<&str> = yaml::lines(text).collect();
    let mut out = String::new();
    for diagnostic in found {
        one(&mut out, diagnostic, file, &lines, paint);
        out.push('\n');
    }
    out
}

fn one(out: &mut String, d: &Diagnostic, file: &str, lines: &[&str], paint: &Paint) {
    let Paint { red, yellow, blue, bold, off } = paint;
    let (name, hue) = match d.severity {
        Severity::Error => ("error", red),
        Severity::Warning => ("warning", yellow),
    };
    let Diagnostic { code, message, line, column, .. } = d;
    let margin = " ".repeat(line.to_string().len());
    // A String as sink never fails.
    let _ = writeln!(out, "{hue}{name}[{code}]{off}{bold}: {message}{off}");
    let _ = writeln!(out, "{margin}{blue}-->{off} {file}:{line}:{column}");
    if let Some(source) = lines.get(*line as usize - 1) {
        let (shown, before) = cut(source, *column as usize - 1);
        let room = shown.chars().count().saturating_sub(before).max(1);
        let marks = "^".repeat((d.length as usize).min(room));
        let _ = writeln!(out, "{margin} {blue}|{off}");
        let _ = writeln!(out, "{blue}{line} |{off} {}", shown.trim_end());
        // A tab before the place stays a tab, so that the marks stand below it.
        let lead: String =
            shown.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let _ = writeln!(out, "{margin} {blue}|{off} {lead}{hue}{marks}{off}");
    }
    if let Some(help) = &d.help {
        let _ = writeln!(out, "{margin} {blue}={off} {bold}help{off}: {help}");
    }
}

/// The part of a long line around `column`, and the place's column in it.
fn cut(line: &str, column: usize) -> (String, usize) {
    let count = line.chars().count();
    if count <= WIDEST {
        return (line.to_owned(), column.min(count));
    }
    let from = column.saturating_sub(WIDEST / 2);
    let shown: String = line.chars().skip(from).take(WIDEST).collect();
    if from == 0 { (shown + "...", column) } else { (format!("...{shown}..."), column - from + 3) }
}

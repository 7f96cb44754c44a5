//! Reads typed values from the tree, by Akash's rules, and collects what it finds wrong.
//!
//! Every reading of the tree goes through here: aliases and merge keys, null as "nothing given",
//! duplicate keys, unknown keys (a warning), and a budget against aliases that multiply.

mod fields;
mod values;

use crate::{
    diagnostics::{Diagnostic, Severity, suggest},
    yaml::{Kind, Mark, NodeId, Span, Tree, scalar},
};

/// What stands at a place where a value may stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Read<T> {
    /// Nothing, or null.
    #[default]
    Null,
    /// Something that was reported already; asking for it reports nothing more.
    Bad,
    /// A value.
    Is(T),
}

impl<T> Read<T> {
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Read<U> {
        match self {
            Self::Null => Read::Null,
            Self::Bad => Read::Bad,
            Self::Is(value) => Read::Is(f(value)),
        }
    }

    pub fn value(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Null | Self::Bad => None,
        }
    }

    pub fn as_ref(&self) -> Read<&T> {
        match self {
            Self::Null => Read::Null,
            Self::Bad => Read::Bad,
            Self::Is(value) => Read::Is(value),
        }
    }

    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Bad)
    }
}

/// The tree and what was found in it so far.
pub(crate) struct Reader<'t> {
    tree: &'t Tree<'t>,
    found: Vec<Diagnostic>,
    /// Aliases that are being followed.
    followed: Vec<NodeId>,
    /// Nodes read, and those of them within an alias.
    steps: u64,
    alias_steps: u64,
    exhausted: bool,
    /// Mappings merged into one another, counted from the outermost.
    merges: usize,
    /// Errors found, shown or not.
    errors: usize,
    /// Findings beyond the most that are kept.
    dropped: usize,
}

/// Most findings that are kept of a file.
const MOST_FINDINGS: usize = 1_000;
/// Longest message in bytes; a file's own words may stand in it.
const LONGEST_MESSAGE: usize = 400;
/// Longest key in bytes. (One that is not marked by `?` has 1,024 characters at most.)
pub(crate) const LONGEST_KEY: usize = 4_096;
/// A long text counts as several steps, one for each `BYTES_A_STEP` bytes.
const BYTES_A_STEP: usize = 256;

/// Fewer steps than these are never too many.
const FREE_STEPS: u64 = 1_000;
/// Up to this number of steps nearly all may come from aliases; beyond `LARGE` only a tenth.
const SMALL: u64 = 400_000;
const LARGE: u64 = 4_000_000;

impl<'t> Reader<'t> {
    pub fn new(tree: &'t Tree<'t>) -> Self {
        Self {
            tree,
            found: Vec::new(),
            followed: Vec::new(),
            steps: 0,
            alias_steps: 0,
            exhausted: false,
            merges: 0,
            errors: 0,
            dropped: 0,
        }
    }

    pub fn tree(&self) -> &'t Tree<'t> {
        self.tree
    }

    /// Reports an error at a node; the answer takes a help text.
    pub fn error(
        &mut self,
        at: NodeId,
        code: &'static str,
        message: impl Into<String>,
    ) -> Help<'_> {
        self.report(Severity::Error, at, code, message.into())
    }

    /// Reports a warning at a node.
    pub fn warn(&mut self, at: NodeId, code: &'static str, message: impl Into<String>) -> Help<'_> {
        self.report(Severity::Warning, at, code, message.into())
    }

    fn report(
        &mut self,
        severity: Severity,
        at: NodeId,
        code: &'static str,
        message: String,
    ) -> Help<'_> {
        let node = self.tree.node(at);
        let span = match node.kind {
            Kind::Scalar(..) | Kind::Alias(..) => node.span,
            // A collection's span is its first token; point at its start.
            Kind::Sequence(_) | Kind::Mapping(_) => {
                Span { start: node.span.start, end: node.span.start }
            }
        };
        self.keep(Diagnostic::new(severity, code, span, message))
    }

    fn keep(&mut self, mut finding: Diagnostic) -> Help<'_> {
        self.errors += usize::from(finding.severity == Severity::Error);
        if self.found.len() >= MOST_FINDINGS {
            self.dropped += 1;
            return Help(None);
        }
        if finding.message.len() > LONGEST_MESSAGE {
            let end = finding.message.floor_char_boundary(LONGEST_MESSAGE);
            finding.message.truncate(end);
            finding.message.push_str("...");
        }
        self.found.push(finding);
        Help(self.found.last_mut())
    }

    /// All findings, sorted; one of them says so if some were left out.
    pub fn into_findings(mut self) -> Vec<Diagnostic> {
        if self.dropped > 0 {
            let severity = if self.errors > 0 { Severity::Error } else { Severity::Warning };
            let message = format!("{} more findings are not shown", self.dropped);
            self.found.push(Diagnostic::new(severity, "too-many", Span::default(), message));
        }
        self.found
    }

    /// "did you mean ...?", if a candidate is near.
    pub fn suggest<'c>(
        &self,
        word: &str,
        candidates: impl IntoIterator<Item = &'c str>,
    ) -> Option<String> {
        if self.found.len() >= MOST_FINDINGS {
            return None;
        }
        suggest::closest(word, candidates).map(|found| format!("did you mean `{found}`?"))
    }

    /// Reports an error about the file as a whole.
    pub fn error_in_file(&mut self, code: &'static str, message: impl Into<String>) -> Help<'_> {
        let at = self.tree.root().map_or(Mark::default(), |root| self.tree.node(root).span.start);
        self.keep(Diagnostic::error_at(code, at, message))
    }

    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// The line of a node, from 1.
    pub fn line(&self, at: NodeId) -> u32 {
        self.tree.node(at).span.start.line + 1
    }

    /// Goes to a node, through its alias if it is one. Nothing if that is refused.
    pub fn enter<R>(&mut self, id: NodeId, f: impl FnOnce(&mut Self, NodeId) -> R) -> Option<R> {
        if !self.step(id) {
            return None;
        }
        let Kind::Alias(name, target) = self.tree.node(id).kind else {
            return Some(f(self, id));
        };
        if self.followed.contains(&id) {
            self.error(id, "alias", format!("what `&{name}` names contains itself"));
            return None;
        }
        self.followed.push(id);
        let result = self.step(target).then(|| f(self, target));
        self.followed.pop();
        result
    }

    /// Counts a node; false once aliases have multiplied the text too much.
    fn step(&mut self, id: NodeId) -> bool {
        if self.exhausted {
            return false;
        }
        let cost = 1 + (self.tree.raw(id).len() / BYTES_A_STEP) as u64;
        self.steps += cost;
        self.alias_steps += if self.followed.is_empty() { 0 } else { cost };
        if self.steps > FREE_STEPS && self.alias_steps > 100 {
            let beyond = self.steps.clamp(SMALL, LARGE) - SMALL;
            // 99 % down to 10 %, in steps of the same range.
            let allowed = 9_900 - 8_900 * beyond / (LARGE - SMALL);
            if self.alias_steps * 10_000 > allowed * self.steps {
                self.exhausted = true;
                self.error(id, "alias", "aliases make this file far too large when followed");
            }
        }
        !self.exhausted
    }

    /// The node itself, or what it is an alias of.
    pub fn target(&self, id: NodeId) -> NodeId {
        match self.tree.node(id).kind {
            Kind::Alias(_, target) => target,
            _ => id,
        }
    }

    /// Whether nothing stands there.
    pub fn is_null(&self, id: NodeId) -> bool {
        scalar::is_null(self.tree.node(self.target(id)))
    }

    /// A collection's children, taken as pairs whatever it is (Akash does so where it
    /// reads nodes itself); empty for a scalar. An odd one is reported.
    pub fn whole_pairs(&mut self, id: NodeId) -> Vec<(NodeId, NodeId)> {
        let (pairs, odd) = self.tree.children(id).as_chunks::<2>();
        if let [last] = odd {
            self.error(
                *last,
                "not-a-mapping",
                "keys and values must stand here, but the last key has no value",
            );
        }
        pairs.iter().map(|&[key, value]| (key, value)).collect()
    }
}

/// The finding just made, for a help text.
pub(crate) struct Help<'d>(Option<&'d mut Diagnostic>);

impl Help<'_> {
    pub fn help(self, help: impl Into<String>) {
        self.maybe(Some(help.into()));
    }

    pub fn maybe(self, help: Option<String>) {
        if let Some(diagnostic) = self.0 {
            diagnostic.help = help;
        }
    }
}

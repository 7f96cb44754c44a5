//! A list of forbidden names, and where files use them.

mod code;

/// A file of the repository.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its path from the repository's folder.
    pub path: &'a str,
    /// What it holds.
    pub text: &'a str,
}

/// A forbidden name that a file uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The line, from 1; the first for a file's own name.
    pub line: usize,
    /// The name as the list has it.
    pub name: String,
    /// What to use.
    pub instead: String,
}

/// Names and exceptions.
#[derive(Debug, Default)]
pub struct List {
    rules: Vec<Rule>,
    exceptions: Vec<Exception>,
}

/// Where a name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Rust code without comments and strings.
    Code,
    /// A module's name.
    Module,
    /// Any text.
    Wire,
    /// Any text, in any case of its letters.
    Prose,
}

#[derive(Debug)]
struct Rule {
    kind: Kind,
    name: String,
    instead: String,
    /// Starts of paths; all if none.
    paths: Vec<String>,
}

/// A name that is allowed in some files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The name as the list has it.
    pub name: String,
    /// How the files' paths start.
    pub path: String,
}

impl List {
    /// Reads a list.
    ///
    /// # Errors
    /// The line that cannot be read, and an exception without a reason or of a name that is not
    /// forbidden.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut list = Self::default();
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let bad = |why: &str| format!("line {}: {why}: {line}", number + 1);
            let fields: Vec<&str> = line.split(" | ").map(str::trim).collect();
            let kind = match fields.as_slice() {
                ["except", name, path, _reason] => {
                    if !list.rules.iter().any(|rule| rule.name == *name) {
                        return Err(bad("no such name above"));
                    }
                    let (name, path) = ((*name).to_owned(), (*path).to_owned());
                    list.exceptions.push(Exception { name, path });
                    continue;
                }
                ["code", ..] => Kind::Code,
                ["module", ..] => Kind::Module,
                ["wire", ..] => Kind::Wire,
                ["prose", ..] => Kind::Prose,
                _ => return Err(bad("not a kind")),
            };
            let (name, instead, paths) = match fields.as_slice() {
                [_, name, instead] => (name, instead, Vec::new()),
                [_, name, instead, paths] => {
                    (name, instead, paths.split(' ').map(str::to_owned).collect())
                }
                _ => return Err(bad("not KIND | NAME | USE INSTEAD | PATHS")),
            };
            let (name, instead) = ((*name).to_owned(), (*instead).to_owned());
            list.rules.push(Rule { kind, name, instead, paths });
        }
        Ok(list)
    }

    /// The forbidden names in a file, without those that it may use.
    pub fn find(&self, source: &Source<'_>) -> Vec<Found> {
        let excepted = |name: &str| {
            let mut exceptions = self.exceptions.iter();
            exceptions.any(|one| one.name == name && source.path.starts_with(&one.path))
        };
        let mut found = self.find_all(source);
        found.retain(|one| !excepted(&one.name));
        found
    }

    /// The exceptions without which nothing in these files would be refused.
    pub fn unused_exceptions<'a>(
        &self,
        sources: impl Iterator<Item = Source<'a>>,
    ) -> Vec<Exception> {
        let mut unused = self.exceptions.clone();
        for source in sources {
            let found = self.find_all(&source);
            unused.retain(|exception| {
                !source.path.starts_with(&exception.path)
                    || !found.iter().any(|one| one.name == exception.name)
            });
        }
        unused
    }

    fn find_all(&self, source: &Source<'_>) -> Vec<Found> {
        let is_rust = source.path.ends_with(".rs");
        let code = if is_rust { code::only(source.text) } else { String::new() };
        let lower = source.text.to_lowercase();
        let here = |rule: &&Rule| {
            rule.paths.is_empty() || rule.paths.iter().any(|path| source.path.starts_with(path))
        };
        let mut all = Vec::new();
        for rule in self.rules.iter().filter(here) {
            let lines: Vec<usize> = match rule.kind {
                Kind::Code => lines_with(&code, &rule.name),
                Kind::Wire => lines_with(source.text, &rule.name),
                Kind::Prose => lines_with(&lower, &rule.name.to_lowercase()),
                Kind::Module if is_rust && is_path_of(source.path, &rule.name) => vec![1],
                Kind::Module => lines_with(&code, &format!("mod {}", rule.name)),
            };
            all.extend(lines.into_iter().map(|line| Found {
                line,
                name: rule.name.clone(),
                instead: rule.instead.clone(),
            }));
        }
        all
    }
}

/// Whether a file's or folder's name in a path is the module's.
fn is_path_of(path: &str, module: &str) -> bool {
    let parts = path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
    parts.into_iter().any(|part| !lines_with(part, module).is_empty() && is_whole(part, module))
}

fn is_whole(part: &str, module: &str) -> bool {
    part.len() == module.len() || module.contains('*')
}

/// The lines, from 1, on which a name is, whole. `*` at its start or end stands for letters,
/// digits and `_`.
fn lines_with(text: &str, name: &str) -> Vec<usize> {
    let lines = text.lines().enumerate();
    lines.filter(|(_, line)| has(line, name)).map(|(number, _)| number + 1).collect()
}

fn has(line: &str, name: &str) -> bool {
    let open_start = name.starts_with('*');
    let open_end = name.ends_with('*');
    let word = name.trim_matches('*');
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let starts = open_start || !joins(before, word.chars().next());
        let ends = open_end || !joins(after, word.chars().next_back());
        starts && ends
    })
}

/// Whether a neighbour and the name's character are of one identifier.
fn joins(neighbour: Option<char>, own: Option<char>) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    is_part(neighbour) && is_part(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(list: &str, path: &str, text: &str) -> Vec<(usize, String)> {
        let list = List::parse(list).unwrap();
        let found = list.find(&Source { path, text });
        found.into_iter().map(|one| (one.line, one.instead)).collect()
    }

    #[test]
    fn a_name_in_code_is_whole_and_not_in_comments_or_strings() {
        let text = "// World\nlet a = \"World\";\nstruct Worlds;\nstruct World;\n";
        assert_eq!(found("code | World | Fixture", "a.rs", text), [(4, "Fixture".to_owned())]);
        assert_eq!(found("code | World | Fixture", "a.md", "World"), []);
    }

    #[test]
    fn a_star_stands_for_the_rest_of_an_identifier() {
        let list = "code | *reap* | end";
        let text = "fn is_reapable() {}\nfn reap() {}\nfn end() {}";
        assert_eq!(found(list, "a.rs", text).len(), 2);
    }

    #[test]
    fn a_module_is_known_by_its_path_and_by_its_declaration() {
        let list = "module | stage | fixture";
        assert_eq!(found(list, "a/stage/mod.rs", "").len(), 1);
        assert_eq!(found(list, "a/stage.rs", "").len(), 1);
        assert_eq!(found(list, "a/stages.rs", "").len(), 0);
        assert_eq!(found(list, "a/lib.rs", "mod stage;").len(), 1);
    }

    #[test]
    fn words_and_wire_names_count_everywhere() {
        assert_eq!(found("prose | foobar | example", "a.md", "A Foobar.\n").len(), 1);
        assert_eq!(
            found("wire | \"book\": | \"stats\":", "schema/a.json", "  \"book\": {").len(),
            1
        );
        assert_eq!(
            found("wire | souk operator | souk admin", "a.md", "`souk operator x`").len(),
            1
        );
    }

    #[test]
    fn a_path_limits_a_name_and_an_exception_allows_it() {
        let list = "code | dry | depleted | a/ b/\nexcept | dry | a/sim/ | dry run";
        assert_eq!(found(list, "a/x.rs", "dry").len(), 1);
        assert_eq!(found(list, "c/x.rs", "dry").len(), 0);
        assert_eq!(found(list, "a/sim/x.rs", "dry").len(), 0);
        let list = List::parse(list).unwrap();
        let used = [Source { path: "a/sim/x.rs", text: "dry" }];
        assert_eq!(list.unused_exceptions(used.into_iter()), []);
        assert_eq!(list.unused_exceptions(std::iter::empty()).len(), 1);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_an_error() {
        for bad in ["name | a | b", "code | a", "except | a | b | c"] {
            assert!(List::parse(bad).is_err(), "{bad}");
        }
    }
}

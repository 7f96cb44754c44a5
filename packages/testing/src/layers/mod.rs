//! Checks the direction of a crate's imports, from its sources alone: nothing is compiled.
//!
//! ```
//! use souk_testing::layers::Modules;
//!
//! let modules = Modules::of([
//!     ("lib.rs", "pub mod high; pub mod low;"),
//!     ("high.rs", "use crate::low::Item;"),
//!     ("low.rs", "pub struct Item;"),
//! ]);
//! assert!(modules.against(&[&["low"], &["high"]]).is_empty());
//! assert!(modules.circles("").is_empty());
//! ```
//!
//! An import is any path that begins with `crate::`, `super::` or `self::`, in a `use` with or
//! without braces or anywhere else in the code. A name that a module re-exports counts as
//! the module that it comes from, unless it comes by a glob.

mod paths;
mod tokens;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs, io,
    path::{Path, PathBuf},
};

use paths::Found;

/// The modules of a crate and what each imports from others of the same crate.
#[derive(Debug, Default)]
pub struct Modules {
    imports: Vec<Import>,
    modules: BTreeSet<Module>,
    names: BTreeMap<Module, BTreeMap<String, Module>>,
}

/// A module's path below the crate root; empty for the root itself.
type Module = Vec<String>;

#[derive(Debug)]
struct Import {
    file: PathBuf,
    line: usize,
    text: String,
    from: Module,
    to: Module,
}

/// An import that points the wrong way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, below `src`.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The path as it is imported.
    pub import: String,
    /// Why it should not be there.
    pub reason: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, import, reason } = self;
        write!(f, "{}:{line}: `{import}`: {reason}", file.display())
    }
}

impl Modules {
    /// Reads all `.rs` files below a crate's `src`.
    ///
    /// # Errors
    ///
    /// If the folder or one of its files cannot be read.
    pub fn read(src: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![src.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = fs::read_to_string(&path)?;
                    files.push((path.strip_prefix(src).unwrap_or(&path).to_owned(), text));
                }
            }
        }
        files.sort();
        Ok(Self::of(files))
    }

    /// The modules of these files, given by their paths below `src`.
    pub fn of(files: impl IntoIterator<Item = (impl Into<PathBuf>, impl Into<String>)>) -> Self {
        let files: Vec<(PathBuf, String)> =
            files.into_iter().map(|(path, text)| (path.into(), text.into())).collect();
        let mut all = Self::default();
        for (file, _) in &files {
            let mut module = module_of(file);
            while !module.is_empty() {
                all.modules.insert(module.clone());
                module.pop();
            }
        }
        let mut found = Vec::new();
        for (file, text) in &files {
            let module = module_of(file);
            for one in paths::find(text, &module) {
                if let Some(name) = &one.binds
                    && one.inside == module
                    && let Some(to) = all.absolute(&one)
                {
                    all.names.entry(module.clone()).or_default().insert(name.clone(), to);
                }
                found.push((file.clone(), module.clone(), one));
            }
        }
        let imports = found.into_iter().filter_map(|(file, from, one)| {
            let to = all.resolve(all.absolute(&one)?);
            Some(Import { file, line: one.line, text: one.segments.join("::"), from, to })
        });
        let imports = imports.collect();
        Self { imports, ..all }
    }

    /// Imports from a layer to one above it, or between modules of the same layer. Layers are
    /// lists of the crate's top-level modules, the lowest first; a module that is in none is a
    /// finding as well.
    pub fn against(&self, layers: &[&[&str]]) -> Vec<Finding> {
        let height = |module: &str| layers.iter().position(|layer| layer.contains(&module));
        let mut findings = Vec::new();
        for module in self.modules.iter().filter(|module| module.len() == 1) {
            let [name] = module.as_slice() else { continue };
            if height(name).is_none() {
                let reason = "the module is in no layer".to_owned();
                findings.push(Finding {
                    file: PathBuf::new(),
                    line: 0,
                    import: name.clone(),
                    reason,
                });
            }
        }
        for import in &self.imports {
            let (Some(from), Some(to)) = (import.from.first(), import.to.first()) else { continue };
            let (Some(low), Some(high)) = (height(from), height(to)) else { continue };
            if from != to && low <= high {
                let relation = if low == high { "beside" } else { "above" };
                let reason = format!("`{to}` is {relation} `{from}`");
                findings.push(import.finding(reason));
            }
        }
        findings.sort();
        findings
    }

    /// Imports that are part of a circle between the child modules of `parent`, which is a path
    /// such as `market`, or empty for the crate root.
    pub fn circles(&self, parent: &str) -> Vec<Finding> {
        self.find_circles(parent, |_| true)
    }

    /// As [`circles`](Self::circles), between some of the crate's top-level modules alone.
    pub fn circles_among(&self, modules: &[&str]) -> Vec<Finding> {
        self.find_circles("", |module| modules.contains(&module))
    }

    fn find_circles(&self, parent: &str, counts: impl Fn(&str) -> bool) -> Vec<Finding> {
        let parts = parent.split("::").filter(|part| !part.is_empty());
        let parent: Module = parts.map(str::to_owned).collect();
        let child = |module: &Module| -> Option<String> {
            let child = module.strip_prefix(parent.as_slice())?.first()?;
            counts(child).then(|| child.clone())
        };
        let edges: Vec<(String, String, &Import)> = self
            .imports
            .iter()
            .filter_map(|import| Some((child(&import.from)?, child(&import.to)?, import)))
            .filter(|(from, to, _)| from != to)
            .collect();
        let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (from, to, _) in &edges {
            next.entry(from).or_default().insert(to);
        }
        let mut findings: Vec<Finding> = edges
            .iter()
            .filter_map(|(from, to, import)| {
                let back = way(&next, to, from)?;
                Some(import.finding(format!("a circle: {from} -> {}", back.join(" -> "))))
            })
            .collect();
        findings.sort();
        findings.dedup();
        findings
    }

    /// The names of the crate's top-level modules.
    pub fn top(&self) -> Vec<&str> {
        let top = self.modules.iter().filter(|module| module.len() == 1);
        top.filter_map(|module| module.first()).map(String::as_str).collect()
    }

    /// The path from the crate root; nothing for a path of another crate.
    fn absolute(&self, found: &Found) -> Option<Module> {
        let mut base = found.inside.clone();
        let mut rest = found.segments.as_slice();
        match rest.split_first() {
            Some((first, more)) if first == "crate" => (base, rest) = (Vec::new(), more),
            Some((first, more)) if first == "self" => rest = more,
            Some((first, _)) if first == "super" => {
                while let Some((first, more)) = rest.split_first()
                    && first == "super"
                {
                    base.pop();
                    rest = more;
                }
            }
            Some((first, _)) => {
                let mut child = base.clone();
                child.push(first.clone());
                if !self.modules.contains(&child) {
                    return None;
                }
            }
            None => return None,
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The module that a path leads to, past re-exports.
    fn resolve(&self, path: Module) -> Module {
        let mut path = path;
        // A re-export of a re-export and so on; a circle of them is no valid program.
        for _ in 0..16 {
            let mut module: Module = Vec::new();
            let mut jump = None;
            for (at, name) in path.iter().enumerate() {
                let mut child = module.clone();
                child.push(name.clone());
                if self.modules.contains(&child) {
                    module = child;
                    continue;
                }
                jump = self.names.get(&module).and_then(|names| names.get(name)).map(|to| {
                    let mut to = to.clone();
                    to.extend(path.iter().skip(at + 1).cloned());
                    to
                });
                break;
            }
            match jump {
                Some(to) if to != path => path = to,
                _ => return module,
            }
        }
        path
    }
}

impl Import {
    fn finding(&self, reason: String) -> Finding {
        Finding { file: self.file.clone(), line: self.line, import: self.text.clone(), reason }
    }
}

fn module_of(file: &Path) -> Module {
    let mut parts: Module =
        file.iter().map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned()).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        parts.pop();
    }
    // Programs are roots of their own.
    if parts.first().is_some_and(|first| first == "bin") { Vec::new() } else { parts }
}

/// The modules on the shortest way from one to another, both included.
fn way<'a>(
    next: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    from: &'a str,
    to: &'a str,
) -> Option<Vec<&'a str>> {
    let mut ways = std::collections::VecDeque::from([vec![from]]);
    let mut seen = BTreeSet::from([from]);
    while let Some(way) = ways.pop_front() {
        let last = *way.last()?;
        if last == to {
            return Some(way);
        }
        for after in next.get(last).into_iter().flatten() {
            if seen.insert(after) {
                let mut longer = way.clone();
                longer.push(after);
                ways.push_back(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;

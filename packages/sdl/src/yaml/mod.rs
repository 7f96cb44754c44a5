//! YAML as yaml.v3 reads it: text to a tree of nodes, each with its place in the file.
//!
//! Akash reads SDL with Go's yaml.v3, whose scanner is libyaml's: YAML 1.1 with habits
//! of its own. Files depend on them (a closing `]` in the key's column, a quoted text that
//! goes on at the line's start, a refused tab), so this is a reader of the same dialect:
//! [`scanner`] cuts the text into tokens, [`parser`] turns tokens into events, [`build`] makes
//! one tree of the first document's events, and [`scalar`] alone decides what a scalar means.
//!
//! Nothing here recurses over the input, and every step is linear in its length.

mod block;
mod build;
mod chars;
mod directives;
mod fetch;
mod flow;
mod number;
mod parser;
mod plain;
mod quoted;
pub(crate) mod scalar;
mod scanner;
mod token;

use std::borrow::Cow;

pub(crate) use build::parse;
pub(crate) use chars::lines;
pub(crate) use number::{parse_f64, parse_u64};
pub(crate) use token::{Mark, ScanError, Style};

/// A node's number in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NodeId(u32);

/// A stretch of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// Where it begins.
    pub start: Mark,
    /// The place after its last character.
    pub end: Mark,
}

/// One node.
#[derive(Debug)]
pub(crate) struct Node<'t> {
    /// What it is.
    pub kind: Kind<'t>,
    /// Its tag, if the file gives one.
    pub tag: Option<Tag>,
    /// Where it stands. For a collection: where it starts.
    pub span: Span,
}

/// The kinds of node.
#[derive(Debug)]
pub(crate) enum Kind<'t> {
    /// A text, still uninterpreted.
    Scalar(Cow<'t, str>, Style),
    /// A list.
    Sequence(Children),
    /// Keys and values, alternating.
    Mapping(Children),
    /// A reference to an earlier node, by the name of its anchor.
    Alias(&'t str, NodeId),
}

/// The children of a collection: a stretch of the tree's table.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Children {
    first: u32,
    len: u32,
}

/// An explicit tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// `!!str`
    Str,
    /// `!!null`
    Null,
    /// `!!bool`
    Bool,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`
    Binary,
    /// `!!merge`
    Merge,
    /// Any other.
    Other,
}

/// The first document of a text.
#[derive(Debug)]
pub(crate) struct Tree<'t> {
    nodes: Vec<Node<'t>>,
    children: Vec<NodeId>,
    root: Option<NodeId>,
    next_document: Option<Mark>,
}

impl<'t> Tree<'t> {
    /// The document's node; none if the text holds no document.
    pub fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// Where a second document starts, if there is one.
    pub fn next_document(&self) -> Option<Mark> {
        self.next_document
    }

    /// A node by its number.
    pub fn node(&self, id: NodeId) -> &Node<'t> {
        &self.nodes[id.0 as usize]
    }

    /// What a collection holds; for a mapping keys and values, alternating; empty for others.
    pub fn children(&self, id: NodeId) -> &[NodeId] {
        match self.node(id).kind {
            Kind::Sequence(children) | Kind::Mapping(children) => {
                let first = children.first as usize;
                &self.children[first..first + children.len as usize]
            }
            Kind::Scalar(..) | Kind::Alias(..) => &[],
        }
    }

    /// The text that a node itself carries, whatever its tag: a scalar's, or the name in an
    /// alias, or nothing.
    pub fn raw(&self, id: NodeId) -> &str {
        match &self.node(id).kind {
            Kind::Scalar(text, _) => text,
            Kind::Alias(name, _) => name,
            Kind::Sequence(_) | Kind::Mapping(_) => "",
        }
    }
}

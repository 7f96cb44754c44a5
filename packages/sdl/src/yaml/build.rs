//! Events to a tree: the first document of a text.

use std::collections::HashMap;

use super::{
    Children, Kind, Mark, Node, NodeId, ScanError, Span, Tag, Tree,
    parser::{Event, Parser, Properties},
};

/// Reads the first document. What follows it is not read, as in yaml.v3.
pub(crate) fn parse(text: &str) -> Result<Tree<'_>, ScanError> {
    let mut parser = Parser::new(text);
    let mut builder = Builder::default();
    loop {
        let (event, start, end) = parser.next()?;
        match event {
            Event::StreamEnd => return Ok(builder.tree(None)),
            // What follows may be no YAML at all, and is not read.
            Event::DocumentEnd => {
                let next = parser.next().ok();
                let more = next.filter(|(event, ..)| matches!(event, Event::DocumentStart));
                return Ok(builder.tree(more.map(|(_, start, _)| start)));
            }
            Event::StreamStart | Event::DocumentStart => {}
            event => builder.take(event, Span { start, end })?,
        }
    }
}

#[derive(Default)]
struct Builder<'t> {
    nodes: Vec<Node<'t>>,
    children: Vec<NodeId>,
    /// Nodes whose collection is not complete yet.
    waiting: Vec<NodeId>,
    /// Open collections, with the place of their first child in `waiting`.
    open: Vec<(NodeId, usize)>,
    anchors: HashMap<&'t str, NodeId>,
}

impl<'t> Builder<'t> {
    fn take(&mut self, event: Event<'t>, span: Span) -> Result<(), ScanError> {
        match event {
            Event::Alias(name) => {
                let unknown = || unknown_anchor(name, span.start);
                let target = *self.anchors.get(name).ok_or_else(unknown)?;
                self.add(Kind::Alias(name, target), Properties::default(), span);
            }
            Event::Scalar(text, style, properties) => {
                self.add(Kind::Scalar(text, style), properties, span);
            }
            Event::SequenceStart(properties) => {
                let id = self.add(Kind::Sequence(Children::default()), properties, span);
                self.open.push((id, self.waiting.len()));
            }
            Event::MappingStart(properties) => {
                let id = self.add(Kind::Mapping(Children::default()), properties, span);
                self.open.push((id, self.waiting.len()));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn add(&mut self, kind: Kind<'t>, properties: Properties<'t>, span: Span) -> NodeId {
        // The text's length is limited far below what 32 bits count.
        let id = NodeId(self.nodes.len() as u32);
        if let Some(name) = properties.anchor {
            self.anchors.insert(name, id);
        }
        let tag = properties.tag.as_deref().and_then(known_tag);
        self.nodes.push(Node { kind, tag, span });
        self.waiting.push(id);
        id
    }

    fn close(&mut self) {
        let Some((id, from)) = self.open.pop() else { return };
        let all =
            Children { first: self.children.len() as u32, len: (self.waiting.len() - from) as u32 };
        self.children.extend(self.waiting.drain(from..));
        if let Kind::Sequence(children) | Kind::Mapping(children) =
            &mut self.nodes[id.0 as usize].kind
        {
            *children = all;
        }
    }

    fn tree(self, next_document: Option<Mark>) -> Tree<'t> {
        let root = (!self.nodes.is_empty()).then_some(NodeId(0));
        Tree { nodes: self.nodes, children: self.children, root, next_document }
    }
}

fn unknown_anchor(name: &str, at: Mark) -> ScanError {
    ScanError::new(at, format!("no anchor `&{name}` stands before this alias"))
        .help("an anchor must be defined above its aliases")
}

/// The meaning of a full tag; `!` alone is as good as none.
fn known_tag(tag: &str) -> Option<Tag> {
    if tag.is_empty() || tag == "!" {
        return None;
    }
    // yaml.v3 takes the short form for the long one.
    let name = tag.strip_prefix("tag:yaml.org,2002:").or_else(|| tag.strip_prefix("!!"));
    Some(match name {
        Some("str") => Tag::Str,
        Some("null") => Tag::Null,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        Some("merge") => Tag::Merge,
        _ => Tag::Other,
    })
}

//! The nodes of all spaces of one keeper, each once.

use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};

use super::super::address::Family;
use super::Space;
use super::level::Level;

/// Why a space could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// The diagram would outgrow what memory was set aside for it.
    #[error("the set of packets is too intricate: it needs more than {limit} ranges")]
    TooLarge {
        /// How many ranges a keeper may hold.
        limit: usize,
    },
}

/// A question for one field. Where the answer falls into which range decides where to go on.
#[derive(Debug, Clone, Copy)]
struct Node {
    level: Level,
    first: u32,
    len: u32,
    /// The next node with the same hash.
    twin: Option<Space>,
}

/// The way out of a node: from which value on, and whereto.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) start: u128,
    pub(super) to: Space,
}

/// All ways out of a node, by value. The first starts at 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edges<'t> {
    pub(super) starts: &'t [u128],
    pub(super) to: &'t [Space],
}

/// Nodes by what they are: whoever asks for the same question with the same ways out gets the
/// same node, which makes equality of spaces a comparison of two numbers.
///
/// Ranges lie side by side in two long vectors rather than in a vector a node: most nodes have few.
#[derive(Debug)]
pub(super) struct Table {
    nodes: Vec<Node>,
    starts: Vec<u128>,
    to: Vec<Space>,
    by_hash: FxHashMap<u64, Space>,
    limit: usize,
}

impl Table {
    /// A table that holds `limit` ranges at most.
    pub(super) fn new(limit: usize) -> Self {
        let end = Node {
            level: Level::End,
            first: 0,
            len: 0,
            twin: None,
        };
        Self {
            // The two ends have the numbers of `Space::EMPTY` and `Space::EVERYTHING`.
            nodes: vec![end, end],
            starts: Vec::new(),
            to: Vec::new(),
            by_hash: FxHashMap::default(),
            limit: limit.min(u32::MAX as usize),
        }
    }

    /// How many nodes there are, the two ends among them.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// How many ranges the nodes have.
    pub(super) fn ranges(&self) -> usize {
        self.starts.len()
    }

    /// The field that `space` asks for first.
    pub(super) fn level(&self, space: Space) -> Level {
        self.nodes
            .get(space.index())
            .map_or(Level::End, |node| node.level)
    }

    /// The ways out of `space` at `level`: one for every value where it does not ask for that.
    pub(super) fn edges<'t>(&'t self, space: &'t Space, level: Level) -> Edges<'t> {
        match self.nodes.get(space.index()) {
            Some(node) if node.level == level && level != Level::End => self.of_node(node),
            _ => Edges {
                starts: &[0],
                to: std::slice::from_ref(space),
            },
        }
    }

    fn of_node(&self, node: &Node) -> Edges<'_> {
        let range = node.first as usize..node.first as usize + node.len as usize;
        Edges {
            starts: self.starts.get(range.clone()).unwrap_or_default(),
            to: self.to.get(range).unwrap_or_default(),
        }
    }

    /// The same as ranges with their last value, for packets of `family`.
    pub(super) fn intervals<'t>(
        &'t self,
        space: &'t Space,
        level: Level,
        family: Family,
    ) -> impl Iterator<Item = (u128, u128, Space)> {
        let Edges { starts, to } = self.edges(space, level);
        let lasts = starts
            .iter()
            .skip(1)
            .map(|next| next.saturating_sub(1))
            .chain(std::iter::once(level.max(family)));
        let firsts = starts.iter().zip(to);
        firsts
            .zip(lasts)
            .map(|((first, to), last)| (*first, last, *to))
    }

    /// Where `space` leads if the field of `level` has `value`.
    pub(super) fn follow(&self, space: Space, level: Level, value: u128) -> Space {
        let Edges { starts, to } = self.edges(&space, level);
        let behind = starts.partition_point(|start| *start <= value);
        let at = behind.checked_sub(1).and_then(|index| to.get(index));
        at.copied().unwrap_or(Space::EMPTY)
    }

    /// The node that asks for `level` and goes on by `edges`, of which no two neighbours lead to
    /// the same place. A question whose answer does not matter is not asked.
    pub(super) fn node(
        &mut self,
        level: Level,
        edges: impl ExactSizeIterator<Item = Edge> + Clone,
    ) -> Result<Space, SpaceError> {
        let len = edges.len();
        if len < 2 {
            return Ok(edges.map(|edge| edge.to).next().unwrap_or(Space::EMPTY));
        }
        let hash = hash(level, edges.clone());
        let twin = self.by_hash.get(&hash).copied();
        let mut same = twin;
        while let Some(space) = same {
            let Some(node) = self.nodes.get(space.index()) else {
                break;
            };
            if node.level == level && self.is_same(node, edges.clone()) {
                return Ok(space);
            }
            same = node.twin;
        }
        let too_large = SpaceError::TooLarge { limit: self.limit };
        if self.starts.len() + len > self.limit {
            return Err(too_large);
        }
        let number = |of: usize| u32::try_from(of).map_err(|_| too_large);
        let space = Space(number(self.nodes.len())?);
        self.nodes.push(Node {
            level,
            first: number(self.starts.len())?,
            len: number(len)?,
            twin,
        });
        self.starts.extend(edges.clone().map(|edge| edge.start));
        self.to.extend(edges.map(|edge| edge.to));
        self.by_hash.insert(hash, space);
        Ok(space)
    }

    fn is_same(&self, node: &Node, edges: impl ExactSizeIterator<Item = Edge>) -> bool {
        let own = self.of_node(node);
        own.starts.len() == edges.len()
            && own
                .starts
                .iter()
                .zip(own.to)
                .zip(edges)
                .all(|((start, to), edge)| *start == edge.start && *to == edge.to)
    }
}

fn hash(level: Level, edges: impl Iterator<Item = Edge>) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u8(level as u8);
    for edge in edges {
        hasher.write_u128(edge.start);
        hasher.write_u32(edge.to.0);
    }
    hasher.finish()
}

//! The entries of a rule's lists, and what each brings that no other does.

use ipnet::IpNet;

use crate::engine::space::{Addresses, Ranges};
use crate::finding::Span;
use crate::net::PortRange;
use crate::resource::{List, Net, Port};

const HIGHEST_PORT: u16 = u16::MAX;

/// Blocks of one list. Of two blocks one holds the other or they have nothing in common, so every
/// block has at most one nearest block around it.
pub(super) struct Blocks {
    entries: Vec<Block>,
    /// Places of `entries`, sorted by address and, of blocks that begin alike, the wider first.
    sorted: Vec<usize>,
}

/// An entry that is a block.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) net: IpNet,
    pub(super) span: Span,
    /// The nearest block around it.
    around: Option<usize>,
    /// Its place in the sorted list.
    rank: usize,
    is_gone: bool,
}

/// What only one entry brings.
pub(super) enum Only {
    /// Nothing: that entry holds all of it.
    Nothing(Option<Span>),
    /// These addresses.
    Brings(Addresses),
}

impl Blocks {
    pub(super) fn of(list: &List<Net>) -> Self {
        let entries = list.iter().flat_map(|list| &list.value);
        let entries: Vec<Block> = entries
            .filter_map(|net| {
                Some(Block {
                    net: net.value.block()?,
                    span: net.span,
                    around: None,
                    rank: 0,
                    is_gone: false,
                })
            })
            .collect();
        let mut sorted: Vec<usize> = (0..entries.len()).collect();
        let key = |index: &usize| {
            let block = entries.get(*index);
            block.map(|block| (block.net.network(), block.net.prefix_len(), *index))
        };
        sorted.sort_by_key(key);
        let mut blocks = Self { entries, sorted };
        blocks.nest();
        blocks
    }

    fn nest(&mut self) {
        let mut open: Vec<(usize, IpNet)> = Vec::new();
        for (rank, index) in self.sorted.iter().enumerate() {
            let Some(block) = self.entries.get_mut(*index) else {
                continue;
            };
            while open.pop_if(|(_, net)| !net.contains(&block.net)).is_some() {}
            block.rank = rank;
            block.around = open.last().map(|(index, _)| *index);
            open.push((*index, block.net));
        }
    }

    /// The places of all entries, the last first.
    pub(super) fn last_to_first(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.entries.len()).rev()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Block> {
        self.entries.get(index)
    }

    /// How many entries of the family of `net` are left.
    pub(super) fn left(&self, net: IpNet) -> usize {
        let is_v4 = |net: IpNet| matches!(net, IpNet::V4(_));
        let left = self.entries.iter().filter(|block| !block.is_gone);
        left.filter(|block| is_v4(block.net) == is_v4(net)).count()
    }

    /// How many entries are left.
    pub(super) fn all_left(&self) -> usize {
        self.entries.iter().filter(|block| !block.is_gone).count()
    }

    /// The addresses of all that is left.
    pub(super) fn addresses(&self) -> Addresses {
        let left = self.entries.iter().filter(|block| !block.is_gone);
        Addresses::of(left.map(|block| block.net))
    }

    pub(super) fn take(&mut self, index: usize) {
        if let Some(block) = self.entries.get_mut(index) {
            block.is_gone = true;
        }
    }

    /// What only the entry brings, of those that are left.
    pub(super) fn only(&self, index: usize) -> Only {
        let Some(block) = self.entries.get(index) else {
            return Only::Nothing(None);
        };
        let mut around = block.around;
        while let Some(outer) = around.and_then(|index| self.entries.get(index)) {
            if !outer.is_gone {
                return Only::Nothing(Some(outer.span));
            }
            around = outer.around;
        }
        let behind = self.sorted.get(block.rank + 1..).unwrap_or_default();
        let inner = behind.iter().filter_map(|index| self.entries.get(*index));
        let inner: Vec<IpNet> = inner
            .take_while(|inner| block.net.contains(&inner.net))
            .filter(|inner| !inner.is_gone)
            .map(|inner| inner.net)
            .collect();
        let whole = Addresses::of([block.net]);
        if inner.is_empty() {
            return Only::Brings(whole);
        }
        let rest = whole.complement().union(&Addresses::of(inner)).complement();
        if rest == Addresses::default() {
            Only::Nothing(None)
        } else {
            Only::Brings(rest)
        }
    }
}

/// Ports of one list. Those that are named are left alone.
pub(super) struct Ports {
    entries: Vec<(PortRange, Span, bool)>,
    named: usize,
    /// For every port how many of the entries that are left hold it.
    holds: Vec<u32>,
}

impl Ports {
    pub(super) fn of(list: &List<Port>) -> Self {
        let all = list.iter().flat_map(|list| &list.value);
        let mut ports = Self {
            entries: Vec::new(),
            named: 0,
            holds: Vec::new(),
        };
        for port in all {
            match &port.value {
                Port::Range(range) => ports.entries.push((*range, port.span, false)),
                Port::Named(_) | Port::Invalid(_) => ports.named += 1,
            }
        }
        // One entry is never told of.
        if ports.entries.len() > 1 {
            ports.holds = vec![0; usize::from(HIGHEST_PORT) + 1];
        }
        for (range, ..) in &ports.entries {
            for count in slots(&mut ports.holds, *range) {
                *count += 1;
            }
        }
        ports
    }

    pub(super) fn last_to_first(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.entries.len()).rev()
    }

    pub(super) fn get(&self, index: usize) -> Option<(PortRange, Span)> {
        let (range, span, _) = self.entries.get(index)?;
        Some((*range, *span))
    }

    /// Whether a port is named.
    pub(super) fn names_any(&self) -> bool {
        self.named > 0
    }

    /// How many entries are left; named ones do not count.
    pub(super) fn left(&self) -> usize {
        let left = self.entries.iter().filter(|(.., is_gone)| !is_gone);
        left.count()
    }

    /// The numbers that only that entry brings, of those that are left.
    pub(super) fn only(&mut self, index: usize) -> Ranges {
        let Some((range, ..)) = self.entries.get(index) else {
            return Ranges::default();
        };
        let first = usize::from(range.first());
        let held = slots(&mut self.holds, *range).iter().enumerate();
        let alone = held.filter(|(_, count)| **count == 1);
        let alone = alone.filter_map(|(at, _)| u16::try_from(first + at).ok());
        Ranges::singles(alone)
    }

    pub(super) fn take(&mut self, index: usize) {
        let Some((range, _, is_gone)) = self.entries.get_mut(index) else {
            return;
        };
        *is_gone = true;
        for count in slots(&mut self.holds, *range) {
            *count = count.saturating_sub(1);
        }
    }
}

fn slots(holds: &mut [u32], range: PortRange) -> &mut [u32] {
    let range = usize::from(range.first())..=usize::from(range.last());
    holds.get_mut(range).unwrap_or_default()
}

/// Whether any of `addresses` is in `among`.
pub(super) fn have_in_common(addresses: &Addresses, among: &Addresses) -> bool {
    use crate::engine::Family;
    [Family::V4, Family::V6].into_iter().any(|family| {
        let own = addresses.ranges(family);
        !own.intersection(among.ranges(family)).is_empty()
    })
}

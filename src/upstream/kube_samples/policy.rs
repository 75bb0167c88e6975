//! What a policy file of upstream's says.

use std::sync::Arc;

use crate::finding::{Input, InputError, Place, Span};
use crate::net::{Cidr, PortRange, Protocol};
use crate::yaml::{Comment, Located};

/// A policy.
pub(super) struct Policy {
    /// The text.
    pub(super) input: Arc<Input>,
    /// The policy's name.
    pub(super) name: Located<String>,
    /// Its order.
    pub(super) order: Located<f64>,
    /// Whom it selects.
    pub(super) selector: Located<String>,
    /// Its rules for outgoing traffic.
    pub(super) egress: Vec<Rule>,
    /// Its rules for incoming traffic.
    pub(super) ingress: Vec<Rule>,
    /// Where it begins.
    pub(super) span: Span,
}

/// A rule that allows.
pub(super) struct Rule {
    /// Where it stands.
    pub(super) span: Span,
    /// The protocol, where it says one.
    pub(super) protocol: Option<Located<Protocol>>,
    /// What it says of where packets come from.
    pub(super) source: Side,
    /// What it says of where packets go to.
    pub(super) destination: Side,
}

/// What a rule says of one end of a packet's way.
#[derive(Default)]
pub(super) struct Side {
    /// The address blocks.
    pub(super) nets: Option<Nets>,
    /// The address blocks that are excepted.
    pub(super) not_nets: Option<Nets>,
    /// The ports.
    pub(super) ports: Option<Located<Vec<Located<PortRange>>>>,
    /// The selector.
    pub(super) selector: Option<Located<String>>,
}

/// A list of address blocks with its comments.
#[derive(Clone)]
pub(super) struct Nets {
    /// The text it stands in.
    pub(super) input: Arc<Input>,
    /// Where its key stands.
    pub(super) span: Span,
    /// The blocks. Never empty, no block twice.
    pub(super) list: Vec<Net>,
    /// The comments on lines of their own, each with the number of blocks that stand before it.
    pub(super) headings: Vec<(usize, Comment)>,
}

/// An address block of a list.
#[derive(Clone)]
pub(super) struct Net {
    /// The block.
    pub(super) block: Located<Cidr>,
    /// The comment that stands behind it.
    pub(super) label: Option<Comment>,
}

impl Side {
    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        self.nets.is_none()
            && self.not_nets.is_none()
            && self.ports.is_none()
            && self.selector.is_none()
    }

    /// The ports where nothing but ports is said.
    pub(super) fn only_ports(&self) -> Option<&Located<Vec<Located<PortRange>>>> {
        let alone = self.nets.is_none() && self.not_nets.is_none() && self.selector.is_none();
        self.ports.as_ref().filter(|_| alone)
    }

    /// The blocks where nothing but blocks and ports is said.
    pub(super) fn nets_alone(&self) -> Option<&Nets> {
        let alone = self.not_nets.is_none() && self.selector.is_none();
        self.nets.as_ref().filter(|_| alone)
    }
}

impl Nets {
    /// The blocks, sorted.
    pub(super) fn sorted(&self) -> Vec<Cidr> {
        let mut blocks: Vec<Cidr> = self.list.iter().map(|net| net.block.value).collect();
        blocks.sort_unstable();
        blocks
    }

    /// The place of the list's key.
    pub(super) fn place(&self) -> Place {
        Place::new(&self.input, self.span)
    }
}

impl Policy {
    /// The place of `span` in this policy's text.
    pub(super) fn place(&self, span: Span) -> Place {
        Place::new(&self.input, span)
    }

    /// The refusal of something at `span`.
    pub(super) fn refuse(&self, span: Span, message: impl Into<String>) -> InputError {
        InputError::new(message).at(self.place(span))
    }
}

//! Reads a policy file as upstream writes them, with the comments that carry facts.
//!
//! Whatever upstream's policies do not have (another kind, another key, another action) is refused
//! here, with its place.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::str::FromStr;
use std::sync::Arc;

use crate::finding::{Input, InputError, Place, Span};
use crate::net::{Cidr, CidrError, PortRange};
use crate::yaml::{Comment, Kind, Located, Node, comments, documents};

use super::policy::{Net, Nets, Policy, Rule, Side};

const API_VERSION: &str = "projectcalico.org/v3";
const KIND: &str = "GlobalNetworkPolicy";
const ACTION: &str = "Allow";

/// The most rules of a direction and the most entries of a list. Upstream has at most ten and some
/// hundreds; what is compared pairwise must stay short.
const MOST_RULES: usize = 500;
pub(super) const MOST_ENTRIES: usize = 10_000;

/// Reads the one policy of `input`.
pub(super) fn policy(input: &Arc<Input>) -> Result<Policy, InputError> {
    let mut roots = documents(input).into_iter();
    let root = roots
        .next()
        .ok_or_else(|| InputError::new(format!("`{}` holds no policy", input.name)))??;
    if let Some(second) = roots.next() {
        return Err(refuse(input, second?.span, "a second document stands here"));
    }
    let reader = Reader {
        input,
        comments: &comments(input)?,
    };
    reader.policy(&root)
}

fn refuse(input: &Arc<Input>, span: Span, message: impl Into<String>) -> InputError {
    InputError::new(message).at(Place::new(input, span))
}

/// An address block as it may be written: in 2021 single addresses stood without their length.
struct Written(Cidr);

impl FromStr for Written {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        match text.parse() {
            Err(CidrError::BareAddress { suggestion, .. }) => Ok(Self(suggestion)),
            block => block.map(Self),
        }
    }
}

/// An order as it is written.
struct Order(f64);

impl FromStr for Order {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let order = text.parse().ok().filter(|order: &f64| order.is_finite());
        order
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not an order such as 1500"))
    }
}

/// Reads the nodes of one text.
struct Reader<'a> {
    input: &'a Arc<Input>,
    comments: &'a [Comment],
}

impl Reader<'_> {
    fn policy(&self, root: &Node) -> Result<Policy, InputError> {
        self.keys(root, &["apiVersion", "kind", "metadata", "spec"])?;
        self.exactly(
            self.required(root, "apiVersion")?,
            "API version",
            API_VERSION,
        )?;
        self.exactly(self.required(root, "kind")?, "kind", KIND)?;
        let metadata = self.required(root, "metadata")?;
        self.keys(metadata, &["name"])?;
        let spec = self.required(root, "spec")?;
        self.keys(spec, &["egress", "ingress", "order", "selector", "types"])?;
        let policy = Policy {
            input: Arc::clone(self.input),
            name: self.text(self.required(metadata, "name")?)?,
            order: self.order(self.required(spec, "order")?)?,
            selector: self.text(self.required(spec, "selector")?)?,
            egress: self.rules(spec.get("egress"))?,
            ingress: self.rules(spec.get("ingress"))?,
            span: root.span,
        };
        self.types(self.required(spec, "types")?, &policy)?;
        Ok(policy)
    }

    /// The types must name the directions that have rules and no other: a direction that is named
    /// without rules denies, and rules of a direction that is not named do nothing.
    fn types(&self, node: &Node, policy: &Policy) -> Result<(), InputError> {
        let named = self
            .list(node)?
            .iter()
            .map(|item| self.text(item))
            .collect::<Result<Vec<_>, _>>()?;
        for (word, rules) in [("Egress", &policy.egress), ("Ingress", &policy.ingress)] {
            let is_named = named.iter().any(|t| t.value == word);
            if is_named == rules.is_empty() {
                let message = if is_named {
                    format!("the policy has the type `{word}`, but no such rule")
                } else {
                    format!("the policy has rules for `{word}`, but not that type")
                };
                return Err(refuse(self.input, node.span, message));
            }
        }
        match named
            .iter()
            .find(|t| !matches!(t.as_str(), "Egress" | "Ingress"))
        {
            Some(other) => Err(refuse(
                self.input,
                other.span,
                format!("`{}` is no type of upstream's policies", other.value),
            )),
            None => Ok(()),
        }
    }

    fn rules(&self, node: Option<&Node>) -> Result<Vec<Rule>, InputError> {
        let Some(node) = node else {
            return Ok(Vec::new());
        };
        let items = self.list(node)?;
        self.at_most(node, items, MOST_RULES)?;
        items.iter().map(|item| self.rule(item)).collect()
    }

    fn rule(&self, node: &Node) -> Result<Rule, InputError> {
        self.keys(node, &["action", "destination", "protocol", "source"])?;
        self.exactly(self.required(node, "action")?, "action", ACTION)?;
        let protocol = node.get("protocol").map(|n| self.parsed(n, "a protocol"));
        Ok(Rule {
            span: node.span,
            protocol: protocol.transpose()?,
            source: self.side(node, "source")?,
            destination: self.side(node, "destination")?,
        })
    }

    fn side(&self, rule: &Node, key: &str) -> Result<Side, InputError> {
        let Some(node) = rule.get(key) else {
            return Ok(Side::default());
        };
        self.keys(node, &["nets", "notNets", "ports", "selector"])?;
        let nets = |key| {
            node.entry(key)
                .map(|e| self.nets(rule, e.key_span, &e.value))
        };
        Ok(Side {
            nets: nets("nets").transpose()?,
            not_nets: nets("notNets").transpose()?,
            ports: node.get("ports").map(|n| self.ports(n)).transpose()?,
            selector: node.get("selector").map(|n| self.text(n)).transpose()?,
        })
    }

    fn ports(&self, node: &Node) -> Result<Located<Vec<Located<PortRange>>>, InputError> {
        let ports: Vec<Located<PortRange>> = self
            .list(node)?
            .iter()
            .map(|item| self.parsed(item, "a port"))
            .collect::<Result<_, _>>()?;
        self.unique(ports.iter().copied())?;
        Ok(Located {
            value: ports,
            span: node.span,
        })
    }

    fn nets(&self, rule: &Node, span: Span, node: &Node) -> Result<Nets, InputError> {
        let mut list = Vec::new();
        let items = self.list(node)?;
        self.at_most(node, items, MOST_ENTRIES)?;
        for item in items {
            let Written(block) = self.parsed(item, "an address block")?.value;
            let block = Located {
                value: block,
                span: item.span,
            };
            if block.is_everything() {
                let message = format!(
                    "`{}` is every address, which upstream never means",
                    block.value
                );
                return Err(refuse(self.input, block.span, message));
            }
            let behind = self.comments_from(item.span.end).first();
            let label = behind
                .filter(|c| c.beside && c.span.line == item.span.line)
                .cloned();
            list.push(Net { block, label });
        }
        self.unique(list.iter().map(|net| net.block))?;
        let until = list.last().map_or(span.end, |net| net.block.span.end);
        let headings = self
            .comments_from(rule.span.start)
            .iter()
            .take_while(|comment| comment.span.start < until)
            .filter(|comment| !comment.beside)
            .map(|comment| {
                let before = |net: &Net| net.block.span.start < comment.span.start;
                (list.partition_point(before), comment.clone())
            })
            .collect();
        Ok(Nets {
            input: Arc::clone(self.input),
            span,
            list,
            headings,
        })
    }

    /// The comments that begin at `offset` or behind it.
    fn comments_from(&self, offset: u32) -> &[Comment] {
        let first = self
            .comments
            .partition_point(|comment| comment.span.start < offset);
        self.comments.get(first..).unwrap_or_default()
    }

    fn at_most(&self, node: &Node, items: &[Node], most: usize) -> Result<(), InputError> {
        if items.len() <= most {
            return Ok(());
        }
        let message = format!(
            "the list has {} entries, and at most {most} are read",
            items.len()
        );
        Err(refuse(self.input, node.span, message))
    }

    /// Refuses an item that stands in its list twice.
    fn unique<T: Display + Eq + Hash>(
        &self,
        items: impl Iterator<Item = Located<T>>,
    ) -> Result<(), InputError> {
        let mut seen = HashMap::new();
        for item in items {
            let message = format!("`{}` stands here a second time", item.value);
            if let Some(first) = seen.insert(item.value, item.span) {
                let first = refuse(self.input, first, "it stood here first");
                return Err(refuse(self.input, item.span, message).also(first));
            }
        }
        Ok(())
    }

    /// Refuses a key that upstream's policies do not have.
    fn keys(&self, node: &Node, known: &[&str]) -> Result<(), InputError> {
        if !matches!(node.kind, Kind::Mapping(_)) {
            let message = format!("{} stands where a mapping was expected", node.described());
            return Err(refuse(self.input, node.span, message));
        }
        match node.entries().iter().find(|e| !known.contains(&&*e.key)) {
            Some(entry) => {
                let message = format!("upstream's policies have no key `{}` here", entry.key);
                Err(refuse(self.input, entry.key_span, message)
                    .suggest(&entry.key, known.iter().copied()))
            }
            None => Ok(()),
        }
    }

    fn required<'n>(&self, node: &'n Node, key: &str) -> Result<&'n Node, InputError> {
        node.get(key)
            .ok_or_else(|| refuse(self.input, node.span, format!("the key `{key}` is missing")))
    }

    /// The items of a list that must have some.
    fn list<'n>(&self, node: &'n Node) -> Result<&'n [Node], InputError> {
        match &node.kind {
            Kind::Sequence(items) if !items.is_empty() => Ok(items),
            Kind::Sequence(_) => Err(refuse(self.input, node.span, "the list is empty")),
            _ if node.is_null() => Err(refuse(self.input, node.span, "the list is empty")),
            _ => {
                let message = format!("{} stands where a list was expected", node.described());
                Err(refuse(self.input, node.span, message))
            }
        }
    }

    fn text(&self, node: &Node) -> Result<Located<String>, InputError> {
        let text = node.as_str().ok_or_else(|| {
            let message = format!("{} stands where a text was expected", node.described());
            refuse(self.input, node.span, message)
        })?;
        Ok(Located {
            value: text.to_owned(),
            span: node.span,
        })
    }

    /// A value by its text, whatever type YAML gives it: a port is a number or a range.
    fn parsed<T: FromStr<Err: Display>>(
        &self,
        node: &Node,
        what: &str,
    ) -> Result<Located<T>, InputError> {
        let Kind::Scalar(scalar) = &node.kind else {
            let message = format!("{} stands where {what} was expected", node.described());
            return Err(refuse(self.input, node.span, message));
        };
        let value = scalar
            .text
            .parse()
            .map_err(|error: T::Err| refuse(self.input, node.span, error.to_string()))?;
        Ok(Located {
            value,
            span: node.span,
        })
    }

    fn order(&self, node: &Node) -> Result<Located<f64>, InputError> {
        let order: Located<Order> = self.parsed(node, "an order")?;
        Ok(Located {
            value: order.value.0,
            span: order.span,
        })
    }

    fn exactly(&self, node: &Node, what: &str, expected: &str) -> Result<(), InputError> {
        let text = self.text(node)?;
        if text.value == expected {
            return Ok(());
        }
        let message = format!("the {what} `{}` is not known here", text.value);
        Err(refuse(self.input, text.span, message)
            .hint(format!("the policies that are read have `{expected}`")))
    }
}

//! Reading a file of intents.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::ops::Range;
use std::sync::Arc;

use crate::engine::space::Spaces;
use crate::finding::{Input, InputError, Place, Span};
use crate::net::{Cidr, Protocol};
use crate::profile;
use crate::resource::selector::Selector;
use crate::yaml::{self, Located};

use super::written::{
    Intents, List, WrittenExpect, WrittenFlow, WrittenGroup, WrittenIcmp, WrittenIntent,
};
use super::{Expect, Group, Icmp, Intent, Named, Part, PartSpaces, conflict};

/// What every refusal of an intent without packets says.
const ALWAYS: &str = "an intent that means no packet would always hold";

/// The JSON Schema of a file of intents, with the name of its own file.
pub fn schema() -> (&'static str, String) {
    ("intents.json", profile::schema::text::<Intents>())
}

/// Reads a file of intents.
///
/// # Errors
/// The first thing that is wrong with it, with its place: what the schema refuses, a selector that
/// is none, an intent that means no packet, two intents of one name or two that cannot both hold.
pub fn read(input: &Arc<Input>) -> Result<Vec<Intent>, InputError> {
    let written: Intents = yaml::typed(input)?;
    let reader = Reader { input };
    if written.intents.is_empty() {
        return Err(reader
            .error("the list is empty", written.intents.span)
            .hint("a file without intents would always hold"));
    }
    let mut spaces = Spaces::new();
    let mut known = PartSpaces::default();
    let mut names: HashMap<&str, Span> = HashMap::new();
    let mut intents = Vec::with_capacity(written.intents.len());
    for one in written.intents.iter() {
        let name = &one.name;
        if name.trim().is_empty() {
            return Err(reader.error("an intent has no name", name.span));
        }
        if let Some(first) = names.insert(name.as_str(), name.span) {
            let first = reader.error("the first one", first);
            let message = format!("a second intent `{}`", name.value);
            return Err(reader.error(message, name.span).also(first));
        }
        let intent = reader.intent(one)?;
        let space = intent.space(&mut spaces, &mut known, &Named::new());
        let space = space.map_err(too_many)?;
        if space.is_empty() {
            let message = format!("the intent `{}` means no packet", name.value);
            return Err(reader.error(message, name.span).hint(ALWAYS));
        }
        intents.push(intent);
    }
    match conflict(&intents, &mut spaces).map_err(too_many)? {
        Some(error) => Err(error),
        None => Ok(intents),
    }
}

fn too_many(error: crate::engine::space::SpaceError) -> InputError {
    InputError::new(format!("the intents cannot be held: {error}"))
}

struct Reader<'a> {
    input: &'a Arc<Input>,
}

impl Reader<'_> {
    fn place(&self, span: Span) -> Place {
        Place::new(self.input, span)
    }

    fn error(&self, message: impl Into<String>, span: Span) -> InputError {
        InputError::new(message).at(self.place(span))
    }

    fn empty(&self, span: Span) -> InputError {
        self.error("the list is empty", span)
            .hint(format!("{ALWAYS}; leave the key out to mean all there are"))
    }

    fn intent(&self, written: &WrittenIntent) -> Result<Intent, InputError> {
        let from = self.group(&written.from)?;
        let to = self.group(&written.to)?;
        if from.is_outside() && to.is_outside() {
            let also = self.error("the packets go here", written.to.span);
            return Err(self
                .error("both ends are outside the cluster", written.from.span)
                .hint("one end is `workers` or `pods`")
                .also(also));
        }
        if matches!(from, Group::Services { .. }) {
            return Err(self
                .error("no connection begins at a service", written.from.span)
                .hint("`services` is where packets from outside go"));
        }
        if matches!(to, Group::Services { .. }) && !from.is_outside() {
            return Err(self
                .error(
                    "what reaches services comes from outside",
                    written.from.span,
                )
                .hint("write `from: {outside: {}}` or `from: {nets: […]}`")
                .also(self.error("the services", written.to.span)));
        }
        let parts = match &written.flows {
            None => vec![self.part(&Said::of_intent(written), &from, &to)?],
            Some(flows) => {
                if let Some(beside) = Said::of_intent(written).first_span() {
                    return Err(self
                        .error("`flows` and packets beside them", beside)
                        .hint("write it into each of the flows")
                        .also(self.error("the flows", flows.span)));
                }
                self.parts(flows, &from, &to)?
            }
        };
        let except = match &written.except {
            None => Vec::new(),
            Some(flows) => self.parts(flows, &from, &to)?,
        };
        Ok(Intent {
            name: written.name.value.clone(),
            expect: match written.expect {
                WrittenExpect::Allow => Expect::Allow,
                WrittenExpect::Deny => Expect::Deny,
                WrittenExpect::Exactly => Expect::Exactly,
            },
            for_services: matches!(to, Group::Services { .. }),
            from,
            to,
            parts,
            except,
            place: Some(self.place(written.name.span)),
            about: None,
            why: written.why.clone().unwrap_or_default(),
        })
    }

    fn group(&self, written: &Located<WrittenGroup>) -> Result<Group, InputError> {
        Ok(match &written.value {
            WrittenGroup::Workers(workers) => Group::Workers {
                network: workers.network,
                selector: self.selector(workers.selector.as_ref())?,
            },
            WrittenGroup::Services(workers) => Group::Services {
                network: workers.network,
                selector: self.selector(workers.selector.as_ref())?,
            },
            WrittenGroup::Pods(pods) => Group::Pods {
                namespace: pods.namespace.as_ref().map(ToString::to_string),
                selector: self.selector(pods.selector.as_ref())?,
            },
            WrittenGroup::Outside(outside) => Group::Outside {
                network: outside.network,
            },
            WrittenGroup::Nets(nets) => {
                let mut nets = self.list(nets)?;
                nets.sort_unstable();
                Group::Nets(nets)
            }
        })
    }

    fn selector(&self, text: Option<&Located<String>>) -> Result<Option<Selector>, InputError> {
        let Some(text) = text else {
            return Ok(None);
        };
        match Selector::parse(&text.value) {
            Ok(selector) => Ok(Some(selector)),
            Err(error) => {
                let span = self.inside(text, &error.range());
                let said = self.error(error.kind().to_string(), span);
                Err(match error.hint() {
                    Some(hint) => said.hint(hint),
                    None => said,
                })
            }
        }
    }

    /// Where the bytes `range` of a text value stand; the whole value where it is not written as
    /// it is.
    fn inside(&self, text: &Located<String>, range: &Range<usize>) -> Span {
        let written = self.input.text.get(text.span.range()).unwrap_or_default();
        match written.find(text.value.as_str()) {
            Some(skipped) if !text.value.contains('\n') => text
                .span
                .within(written, &(range.start + skipped..range.end + skipped)),
            _ => text.span,
        }
    }

    fn parts(
        &self,
        flows: &List<WrittenFlow>,
        from: &Group,
        to: &Group,
    ) -> Result<Vec<Part>, InputError> {
        if flows.is_empty() {
            return Err(self.empty(flows.span));
        }
        flows
            .iter()
            .map(|flow| {
                let said = Said::of_flow(flow);
                if said.first_span().is_none() {
                    return Err(self.error("this flow says nothing", flow.span).hint(
                        "every packet is meant where neither `flows` nor anything beside is \
                         written",
                    ));
                }
                self.part(&said, from, to)
            })
            .collect()
    }

    fn part(&self, said: &Said<'_>, from: &Group, to: &Group) -> Result<Part, InputError> {
        self.check_protocol(said)?;
        if let (Some(sources), Some(destinations)) = (said.sources, said.destinations) {
            let shares = |ipv4| {
                sources.iter().any(|net| net.is_ipv4() == ipv4)
                    && destinations.iter().any(|net| net.is_ipv4() == ipv4)
            };
            if !shares(true) && !shares(false) {
                return Err(self
                    .error("no packet goes from one family to another", sources.span)
                    .hint(ALWAYS)
                    .also(self.error("the destinations", destinations.span)));
            }
        }
        Ok(Part {
            sources: self.ends(said.sources, from, "from")?,
            destinations: self.ends(said.destinations, to, "to")?,
            protocol: said.protocol.map(|protocol| protocol.value),
            ports: match said.ports {
                Some(ports) => Some(self.list(ports)?),
                None => None,
            },
            source_ports: None,
            names: None,
            icmp: said.icmp.map(|icmp| Icmp {
                kind: icmp.kind,
                code: icmp.code,
            }),
        })
    }

    fn check_protocol(&self, said: &Said<'_>) -> Result<(), InputError> {
        if let Some(ports) = said.ports {
            let wrong = match said.protocol {
                None => Some("ports without a protocol".to_owned()),
                Some(protocol) if !protocol.has_ports() => Some(format!(
                    "`{}` has no ports, but some are listed",
                    protocol.value
                )),
                Some(_) => None,
            };
            if let Some(wrong) = wrong {
                let hint = "TCP, UDP and SCTP have ports; write a flow for each";
                return Err(self.error(wrong, ports.span).hint(hint));
            }
        }
        if let Some(icmp) = said.icmp {
            let numbers = [Protocol::Icmp.number(), Protocol::Icmpv6.number()];
            let wrong = match said.protocol {
                None => Some("an ICMP type without a protocol".to_owned()),
                Some(protocol) if !numbers.contains(&protocol.number()) => {
                    Some(format!("`{}` has no ICMP type", protocol.value))
                }
                Some(_) => None,
            };
            if let Some(wrong) = wrong {
                let hint = "`protocol` is ICMP or ICMPv6 there";
                return Err(self.error(wrong, icmp.span).hint(hint));
            }
        }
        Ok(())
    }

    /// The addresses that a flow names at one of its ends, which the group of that end must have.
    fn ends(
        &self,
        nets: Option<&List<Cidr>>,
        group: &Group,
        key: &str,
    ) -> Result<Option<Vec<Cidr>>, InputError> {
        let Some(written) = nets else {
            return Ok(None);
        };
        let nets = self.list(written)?;
        if let Group::Nets(ends) = group {
            let apart = |net: &&Located<Cidr>| !ends.iter().any(|end| end.overlaps(net));
            if let Some(net) = written.iter().find(apart) {
                let message = format!("{} has no address of `{key}`, {group}", net.value);
                return Err(self.error(message, net.span).hint(ALWAYS));
            }
        }
        Ok(Some(nets))
    }

    /// The items of a list, which is not empty and has each once.
    fn list<T: Copy + Eq + Hash + Display>(&self, list: &List<T>) -> Result<Vec<T>, InputError> {
        if list.is_empty() {
            return Err(self.empty(list.span));
        }
        let mut seen: HashMap<T, Span> = HashMap::new();
        for item in list.iter() {
            if let Some(first) = seen.insert(item.value, item.span) {
                let message = format!("`{}` stands here a second time", item.value);
                let first = self.error("it stood here first", first);
                return Err(self.error(message, item.span).also(first));
            }
        }
        Ok(list.iter().map(|item| item.value).collect())
    }
}

/// What is said of packets, in an intent itself or in one of its flows.
struct Said<'a> {
    sources: Option<&'a List<Cidr>>,
    destinations: Option<&'a List<Cidr>>,
    protocol: Option<&'a Located<Protocol>>,
    ports: Option<&'a List<crate::net::PortRange>>,
    icmp: Option<&'a Located<WrittenIcmp>>,
}

impl<'a> Said<'a> {
    fn of_intent(intent: &'a WrittenIntent) -> Self {
        Self {
            sources: intent.sources.as_ref(),
            destinations: intent.destinations.as_ref(),
            protocol: intent.protocol.as_ref(),
            ports: intent.ports.as_ref(),
            icmp: intent.icmp.as_ref(),
        }
    }

    fn of_flow(flow: &'a WrittenFlow) -> Self {
        Self {
            sources: flow.sources.as_ref(),
            destinations: flow.destinations.as_ref(),
            protocol: flow.protocol.as_ref(),
            ports: flow.ports.as_ref(),
            icmp: flow.icmp.as_ref(),
        }
    }

    /// Where the first word of it stands, if there is one.
    fn first_span(&self) -> Option<Span> {
        [
            self.sources.map(|list| list.span),
            self.destinations.map(|list| list.span),
            self.protocol.map(|protocol| protocol.span),
            self.ports.map(|list| list.span),
            self.icmp.map(|icmp| icmp.span),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

//! Rules, and what they refer to.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::engine::address::{AddressSet, Family};
use crate::engine::felix::named_protocol;
use crate::engine::rule::{Effect, Families, IcmpTest, PortTest, Rule, RuleOwner, Side};
use crate::engine::settings::DataPlane;
use crate::engine::tables::{NamedPortsId, NetsId, PeerSetId, ServiceSetId};
use crate::finding::Span;
use crate::net::{PortRange, Protocol};
use crate::resource::{
    self, Action, Direction, EntityRule, Era, Field, Icmp, List, Net, Port, Written,
};
use crate::yaml::Located;

use super::effective;
use super::protocol_number;
use super::selectors::{SelectorNo, Selectors};

/// Why Felix takes an object for missing (VAL-55).
pub(super) struct Refused {
    pub(super) span: Span,
    pub(super) reason: String,
}

impl Refused {
    pub(super) fn new(span: Span, reason: impl Into<String>) -> Self {
        Self {
            span,
            reason: reason.into(),
        }
    }
}

/// A named port that rules ask for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct NamedDraft {
    pub(super) name: Box<str>,
    pub(super) protocol: Option<u8>,
    pub(super) peers: Option<PeerSetId>,
}

type RuleList = Option<Located<Vec<resource::Rule>>>;

/// Compiled rules, and what they refer to, each once.
pub(super) struct Rules {
    era: Era,
    data_plane: DataPlane,
    pub(super) compiled: Vec<Rule>,
    pub(super) selectors: Selectors,
    pub(super) nets: Vec<AddressSet>,
    nets_known: FxHashMap<AddressSet, NetsId>,
    pub(super) peers: Vec<SelectorNo>,
    peers_known: FxHashMap<SelectorNo, PeerSetId>,
    pub(super) named: Vec<NamedDraft>,
    named_known: FxHashMap<NamedDraft, NamedPortsId>,
    pub(super) services: Vec<(Box<str>, Box<str>)>,
    services_known: FxHashMap<(Box<str>, Box<str>), ServiceSetId>,
}

impl Rules {
    pub(super) fn new(era: Era, data_plane: DataPlane) -> Self {
        Self {
            era,
            data_plane,
            compiled: Vec::new(),
            selectors: Selectors::default(),
            nets: Vec::new(),
            nets_known: FxHashMap::default(),
            peers: Vec::new(),
            peers_known: FxHashMap::default(),
            named: Vec::new(),
            named_known: FxHashMap::default(),
            services: Vec::new(),
            services_known: FxHashMap::default(),
        }
    }

    /// Compiles both lists of a policy or profile: all of it, or nothing (RES-9).
    pub(super) fn lists(
        &mut self,
        ingress: &RuleList,
        egress: &RuleList,
        namespace: &str,
        owner: RuleOwner,
    ) -> Result<[Range<u32>; 2], Refused> {
        let before = self.compiled.len();
        let lists = self
            .list(ingress, namespace, owner, Direction::Ingress)
            .and_then(|first| {
                let second = self.list(egress, namespace, owner, Direction::Egress)?;
                Ok([first, second])
            });
        if lists.is_err() {
            self.compiled.truncate(before);
        }
        lists
    }

    fn list(
        &mut self,
        list: &RuleList,
        namespace: &str,
        owner: RuleOwner,
        direction: Direction,
    ) -> Result<Range<u32>, Refused> {
        let start = narrow(self.compiled.len());
        let items = list.as_ref().map_or(&[][..], |list| &list.value);
        for (index, item) in items.iter().enumerate() {
            let rule = self.rule(item, namespace, owner, direction, narrow(index))?;
            self.compiled.push(rule);
        }
        Ok(start..narrow(self.compiled.len()))
    }

    fn rule(
        &mut self,
        rule: &resource::Rule,
        namespace: &str,
        owner: RuleOwner,
        direction: Direction,
        index: u32,
    ) -> Result<Rule, Refused> {
        let protocol = protocol(rule.protocol.as_ref())?;
        let not_protocol = self::protocol(rule.not_protocol.as_ref())?;
        let number = protocol.map(|p| protocol_number(p, self.data_plane));
        let nothing = EntityRule::default();
        let source = rule.source.as_ref().unwrap_or(&nothing);
        let destination = rule.destination.as_ref().unwrap_or(&nothing);
        self.check_ports(source, protocol, rule.span)?;
        self.check_ports(destination, protocol, rule.span)?;
        let mut families = family_of(rule, protocol)?;
        for side in [source, destination] {
            for nets in [&side.nets, &side.not_nets] {
                // RES-21: a list without a block of the family takes the rule out of it.
                let given = families_of(nets);
                if given.v4 || given.v6 {
                    families.v4 &= given.v4;
                    families.v6 &= given.v6;
                }
            }
        }
        let asks = |list: &List<Port>| list.as_ref().is_some_and(|list| !list.is_empty());
        let needs_ports = [source, destination]
            .iter()
            .any(|side| asks(&side.ports) || asks(&side.not_ports));
        let from = self.side(source, namespace, number)?;
        let to = self.side(destination, namespace, number)?;
        let skipped = |family| {
            // RES-22.
            [&from, &to].into_iter().any(|side| {
                let nets = side.not_nets.and_then(|id| self.nets.get(id.index()));
                nets.is_some_and(|nets| nets.is_everything(family))
            })
        };
        Ok(Rule {
            owner,
            direction,
            index,
            span: rule.span,
            effect: effect(rule.action.as_ref()),
            families: Families {
                v4: families.v4 && !skipped(Family::V4),
                v6: families.v6 && !skipped(Family::V6),
            },
            protocol: number,
            not_protocol: not_protocol.map(|p| protocol_number(p, self.data_plane)),
            needs_ports,
            icmp: icmp(rule.icmp.as_ref())?,
            not_icmp: icmp(rule.not_icmp.as_ref())?,
            http: rule.http.is_some(),
            source: from,
            destination: to,
        })
    }

    fn side(
        &mut self,
        side: &EntityRule,
        namespace: &str,
        protocol: Option<u8>,
    ) -> Result<Side, Refused> {
        let text = effective::of_peer(side, namespace);
        let at = |field: &Field<Box<str>>| field.as_ref().map(|field| field.span);
        let span = at(&side.selector)
            .or(at(&side.not_selector))
            .unwrap_or(side.span);
        // Felix looks at both texts before it joins them.
        if let Some(not) = side
            .not_selector
            .as_ref()
            .filter(|not| !not.value.is_empty())
            && self.selectors.parse(&not.value).is_none()
        {
            return Err(Refused::new(
                not.span,
                "a rule's `notSelector` does not parse",
            ));
        }
        let peers = self.peers(&text.positive, span)?;
        let not_peers = self.peers(&text.negative, span)?;
        // RES-18: the rule's own protocol; without, TCP up to 3.31 and any from 3.32.
        let named_protocol = match (protocol, self.era) {
            (None, Era::E1 | Era::E2) => Some(6),
            (protocol, _) => protocol,
        };
        Ok(Side {
            nets: self.nets_of(&side.nets),
            not_nets: self.nets_of(&side.not_nets),
            peers,
            not_peers,
            ports: self.ports(&side.ports, named_protocol, peers),
            not_ports: self.ports(&side.not_ports, named_protocol, peers),
            service: self.service(side),
        })
    }

    fn peers(&mut self, text: &str, span: Span) -> Result<Option<PeerSetId>, Refused> {
        if text.is_empty() {
            return Ok(None);
        }
        let number = self
            .selectors
            .parse(text)
            .ok_or_else(|| Refused::new(span, "a rule's selector does not parse"))?;
        let next = PeerSetId::new(self.peers.len());
        let id = *self.peers_known.entry(number).or_insert(next);
        if id == next {
            self.peers.push(number);
        }
        Ok(Some(id))
    }

    /// RES-23: what is no block is left out, and a list of nothing else is no constraint.
    fn nets_of(&mut self, nets: &List<Net>) -> Option<NetsId> {
        let list = nets.as_ref()?;
        let mut blocks = list.iter().filter_map(|net| net.value.block()).peekable();
        blocks.peek()?;
        let set = AddressSet::of(blocks);
        if let Some(id) = self.nets_known.get(&set) {
            return Some(*id);
        }
        let id = NetsId::new(self.nets.len());
        self.nets.push(set.clone());
        self.nets_known.insert(set, id);
        Some(id)
    }

    fn ports(
        &mut self,
        ports: &List<Port>,
        protocol: Option<u8>,
        peers: Option<PeerSetId>,
    ) -> Option<PortTest> {
        let list = ports.as_ref().filter(|list| !list.is_empty())?;
        let mut ranges: Vec<PortRange> = Vec::new();
        let mut named = Vec::new();
        for port in list.iter() {
            match &port.value {
                Port::Range(range) => ranges.push(*range),
                Port::Named(name) => {
                    let draft = NamedDraft {
                        name: name.clone(),
                        protocol,
                        peers,
                    };
                    let next = NamedPortsId::new(self.named.len());
                    let id = *self.named_known.entry(draft.clone()).or_insert(next);
                    if id == next {
                        self.named.push(draft);
                    }
                    named.push(id);
                }
                Port::Invalid(_) => {}
            }
        }
        ranges.sort_unstable();
        Some(PortTest {
            ranges: ranges.into(),
            named: named.into(),
        })
    }

    /// RES-19, RES-20: without a namespace it is the service of none.
    fn service(&mut self, side: &EntityRule) -> Option<ServiceSetId> {
        let service = side.services.as_ref()?;
        let text = |field: &Field<Box<str>>| -> Box<str> {
            field
                .as_ref()
                .map_or_else(|| "".into(), |f| f.value.clone())
        };
        let name = text(&service.name);
        if name.is_empty() {
            return None;
        }
        let key = (text(&service.namespace), name);
        let next = ServiceSetId::new(self.services.len());
        let id = *self.services_known.entry(key.clone()).or_insert(next);
        if id == next {
            self.services.push(key);
        }
        Some(id)
    }

    /// VAL-26 to VAL-28 as Felix applies them (VAL-55).
    fn check_ports(
        &self,
        side: &EntityRule,
        protocol: Option<Protocol>,
        span: Span,
    ) -> Result<(), Refused> {
        let lists = [&side.ports, &side.not_ports];
        let ports: Vec<&Located<Port>> = lists
            .into_iter()
            .flatten()
            .flat_map(|list| list.iter())
            .collect();
        let Some(first) = ports.first() else {
            return Ok(());
        };
        if let Some(port) = ports.iter().find(|p| matches!(p.value, Port::Invalid(_))) {
            return Err(Refused::new(port.span, "a rule's port is none"));
        }
        match protocol {
            Some(protocol) if !protocol.has_ports() => Err(Refused::new(
                first.span,
                "a rule names ports of a protocol that has none",
            )),
            Some(_) => Ok(()),
            None => {
                let only_names = ports.iter().all(|p| matches!(p.value, Port::Named(_)));
                if only_names && self.era == Era::E3 {
                    return Ok(());
                }
                Err(Refused::new(span, "a rule names ports and no protocol"))
            }
        }
    }
}

fn narrow(index: usize) -> u32 {
    // Texts are bounded to 64 MiB: no list is that long.
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Any spelling of a name will do (MOD-14).
fn protocol(field: Option<&Located<Written<Protocol>>>) -> Result<Option<Protocol>, Refused> {
    let Some(field) = field else {
        return Ok(None);
    };
    match named_protocol(&field.value) {
        Some(protocol) => Ok(Some(protocol)),
        None => Err(Refused::new(field.span, "a rule's protocol is none")),
    }
}

/// `ipVersion`, or what the name of the protocol implies (section 2.2).
fn family_of(rule: &resource::Rule, protocol: Option<Protocol>) -> Result<Families, Refused> {
    let both = Families { v4: true, v6: true };
    let implied = match protocol {
        Some(Protocol::Icmp) => Families { v6: false, ..both },
        Some(Protocol::Icmpv6) => Families { v4: false, ..both },
        _ => both,
    };
    match &rule.ip_version {
        None => Ok(implied),
        Some(version) if version.value == 4 => Ok(Families { v6: false, ..both }),
        Some(version) if version.value == 6 => Ok(Families { v4: false, ..both }),
        Some(version) => Err(Refused::new(version.span, "a rule's `ipVersion` is none")),
    }
}

fn families_of(nets: &List<Net>) -> Families {
    let mut families = Families::default();
    for net in nets.iter().flat_map(|list| list.iter()) {
        match net.value.block() {
            Some(ipnet::IpNet::V4(_)) => families.v4 = true,
            Some(ipnet::IpNet::V6(_)) => families.v6 = true,
            None => {}
        }
    }
    families
}

fn icmp(field: Option<&Located<Icmp>>) -> Result<Option<IcmpTest>, Refused> {
    const HIGHEST_TYPE: u8 = 254;
    let Some(field) = field else {
        return Ok(None);
    };
    let refuse = || Refused::new(field.span, "a rule's ICMP type or code is none");
    let byte = |field: &Field<i64>| -> Result<Option<u8>, Refused> {
        let value = field.as_ref().map(|f| u8::try_from(f.value));
        value.transpose().map_err(|_| refuse())
    };
    match (byte(&field.kind)?, byte(&field.code)?) {
        (Some(kind), code) if kind <= HIGHEST_TYPE => Ok(Some(IcmpTest { kind, code })),
        (None, None) => Ok(None),
        _ => Err(refuse()),
    }
}

fn effect(action: Option<&Located<Written<Action>>>) -> Effect {
    match action.and_then(|action| action.value.valid()) {
        Some(Action::Allow) => Effect::Allow,
        Some(Action::Deny) => Effect::Deny,
        Some(Action::Log) => Effect::Log,
        Some(Action::Pass) => Effect::Pass,
        None => Effect::Unclear,
    }
}

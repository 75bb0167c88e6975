//! What is in the cluster: tiers, policies, profiles, nodes and endpoints.

use std::net::IpAddr;
use std::ops::Range;

use crate::finding::Place;
use crate::resource::selector::Selector;
use crate::resource::{Direction, Key};

use super::address::Family;
use super::imagined::NamedPort;
use super::tables::{
    ClassId, HostEndpointId, HostId, InterfaceId, PolicyId, RuleId, TierId, of_direction,
};

/// A tier (EVAL-1, EVAL-2).
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// Its order; nothing means last.
    pub order: Option<f64>,
    /// Whether a packet that none of its policies decided on goes to the next tier, instead of
    /// being dropped (EVAL-9).
    pub passes: bool,
    /// Whether there is such a tier; policies of one that there is not come last.
    pub exists: bool,
}

/// A policy, as it takes part in evaluation.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The object it comes from.
    pub key: Key,
    /// Where that stands.
    pub place: Place,
    /// Its tier.
    pub tier: TierId,
    /// Its order; nothing means last (EVAL-3).
    pub order: Option<f64>,
    /// What it applies to, in full (RES-7, RES-8).
    pub selector: Selector,
    /// Whether it governs ingress and egress (MOD-2, MOD-3).
    pub governs: [bool; 2],
    /// At which of a host endpoint's hooks it is asked.
    pub kind: PolicyKind,
    /// Whether it is only staged, and so does nothing (EVAL-8).
    pub staged: bool,
    /// Whether it is only assumed to be there.
    pub assumed: bool,
    /// The number of the step that it is one form of; nothing where it is settled.
    pub under_way: Option<u32>,
    /// Its rules for ingress and egress.
    pub rules: [Range<u32>; 2],
}

/// At which hooks of a host endpoint a policy is asked (EVAL-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyKind {
    /// Before connection tracking (`doNotTrack`).
    Untracked,
    /// Before destinations are changed (`preDNAT`).
    PreDnat,
    /// To and from the host's own processes.
    Normal,
    /// There, and for what is forwarded (`applyOnForward`).
    Forward,
}

impl Policy {
    /// Whether it governs `direction`.
    pub fn governs(&self, direction: Direction) -> bool {
        *of_direction(&self.governs, direction)
    }

    /// Its rules for `direction`.
    pub fn rules(&self, direction: Direction) -> impl Iterator<Item = RuleId> + use<> {
        of_direction(&self.rules, direction)
            .clone()
            .map(|index| RuleId::new(index as usize))
    }
}

/// A profile.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Its rules for ingress and egress.
    pub rules: [Range<u32>; 2],
    /// Whether it lets everything pass, as the profiles of namespaces do (MOD-19).
    pub allows_all: [bool; 2],
}

/// An address of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostAddress {
    /// The address.
    pub address: IpAddr,
    /// The interface that has it, if known.
    pub interface: Option<InterfaceId>,
}

/// What a host endpoint has of an interface. Of several the first that is there owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Claim {
    /// The host endpoint.
    pub endpoint: HostEndpointId,
    /// Whether it is surely there, or one that stands before it is: what stands behind it never
    /// owns the interface.
    pub last: bool,
}

/// A node.
#[derive(Debug, Clone)]
pub struct Host {
    /// Calico's name of it.
    pub name: String,
    /// Kubernetes' name of it, where known.
    pub kubernetes_name: Option<String>,
    /// Whether its host endpoints are known to be its: false for a node that only pods name.
    pub mapped: bool,
    /// Its addresses, the one by which other nodes know it first.
    pub addresses: Vec<HostAddress>,
    /// The addresses of its tunnel devices.
    pub tunnels: Vec<IpAddr>,
    /// The host endpoints that own an interface (EVAL-22): one each, or several where some are
    /// under way.
    pub specific: Vec<(InterfaceId, Claim)>,
    /// The host endpoint of all other interfaces (EVAL-23), or several where some are under way.
    pub wildcard: Vec<Claim>,
    /// Which of the program's route tables it has.
    pub(super) routes: usize,
    /// Which of the program's Felix configurations it has.
    pub(super) felix: usize,
}

impl Host {
    /// The address that it bears on `interface`: the one known to be there, else the only one of
    /// the family.
    pub fn address_on(&self, interface: Option<InterfaceId>, family: Family) -> Option<IpAddr> {
        let of_family = |address: &&HostAddress| Family::of(address.address) == family;
        let there = interface.and_then(|interface| {
            let mut all = self.addresses.iter().filter(of_family);
            all.find(|address| address.interface == Some(interface))
        });
        let only = || {
            let mut all = self.addresses.iter().filter(of_family);
            let first = all.next()?;
            all.next().is_none().then_some(first)
        };
        there.or_else(only).map(|address| address.address)
    }

    /// The address by which other nodes know it.
    pub fn main_address(&self, family: Family) -> Option<IpAddr> {
        let mut all = self.addresses.iter().map(|address| address.address);
        all.find(|address| Family::of(*address) == family)
    }

    /// The host endpoint that owns `interface` by name or address.
    pub fn specific(&self, interface: InterfaceId) -> Option<HostEndpointId> {
        self.claims(interface).next().map(|claim| claim.endpoint)
    }

    /// The host endpoint of all interfaces that none owns by name or address.
    pub fn wildcard(&self) -> Option<HostEndpointId> {
        self.wildcard.first().map(|claim| claim.endpoint)
    }

    /// The claims on `interface` by name or address, in order.
    pub(super) fn claims(&self, interface: InterfaceId) -> impl Iterator<Item = Claim> {
        let all = self.specific.iter();
        all.filter(move |(of, _)| *of == interface)
            .map(|(_, claim)| *claim)
    }
}

/// A pod that is a workload endpoint.
#[derive(Debug, Clone)]
pub struct Pod {
    /// The object it comes from.
    pub key: Key,
    /// Where that stands.
    pub place: Place,
    /// Its node.
    pub host: HostId,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// What applies to it.
    pub class: ClassId,
    /// Whether it is only assumed to be there.
    pub assumed: bool,
    /// Its effective labels (RES-1 to RES-3).
    pub labels: Vec<(String, String)>,
    /// Its named ports (RES-18).
    pub ports: Vec<NamedPort>,
}

/// A host endpoint.
#[derive(Debug, Clone)]
pub struct HostEndpoint {
    /// The object it comes from.
    pub key: Key,
    /// Where that stands.
    pub place: Place,
    /// Its node.
    pub host: HostId,
    /// What applies to it.
    pub class: ClassId,
    /// Whether it is only assumed to be there.
    pub assumed: bool,
    /// Its effective labels (RES-4).
    pub labels: Vec<(String, String)>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Its named ports (RES-18).
    pub ports: Vec<NamedPort>,
}

/// The first policy that `PolicyId` numbers.
pub(super) const fn policy_id(index: usize) -> PolicyId {
    PolicyId::new(index)
}

//! Numbers by which the tables of a program name one another.

use crate::resource::Direction;

use super::chain::Chain;

macro_rules! ids {
    ($($name:ident: $doc:literal;)*) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u32);

        impl $name {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "texts are bounded to 64 MiB, so no table holds 2^32 entries"
            )]
            pub(super) const fn new(index: usize) -> Self {
                Self(index as u32)
            }

            /// Its place in the program's table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    PodId: "A pod that is a workload endpoint.";
    HostId: "A node.";
    HostEndpointId: "A host endpoint.";
    PolicyId: "A policy; policies are numbered in the order in which they are asked.";
    TierId: "A tier; tiers are numbered in the order in which they are asked.";
    RuleId: "A rule of a policy or profile.";
    ProfileId: "A profile.";
    ClassId: "A class of endpoints to which the same policies apply.";
    PeerSetId: "The endpoints and sets that a rule's selectors match.";
    NetsId: "The address blocks of a rule.";
    NamedPortsId: "The ports that endpoints give a name.";
    ServiceSetId: "The endpoints of a service.";
    InterfaceId: "An interface, by name.";
}

impl InterfaceId {
    /// An interface that no input names: no host endpoint governs it but `*`.
    pub const OTHER: Self = Self::new(0);
    /// The interface of a pod, whichever (EVAL-23).
    pub const POD: Self = Self::new(1);
    /// The loopback interface.
    pub const LOOPBACK: Self = Self::new(2);
    /// The devices of the overlays (EVAL-32).
    pub const IPIP: Self = Self::new(3);
    /// See [`InterfaceId::IPIP`].
    pub const VXLAN: Self = Self::new(4);
    /// See [`InterfaceId::IPIP`].
    pub const WIREGUARD: Self = Self::new(5);

    /// The names of the interfaces above.
    pub(super) const NAMES: [&'static str; 6] = [
        "(other)",
        "(pod)",
        "lo",
        "tunl0",
        "vxlan.calico",
        "wireguard.cali",
    ];
}

/// A policy that applies to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Applied {
    /// The policy.
    pub policy: PolicyId,
    /// Whether it surely applies; where not, a label that its selector asks for is not known.
    pub certain: bool,
}

/// What applies to the endpoints of one class (EVAL-16).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Class {
    /// Every policy that selects them, in order, staged ones too.
    pub policies: Box<[Applied]>,
    /// Their profiles, in order; nothing for one that does not exist (EVAL-11).
    pub profiles: Box<[Option<ProfileId>]>,
    /// Policies with `doNotTrack`, by direction.
    pub untracked: [Chain; 2],
    /// Policies with `preDNAT`, which only have an ingress side (MOD-5).
    pub pre_dnat: Chain,
    /// The other policies, by direction; all that bears on pods (MOD-4).
    pub normal: [Chain; 2],
    /// Policies with `applyOnForward`, by direction.
    pub forward: [Chain; 2],
    /// Whether there is a policy with `applyOnForward` for either direction (EVAL-18).
    pub has_forward: bool,
}

/// The one of `both` that `direction` means: ingress first.
pub(super) fn of_direction<T>(both: &[T; 2], direction: Direction) -> &T {
    let [ingress, egress] = both;
    match direction {
        Direction::Ingress => ingress,
        Direction::Egress => egress,
    }
}

//! Concrete flows at the corners of what intents mean.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use palisade::engine::space::{Header, Space, Spaces};
use palisade::engine::{Flow, HostId, ImaginedPod, InterfaceId, Outcome, Party, PodSketch};
use palisade::net::{Cidr, Protocol};
use palisade::profile::Network;
use palisade::question::intent::{Expect, Group, Intent, Named, Part, PartSpaces};

use crate::place::Place;

/// Addresses that mean nothing in particular, and some next to borders of private addresses.
const ADDRESSES: [[u8; 4]; 12] = [
    [8, 8, 8, 8],
    [9, 255, 255, 255],
    [10, 0, 0, 1],
    [10, 255, 255, 254],
    [11, 0, 0, 0],
    [172, 15, 255, 255],
    [172, 16, 0, 1],
    [172, 31, 255, 255],
    [192, 168, 7, 7],
    [161, 26, 0, 10],
    [203, 0, 113, 99],
    [198, 51, 100, 7],
];

const PORTS: [u16; 12] = [
    22, 25, 80, 443, 1024, 2040, 4789, 8080, 20000, 30000, 52311, 65535,
];

/// Of how many samples a pair of ends takes one at most, where there are as many pairs.
const STEP: usize = 7;

/// A pod that need not exist: its namespace and its labels.
const PODS: [(&str, &[(&str, &str)]); 14] = [
    ("web", &[("app", "front")]),
    ("web", &[("app", "konnectivity-agent")]),
    ("ops", &[("k8s-app", "kubernetes-dashboard")]),
    ("kube-system", &[("app", "other")]),
    ("kube-system", &[("app", "konnectivity-agent")]),
    ("kube-system", &[("k8s-app", "konnectivity-agent")]),
    ("kube-system", &[("app", "vpn")]),
    ("kube-system", &[("k8s-app", "kubernetes-dashboard")]),
    ("kube-system", &[("kubernetes-dashboard-policy", "allow")]),
    ("openshift-ingress", &[]),
    ("openshift-console", &[("app", "console")]),
    ("openshift-operator-lifecycle-manager", &[]),
    ("openshift-monitoring", &[("app", "prometheus")]),
    (
        "openshift-ingress-canary",
        &[(
            "ingresscanary.operator.openshift.io/daemonset-ingresscanary",
            "canary_controller",
        )],
    ),
];

/// The intents without those that say what one of the others says too.
pub(crate) fn telling(intents: &[Intent]) -> impl Iterator<Item = &Intent> {
    let is_exact = |intent: &&Intent| intent.expect == Expect::Exactly;
    let said: Vec<&Part> = intents
        .iter()
        .filter(is_exact)
        .flat_map(|i| &i.parts)
        .collect();
    let rest = intents.iter().filter(move |intent| {
        let all_said = intent.parts.iter().all(|part| said.contains(&part));
        intent.expect != Expect::Exactly && !(intent.expect == Expect::Allow && all_said)
    });
    intents.iter().filter(is_exact).chain(rest)
}

/// One end of flows.
struct End {
    party: Somebody,
    /// Its address; nothing for pods, which may be anywhere in their subnet.
    address: Option<IpAddr>,
    /// By which interface its packets leave it or reach it.
    via: Option<InterfaceId>,
}

enum Somebody {
    Pod(Box<ImaginedPod>),
    Host(HostId),
    Service(HostId),
    Outside,
}

/// What an intent is held against.
pub(crate) struct Held<'a> {
    place: &'a Place,
    spaces: Spaces,
    /// How many flows were evaluated.
    pub(crate) flows: usize,
}

impl<'a> Held<'a> {
    /// With every sample, for one pair of ends or another.
    pub(crate) fn new(place: &'a Place) -> Self {
        Self {
            place,
            spaces: Spaces::new(),
            flows: 0,
        }
    }

    /// The first flow that is not as `intent` expects, told.
    pub(crate) fn refute(&mut self, intent: &Intent) -> Option<String> {
        let space = intent
            .space(&mut self.spaces, &mut PartSpaces::default(), &Named::new())
            .unwrap();
        assert!(!space.is_empty(), "{}", intent.name);
        let from = self.ends(&intent.from);
        let to = self.ends(&intent.to);
        let outside = intent.from.is_outside() || intent.to.is_outside();
        let samples = self.samples(intent, outside);
        let pairs = from.len() * to.len();
        let mut pair = 0;
        for source in &from {
            for destination in &to {
                // What a worker sends to itself no policy judges.
                if let (Somebody::Host(one), Somebody::Host(other)) =
                    (&source.party, &destination.party)
                    && one == other
                {
                    continue;
                }
                pair += 1;
                // Where there are pairs enough every sample is taken for some of them, and every
                // pair has some of each kind.
                let step = pairs.clamp(1, STEP);
                for sample in samples.iter().skip(pair % step).step_by(step) {
                    let told = self.held(intent, space, (source, destination), sample);
                    if told.is_some() {
                        return told;
                    }
                }
            }
        }
        None
    }

    fn held(
        &mut self,
        intent: &Intent,
        space: Space,
        (from, to): (&End, &End),
        sample: &Sample,
    ) -> Option<String> {
        let near = IpAddr::V4(Ipv4Addr::new(172, 30, 1, 1));
        let far = sample.far.unwrap_or(near);
        let source = match from.party {
            Somebody::Outside => far,
            _ => from
                .address
                .unwrap_or_else(|| self.place.plan.pod_subnet.last()),
        };
        let destination = match to.party {
            Somebody::Outside => far,
            _ => to
                .address
                .unwrap_or_else(|| self.place.plan.pod_subnet.last()),
        };
        let has_ports = sample.protocol.has_ports();
        let has_icmp = sample.protocol == Protocol::Icmp;
        let header = Header {
            protocol: sample.protocol.number(),
            source,
            destination,
            ports: has_ports.then_some((40_000, sample.port)),
            icmp: has_icmp.then_some((8, 0)),
        };
        let meant = self.spaces.contains(space, &header);
        let wanted = match (intent.expect, meant) {
            (Expect::Allow | Expect::Exactly, true) => Outcome::Allow,
            (Expect::Deny, true) | (Expect::Exactly, false) => Outcome::Deny,
            (Expect::Allow | Expect::Deny, false) => return None,
        };
        let mut flow = Flow::new(
            party(from, far),
            party(to, far),
            sample.protocol,
            has_ports.then_some(sample.port),
        );
        flow.source_port = has_ports.then_some(40_000);
        flow.icmp = has_icmp.then_some((8, 0));
        flow.from_address = from.address;
        flow.to_address = to.address;
        flow.via = from.via.or(to.via);
        self.flows += 1;
        let outcome = self.place.program.evaluate(&flow).outcome;
        (outcome != wanted).then(|| {
            format!(
                "{}: `{}` expects {wanted:?} of {header} from {} to {}, and it is {outcome:?}",
                self.place.name,
                intent.name,
                self.name(from),
                self.name(to),
            )
        })
    }

    fn name(&self, end: &End) -> String {
        match &end.party {
            Somebody::Pod(pod) => format!("pod {:?}", pod.labels),
            Somebody::Host(host) | Somebody::Service(host) => {
                self.place.program.host(*host).unwrap().name.clone()
            }
            Somebody::Outside => "outside".to_owned(),
        }
    }

    fn ends(&self, group: &Group) -> Vec<End> {
        let program = &self.place.program;
        match group {
            Group::Services { network, selector } => {
                let network = network.unwrap();
                let workers = Group::Workers {
                    network: Some(network),
                    selector: selector.clone(),
                };
                let balancers = self.place.plan.ingress.balancers_on(network);
                let nets: Vec<IpAddr> = balancers
                    .flat_map(|balancer| balancer.nets.iter().map(Cidr::first))
                    .collect();
                let own = self.ends(&workers).into_iter();
                own.flat_map(|end| {
                    let Somebody::Host(host) = end.party else {
                        panic!("workers are hosts");
                    };
                    let all = nets.iter().copied().chain(end.address);
                    let each = all.map(move |address| End {
                        party: Somebody::Service(host),
                        address: Some(address),
                        via: end.via,
                    });
                    each.collect::<Vec<_>>()
                })
                .collect()
            }
            Group::Workers { network, selector } => {
                let mut ends = Vec::new();
                for worker in &self.place.plan.workers.as_ref().unwrap().list {
                    let facts = &self.place.plan.platform_profile;
                    let pool = worker.pool.as_ref().map(ToString::to_string);
                    let label = facts.ingress.pool_label.clone();
                    let labels: Vec<_> = pool.map(|pool| (label, pool)).into_iter().collect();
                    if selector.as_ref().is_some_and(|s| !s.matches(&labels[..])) {
                        continue;
                    }
                    let addresses = [
                        (Network::Private, Some(worker.private_ip.value)),
                        (
                            Network::Public,
                            worker.public_ip.as_ref().map(|ip| ip.value),
                        ),
                    ];
                    for (on, address) in addresses {
                        let (Some(address), true) = (address, network.is_none_or(|n| n == on))
                        else {
                            continue;
                        };
                        let facts = self.place.plan.platform_profile.network(on);
                        ends.push(End {
                            party: Somebody::Host(program.find_host(worker.name.as_str()).unwrap()),
                            address: Some(address),
                            via: network.map(|_| program.find_interface(&facts.interface)),
                        });
                    }
                }
                ends
            }
            Group::Pods {
                namespace,
                selector,
            } => PODS
                .iter()
                .filter(|(of, _)| namespace.as_ref().is_none_or(|wanted| wanted == of))
                .map(|(of, labels)| {
                    program.imagine(&PodSketch {
                        namespace: (*of).to_owned(),
                        labels: labels
                            .iter()
                            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                            .collect(),
                        ..PodSketch::default()
                    })
                })
                .filter(|pod| selector.as_ref().is_none_or(|s| s.matches(&pod.labels[..])))
                .map(|pod| End {
                    party: Somebody::Pod(Box::new(pod)),
                    address: None,
                    via: None,
                })
                .collect(),
            Group::Outside { .. } | Group::Nets(_) => vec![End {
                party: Somebody::Outside,
                address: None,
                via: None,
            }],
        }
    }

    /// Packets at the corners of an intent's parts, on either side of them.
    fn samples(&self, intent: &Intent, outside: bool) -> Vec<Sample> {
        let mut samples = BTreeSet::new();
        let mut every_port: BTreeSet<u16> = PORTS.into_iter().collect();
        let parts = || intent.parts.iter().chain(&intent.except);
        for part in parts() {
            every_port.extend(corners(part));
        }
        let fixed: Vec<Option<IpAddr>> = if outside {
            ADDRESSES.iter().map(|a| Some(IpAddr::from(*a))).collect()
        } else {
            vec![None]
        };
        for far in &fixed {
            add(&mut samples, *far, &every_port);
        }
        for part in parts() {
            let mut ports: BTreeSet<u16> = corners(part).collect();
            ports.extend([22, 8080]);
            let nets = match (&part.sources, &part.destinations) {
                (Some(nets), _) | (None, Some(nets)) => &nets[..],
                (None, None) => &[],
            };
            // Load balancers and workers have no other addresses.
            for net in nets.iter().filter(|net| net.is_ipv4()) {
                for far in around(net) {
                    add(&mut samples, Some(far), &ports);
                }
            }
        }
        if let (Group::Nets(nets), _) | (_, Group::Nets(nets)) = (&intent.from, &intent.to) {
            for far in nets.iter().flat_map(around) {
                add(&mut samples, Some(far), &every_port);
            }
        }
        let inside = |sample: &Sample| sample.far.is_some_and(|far| self.is_inside(far));
        let nets = matches!(intent.to, Group::Nets(_)) || matches!(intent.from, Group::Nets(_));
        samples
            .into_iter()
            .filter(|sample| nets || !inside(sample))
            .collect()
    }

    fn is_inside(&self, address: IpAddr) -> bool {
        let plan = &self.place.plan;
        let workers = &plan.workers.as_ref().unwrap().list;
        let is = |ip: &palisade::yaml::Located<IpAddr>| ip.value == address;
        plan.pod_subnet.contains(address)
            || workers
                .iter()
                .any(|w| is(&w.private_ip) || w.public_ip.as_ref().is_some_and(is))
    }
}

/// A kind of packet to or from an address outside the cluster, if one end is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sample {
    far: Option<IpAddr>,
    protocol: Protocol,
    port: u16,
}

fn party(end: &End, far: IpAddr) -> Party<'_> {
    match &end.party {
        Somebody::Pod(pod) => Party::Imagined(pod),
        Somebody::Host(host) => Party::Host(*host),
        Somebody::Service(host) => Party::Service(*host),
        Somebody::Outside => Party::Address(far),
    }
}

fn add(samples: &mut BTreeSet<Sample>, far: Option<IpAddr>, ports: &BTreeSet<u16>) {
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        samples.extend(ports.iter().map(|port| Sample {
            far,
            protocol,
            port: *port,
        }));
    }
    for protocol in [
        Protocol::Icmp,
        Protocol::Number(4),
        Protocol::Number(47),
        Protocol::Number(112),
    ] {
        samples.insert(Sample {
            far,
            protocol,
            port: 0,
        });
    }
}

/// The first and last port of each range, and their neighbours.
fn corners(part: &Part) -> impl Iterator<Item = u16> {
    let ranges = part.ports.clone().unwrap_or_default();
    ranges.into_iter().flat_map(|range| {
        [
            range.first() - 1,
            range.first(),
            range.last(),
            range.last().saturating_add(1),
        ]
    })
}

/// The first and last address of a block, and their neighbours.
fn around(net: &Cidr) -> impl Iterator<Item = IpAddr> + use<> {
    let (IpAddr::V4(first), IpAddr::V4(last)) = (net.first(), net.last()) else {
        panic!("{net} is not of IPv4");
    };
    let (first, last) = (first.to_bits(), last.to_bits());
    [
        first.checked_sub(1),
        Some(first),
        Some(last),
        last.checked_add(1),
    ]
    .into_iter()
    .flatten()
    .map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)))
}

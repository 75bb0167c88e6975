//! What workers reach, and what reaches them.

use crate::finding::InputError;
use crate::profile::{Audience, Network, PortsOf, Way};

use super::super::{Expect, Facts, Group, Intent, Part};
use super::ingress::{self, Takers};
use super::{Between, ISTIO, Need, VRRP, pods, said};

/// What workers need on every network.
fn on_either(facts: &Facts<'_>, network: Network) -> Vec<Need> {
    let ports = &facts.platform.ports;
    let on = |what: &str| format!("workers reach {what} on the {network} network");
    let control_plane = said::control_plane(facts, network);
    let api: Vec<_> = facts.region.kubernetes_api.blocks().collect();
    let proxy = &facts.platform.local_proxy;
    let sent = |word, usual| sent(facts, network, word, usual);
    vec![
        Need::new(
            on("the control plane"),
            "The master is in one of the zones of the region, and may move to any of them.",
            said::ports_of(&control_plane, &facts.platform.control_plane_ports.workers),
        ),
        Need::new(
            on("name servers"),
            "Names are resolved.",
            sent(PortsOf::Dns, said::ports(&ports.dns)),
        ),
        Need::new(
            on("file storage"),
            "Volumes of file storage are mounted by workers.",
            sent(PortsOf::Nfs, said::ports(&ports.nfs)),
        ),
        Need::new(
            on("block storage"),
            "Volumes of block storage are mounted by workers.",
            sent(PortsOf::Iscsi, said::ports(&ports.iscsi)),
        ),
        Need::new(
            on("Typha"),
            "Calico hears of policies from its Typha.",
            sent(PortsOf::Typha, said::ports(&ports.typha)),
        ),
        Need::new(
            on("the proxies to the master"),
            "Workers reach the master through proxies that run on each of them.",
            said::ports_of(&proxy.nets, &proxy.ports),
        ),
        Need::new(
            on("the Kubernetes API at its service address"),
            "What runs on workers asks the Kubernetes API.",
            said::ports_of(&api, &ports.kubernetes_api),
        ),
    ]
}

/// What workers reach outside the cluster by `network`, and that they reach nothing else.
pub(super) fn reach(facts: &Facts<'_>, network: Network) -> Vec<Intent> {
    let ports = &facts.platform.ports;
    let on = |what: &str| format!("workers reach {what} on the {network} network");
    let mut needs = on_either(facts, network);
    match network {
        Network::Public => needs.push(Need::new(
            on("web services of every address"),
            "The published sets leave this open.",
            sent(facts, network, PortsOf::Https, said::ports(&ports.https)),
        )),
        Network::Private => {
            needs.push(Need::new(
                on("the systems that manage them"),
                "The provider's systems update workers and watch over them.",
                vec![Part::any().to(said::infrastructure(facts))],
            ));
            if facts.wants(VRRP) {
                needs.push(Need::new(
                    on("others by VRRP"),
                    "Load balancers move their addresses between workers.",
                    vec![Part::of(facts.platform.vrrp)],
                ));
            }
        }
    }
    needs.extend(said::services(facts, network, "workers"));
    needs.extend(said::own_services(
        facts,
        network,
        Audience::Workers,
        "workers",
    ));
    if network == Network::Public && facts.wants(ISTIO) {
        let istio = &facts.platform.istio;
        needs.push(Need::new(
            on("what the Istio egress gateway reaches"),
            "The managed Istio add-on sends to every address.",
            sent(
                facts,
                network,
                PortsOf::IstioEgress,
                vec![Part::of(istio.protocol).to_ports(istio.egress.iter().copied())],
            ),
        ));
    }
    let between = Between {
        from: workers(network),
        to: outside(network),
        about: Some(network),
        except: Vec::new(),
    };
    let to_pod_subnet = Between {
        to: Group::Nets(vec![facts.pod_subnet]),
        ..between.clone()
    };
    let mut intents = to_pod_subnet.allow(vec![Need::new(
        on("the pod subnet"),
        "What a worker sends to a service ends at a pod, whatever brings it there.",
        vec![Part::any()],
    )]);
    // No pod's address is outside the cluster, but not every address of the subnet is a pod's.
    let mut besides = vec![Part::any().to([facts.pod_subnet])];
    let outbound = &facts.felix.failsafes.outbound;
    besides.extend(said::failsafes(outbound, |part, net| part.to([net])));
    intents.extend(between.exactly(
        needs,
        besides,
        format!("workers reach nothing else on the {network} network"),
        "Workers are isolated: what is not listed is closed. Calico's failsafe ports stay open.",
    ));
    intents
}

/// What reaches workers from outside the cluster by `network`, and that nothing else does.
pub(super) fn answer(facts: &Facts<'_>, network: Network, takers: &Takers) -> Vec<Intent> {
    let ports = &facts.platform.ports;
    let of = &takers.of;
    let on = |what: &str| format!("{what} workers{of} on the {network} network");
    let taken = |word, usual| {
        let way = Way::Ingress;
        said::narrowed(facts, &[network], Audience::Workers, way, word, usual)
    };
    let mut needs = vec![
        Need::new(
            on("name servers reach"),
            "Names are resolved.",
            taken(Some(PortsOf::Dns), said::ports(&ports.dns)),
        ),
        Need::new(
            on("the updater reaches"),
            "Workers are updated.",
            taken(Some(PortsOf::Bigfix), said::ports(&ports.bigfix)),
        ),
    ];
    if network == Network::Private {
        needs.push(Need::new(
            on("the master reaches the kubelet of"),
            "Logs, metrics and commands go through the kubelet.",
            taken(Some(PortsOf::Kubelet), said::ports(&ports.kubelet)),
        ));
        needs.push(Need::new(
            on("health checks reach"),
            "The infrastructure checks by ICMP whether workers are there.",
            taken(None, vec![Part::of(crate::net::Protocol::Icmp)]),
        ));
        needs.push(Need::new(
            on("the systems that manage workers reach"),
            "The provider's systems update workers and watch over them.",
            vec![Part::any().from(said::infrastructure(facts))],
        ));
        if facts.wants(VRRP) {
            needs.push(Need::new(
                on("VRRP reaches"),
                "Load balancers move their addresses between workers.",
                vec![Part::of(facts.platform.vrrp)],
            ));
        }
    }
    if network == Network::Public && facts.wants(ISTIO) {
        let istio = &facts.platform.istio;
        needs.push(Need::new(
            on("users reach the Istio gateway of"),
            "The managed Istio add-on takes connections from everywhere.",
            vec![Part::of(istio.protocol).to_ports(istio.ingress.iter().copied())],
        ));
    }
    if facts.baseline {
        let opens = facts.platform.baseline.opens.iter();
        needs.extend(opens.filter(|o| o.network == network).map(|opening| {
            let name = format!("{}: the platform lets it in to", opening.name);
            Need::new(on(&name), opening.why.clone(), said::opening(opening))
        }));
    }
    if !takers.open.is_empty() {
        needs.push(Need {
            for_services: true,
            ..Need::new(
                on("those who are listed reach node ports of"),
                "The cluster profile lists them.",
                takers.open.clone(),
            )
        });
    }
    let mut except = said::carriers(facts);
    except.extend(takers.closed.iter().cloned());
    let between = Between {
        from: outside(network),
        to: taking(network, takers),
        about: Some(network),
        except,
    };
    between.exactly(
        needs,
        said::failsafes(&facts.felix.failsafes.inbound, |part, net| part.from([net])),
        on("nothing else reaches"),
        "Workers are isolated: what is not listed is closed. Calico's failsafe ports stay open.",
    )
}

/// What passes between workers by their public addresses: what one may send and the other takes in,
/// and what carries packets between pods.
fn in_public(facts: &Facts<'_>, takers: &Takers) -> Intent {
    let everything = |intents: Vec<Intent>| -> Vec<Part> {
        let all = intents.into_iter().filter(|i| i.expect == Expect::Exactly);
        all.flat_map(|intent| intent.parts).collect()
    };
    let sent = everything(reach(facts, Network::Public));
    let taken = everything(answer(facts, Network::Public, takers));
    let mut parts: Vec<Part> = sent
        .iter()
        .flat_map(|sent| taken.iter().filter_map(|taken| sent.and(taken)))
        .collect();
    parts.extend(said::carriers(facts));
    let between = Between {
        from: workers(Network::Public),
        to: taking(Network::Public, takers),
        about: Some(Network::Public),
        except: takers.closed.clone(),
    };
    between.intent(
        Expect::Exactly,
        format!(
            "workers reach {} on the public network as anyone does",
            each(takers)
        ),
        "Workers of one cluster trust each other on the private network alone.",
        parts,
    )
}

/// What workers reach of each other and of pods.
pub(super) fn each_other(facts: &Facts<'_>) -> Result<Vec<Intent>, InputError> {
    let mut intents = Vec::new();
    if facts.has(Network::Public) {
        for takers in ingress::takers(facts, Network::Public)? {
            intents.push(in_public(facts, &takers));
        }
    }
    let private = facts.has(Network::Private).then_some(Network::Private);
    let private = private.map(|network| ingress::takers(facts, network));
    for takers in private.transpose()?.into_iter().flatten() {
        let between = Between {
            from: workers(Network::Private),
            to: taking(Network::Private, &takers),
            about: Some(Network::Private),
            except: takers.closed.clone(),
        };
        intents.push(between.intent(
            Expect::Allow,
            format!("workers reach {} on the private network", each(&takers)),
            "Workers of one cluster trust each other.",
            vec![Part::any()],
        ));
    }
    let between = Between {
        from: Group::Workers {
            network: None,
            selector: None,
        },
        to: pods::open(facts)?,
        about: None,
        except: Vec::new(),
    };
    intents.push(between.intent(
        Expect::Allow,
        "workers reach pods".to_owned(),
        "What a worker sends to a service ends at a pod, and the kubelet asks pods how they are.",
        vec![Part::any()],
    ));
    Ok(intents)
}

fn workers(network: Network) -> Group {
    Group::Workers {
        network: Some(network),
        selector: None,
    }
}

/// Those workers on `network` that take in the same of node ports.
fn taking(network: Network, takers: &Takers) -> Group {
    Group::Workers {
        network: Some(network),
        selector: takers.selector.clone(),
    }
}

/// The word for such workers as others among them see them.
fn each(takers: &Takers) -> String {
    if takers.of.is_empty() {
        return "each other".to_owned();
    }
    format!("those{}", takers.of)
}

fn outside(network: Network) -> Group {
    Group::Outside {
        network: Some(network),
    }
}

/// What workers send by `network` to these ports of every address, or of what a strict set narrows
/// them to.
fn sent(facts: &Facts<'_>, network: Network, word: PortsOf, usual: Vec<Part>) -> Vec<Part> {
    let (networks, way) = ([network], Way::Egress);
    said::narrowed(facts, &networks, Audience::Workers, way, Some(word), usual)
}

//! What pods reach.

use crate::engine::Family;
use crate::finding::InputError;
use crate::net::Protocol;
use crate::profile::{Audience, Network, PodFlow, PodGuard, PodsOf, PortsOf, Way};

use super::super::{Expect, Facts, Group, Intent, Part};
use super::{Between, ISTIO, Need, isolation, said};

/// The label in which Calico has a pod's namespace (RES-1).
pub(super) const NAMESPACE: &str = "projectcalico.org/namespace";

/// What pods reach, and that they reach nothing else.
pub(super) fn of(facts: &Facts<'_>) -> Result<Vec<Intent>, InputError> {
    if facts.networks.is_empty() {
        return Ok(Vec::new());
    }
    let mut intents = to_outside(facts)?;
    intents.extend(to_pods(facts)?);
    intents.extend(to_workers(facts)?);
    for flow in facts.flows() {
        intents.extend(special(facts, flow)?);
    }
    if facts.baseline {
        for guard in &facts.platform.baseline.guards {
            intents.extend(guarded(guard)?);
        }
    }
    Ok(intents)
}

/// Pods that no policy of the platform or of the cluster's apps keeps others from.
pub(super) fn open(facts: &Facts<'_>) -> Result<Group, InputError> {
    let kept = isolation::kept_from_others(facts);
    pods_but(guarded_texts(facts).into_iter().chain(kept))
}

/// Selectors of pods that a policy of the platform keeps others from.
pub(super) fn guarded_texts(facts: &Facts<'_>) -> Vec<String> {
    let guards = &facts.platform.baseline.guards;
    let guarded = guards.iter().filter(|_| facts.baseline);
    guarded.map(|guard| text(&guard.pods)).collect()
}

impl<'a> Facts<'a> {
    /// What the wanted components open to pods of their own.
    fn flows(&self) -> impl Iterator<Item = &'a PodFlow> {
        let flows = self.platform.pod_flows.iter();
        flows.filter(|flow| self.has(flow.network) && self.wants(flow.component.as_str()))
    }
}

/// What every pod reaches at ports of every address.
fn everywhere(facts: &Facts<'_>) -> Vec<Need> {
    let ports = &facts.platform.ports;
    let sent = |word, usual| {
        let (networks, way) = (&facts.networks, Way::Egress);
        said::narrowed(facts, networks, Audience::Pods, way, Some(word), usual)
    };
    let mut needs = vec![
        Need::new(
            "pods reach name servers",
            "Names are resolved.",
            sent(PortsOf::Dns, said::ports(&ports.dns)),
        ),
        Need::new(
            "pods reach web services of every address",
            "The published sets leave this open.",
            sent(PortsOf::Https, said::ports(&ports.https)),
        ),
        Need::new(
            "pods reach file storage",
            "Drivers of file storage run in pods.",
            sent(PortsOf::Nfs, said::ports(&ports.nfs)),
        ),
        Need::new(
            "pods reach block storage",
            "Drivers of block storage run in pods.",
            sent(PortsOf::Iscsi, said::ports(&ports.iscsi)),
        ),
        Need::new(
            "pods reach kubelets",
            "Monitoring asks kubelets.",
            sent(PortsOf::Kubelet, said::ports(&ports.kubelet)),
        ),
        Need::new(
            "pods reach the metrics server",
            "Metrics are asked for.",
            sent(
                PortsOf::MetricsServer,
                vec![Part::of(Protocol::Tcp).to_ports(ports.metrics_server.iter().copied())],
            ),
        ),
    ];
    if facts.has(Network::Public) && facts.wants(ISTIO) {
        let istio = &facts.platform.istio;
        needs.push(Need::new(
            "pods reach what the Istio egress gateway reaches",
            "The managed Istio add-on sends to every address.",
            sent(
                PortsOf::IstioEgress,
                vec![Part::of(istio.protocol).to_ports(istio.egress.iter().copied())],
            ),
        ));
    }
    needs
}

fn to_outside(facts: &Facts<'_>) -> Result<Vec<Intent>, InputError> {
    let proxy = &facts.platform.local_proxy;
    let mut needs = everywhere(facts);
    needs.push(Need::new(
        "pods reach the proxies to the master",
        "Pods reach the master through proxies that run on each worker.",
        said::ports_of(&proxy.nets, &proxy.ports),
    ));
    for network in Network::BOTH {
        if !facts.has(network) {
            continue;
        }
        let control_plane = said::control_plane(facts, network);
        needs.push(Need::new(
            format!("pods reach the control plane on the {network} network"),
            "The master is in one of the zones of the region, and may move to any of them.",
            said::ports_of(&control_plane, &facts.platform.control_plane_ports.pods),
        ));
        needs.extend(said::services(facts, network, "pods"));
        needs.extend(said::own_services(facts, network, Audience::Pods, "pods"));
    }
    if facts.has(Network::Private) && !facts.strict {
        let rest = said::all_but(&facts.platform.subnets.private, Family::V4);
        if !rest.is_empty() {
            needs.push(Need::new(
                "pods reach every address that is not private",
                "The published set isolates the private network alone.",
                vec![Part::any().to(rest)],
            ));
        }
    }
    let ordinary = Between {
        from: ordinary(facts, |flow| flow.to.is_none())?,
        to: Group::Outside { network: None },
        about: None,
        except: said::never_from_pods(facts),
    };
    let every = Between {
        from: sending(facts)?,
        ..ordinary.clone()
    };
    let all: Vec<Part> = needs.iter().flat_map(|need| need.parts.clone()).collect();
    let mut intents = every.allow(needs);
    intents.extend(rest_outside(facts, &ordinary, &all)?);
    intents.push(ordinary.intent(
        Expect::Exactly,
        "pods reach nothing else outside the cluster".to_owned(),
        "Pods are isolated: what is not listed is closed.",
        all,
    ));
    Ok(intents)
}

fn to_pods(facts: &Facts<'_>) -> Result<Vec<Intent>, InputError> {
    let except = said::never_from_pods(facts);
    if facts.has(Network::Private) {
        let between = Between {
            from: sending(facts)?,
            to: open(facts)?,
            about: Some(Network::Private),
            except,
        };
        let why = "Which pods of a cluster reach each other is for its own policies to say.";
        let each_other = |between: Between, name: &str| {
            between.intent(Expect::Allow, name.to_owned(), why, vec![Part::any()])
        };
        let mut intents = vec![each_other(between.clone(), "pods reach each other")];
        let (_, denied) = isolation::denied_to_senders(facts);
        intents.extend(denied_some(facts)?.map(|from| {
            let except = [between.except.clone(), denied].concat();
            let between = Between {
                from,
                except,
                ..between
            };
            each_other(between, "pods that are denied something reach other pods")
        }));
        return Ok(intents);
    }
    let between = Between {
        from: ordinary(facts, |_| true)?,
        to: open(facts)?,
        about: Some(Network::Public),
        except,
    };
    let mut needs = everywhere(facts);
    // A service of the cluster's own may be listed at addresses that pods have.
    needs.extend(said::own_services(
        facts,
        Network::Public,
        Audience::Pods,
        "pods",
    ));
    Ok(vec![between.intent(
        Expect::Exactly,
        "pods reach each other at these ports alone".to_owned(),
        "The public network's set by itself closes what it does not list to pods, other pods among \
         it.",
        needs.into_iter().flat_map(|need| need.parts).collect(),
    )])
}

/// What pods may be sending to workers, at most: a pod and its own worker, and two networks, are
/// not told apart here, and whether a pod reaches its own worker is not for policies to say
/// (EVAL-40).
fn to_workers(facts: &Facts<'_>) -> Result<Vec<Intent>, InputError> {
    let mut parts: Vec<Part> = Vec::new();
    for intent in to_outside(facts)? {
        if intent.expect == Expect::Exactly {
            parts = intent.parts;
        }
    }
    let between = Between {
        from: ordinary(facts, |flow| flow.to.is_none())?,
        to: Group::Workers {
            network: None,
            selector: None,
        },
        about: None,
        except: parts,
    };
    Ok(vec![between.intent(
        Expect::Deny,
        "pods reach of workers only what they reach elsewhere".to_owned(),
        "Pods are isolated: what they do not reach elsewhere they do not reach on workers.",
        vec![Part::any()],
    )])
}

/// What single pods reach besides.
fn special(facts: &Facts<'_>, flow: &PodFlow) -> Result<Vec<Intent>, InputError> {
    let mut part = Part {
        protocol: flow.protocol,
        ..Part::any()
    };
    if let Some(word) = flow.ports {
        part = part.to_ports(word.of(&facts.platform.ports).iter().copied());
    }
    let between = |from, to| Between {
        from,
        to,
        about: Some(flow.network),
        except: said::never_from_pods(facts),
    };
    let intent = |between: Between, what: &str| {
        let name = format!("{}: {what}", flow.name);
        between.intent(Expect::Allow, name, flow.why.clone(), vec![part.clone()])
    };
    let from = pods_of(&flow.from, None)?;
    let Some(to) = &flow.to else {
        let outside = Group::Outside { network: None };
        return Ok(vec![
            intent(
                between(from.clone(), outside),
                "its pods reach every address",
            ),
            intent(between(from, open(facts)?), "its pods reach every pod"),
        ]);
    };
    // Where the platform keeps others from them, only those that it lets through.
    let guards = &facts.platform.baseline.guards;
    let mut guards = guards.iter().filter(|_| facts.baseline);
    let guard = guards.find(|guard| guard.pods == *to);
    let from = pods_of(&flow.from, guard.map(|guard| guard.from.as_str()))?;
    Ok(vec![intent(
        between(from, pods_of(to, None)?),
        "its pods reach those that it is for",
    )])
}

/// That others do not reach pods that the platform keeps them from.
fn guarded(guard: &PodGuard) -> Result<Vec<Intent>, InputError> {
    let between = |from| -> Result<Between, InputError> {
        Ok(Between {
            from,
            to: pods_of(&guard.pods, None)?,
            about: None,
            except: Vec::new(),
        })
    };
    let why = "The platform's own policy keeps others from these pods.";
    let others = Group::Pods {
        namespace: None,
        selector: Some(said::selector(&format!("!({})", guard.from))?),
    };
    let outside = Group::Outside { network: None };
    Ok(vec![
        between(others)?.intent(
            Expect::Deny,
            format!("{}: other pods do not reach it", guard.name),
            why,
            vec![Part::any()],
        ),
        between(outside)?.intent(
            Expect::Deny,
            format!("{}: nothing outside reaches it", guard.name),
            why,
            vec![Part::any()],
        ),
    ])
}

/// Pods that reach what every pod reaches: those that their app keeps from some of it are none.
fn sending(facts: &Facts<'_>) -> Result<Group, InputError> {
    let (closed, few) = isolation::kept_from_sending(facts);
    pods_but(closed.into_iter().chain(few))
}

/// Pods that reach what every pod reaches, but those of the wanted flows that `is_apart` tells.
fn ordinary(facts: &Facts<'_>, is_apart: impl Fn(&PodFlow) -> bool) -> Result<Group, InputError> {
    let (closed, few) = isolation::kept_from_sending(facts);
    let flows = facts.flows().filter(|flow| is_apart(flow));
    let flows = flows.map(|flow| text(&flow.from));
    pods_but(flows.chain(closed).chain(few))
}

/// Pods that are denied something and are not closed else; nothing where there are none.
fn denied_some(facts: &Facts<'_>) -> Result<Option<Group>, InputError> {
    let (closed, few) = isolation::kept_from_sending(facts);
    if few.is_empty() {
        return Ok(None);
    }
    let few: Vec<String> = few.iter().map(|pods| format!("({pods})")).collect();
    let closed: Vec<String> = closed.iter().map(|pods| format!(" && !({pods})")).collect();
    Ok(Some(Group::Pods {
        namespace: None,
        selector: Some(said::selector(&format!(
            "({}){}",
            few.join(" || "),
            closed.concat()
        ))?),
    }))
}

/// That pods which are denied something reach outside all the rest of what others reach, `all`, and
/// nothing besides.
fn rest_outside(
    facts: &Facts<'_>,
    ordinary: &Between,
    all: &[Part],
) -> Result<Vec<Intent>, InputError> {
    let Some(from) = denied_some(facts)? else {
        return Ok(Vec::new());
    };
    let (denied, _) = isolation::denied_to_senders(facts);
    let between = |except: &[Part]| Between {
        from: from.clone(),
        except: [&ordinary.except[..], except].concat(),
        ..ordinary.clone()
    };
    Ok(vec![
        between(&denied).intent(
            Expect::Allow,
            "pods that are denied something reach the rest of what others reach".to_owned(),
            "A denial closes what it says and no more.",
            all.to_vec(),
        ),
        between(all).intent(
            Expect::Deny,
            "pods that are denied something reach no more than others".to_owned(),
            "Pods are isolated: what is not listed is closed.",
            vec![Part::any()],
        ),
    ])
}

pub(super) fn pods_but(others: impl Iterator<Item = String>) -> Result<Group, InputError> {
    let not: Vec<String> = others.map(|other| format!("!({other})")).collect();
    Ok(Group::Pods {
        namespace: None,
        selector: if not.is_empty() {
            None
        } else {
            Some(said::selector(&not.join(" && "))?)
        },
    })
}

/// The selector of these pods among those of all namespaces, as text.
fn text(pods: &PodsOf) -> String {
    let namespace = format!("{NAMESPACE} == '{}'", pods.namespace);
    match &pods.selector {
        Some(selector) => format!("{namespace} && ({selector})"),
        None => namespace,
    }
}

fn pods_of(pods: &PodsOf, only: Option<&str>) -> Result<Group, InputError> {
    let own = pods.selector.as_deref();
    let selector = match (own, only) {
        (Some(own), Some(only)) => Some(said::selector(&format!("({own}) && ({only})"))?),
        (Some(one), None) | (None, Some(one)) => Some(said::selector(one)?),
        (None, None) => None,
    };
    Ok(Group::Pods {
        namespace: Some(pods.namespace.to_string()),
        selector,
    })
}

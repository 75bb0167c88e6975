//! One region: its files put together into a profile.

use std::collections::BTreeSet;

use crate::finding::InputError;
use crate::net::{Cidr, PortRange};
use crate::profile::{
    ControlPlane, FactList, Infrastructure, Name, Network, PlatformProfile, RegionProfile,
    RequiredNets, ServiceGroup,
};
use crate::upstream::Remark;
use crate::yaml::Located;

use super::Origin;
use super::infrastructure::subnets;
use super::layout::{Layout, Role};
use super::masters::{are, control_plane, kubernetes_api};
use super::policy::{Policy, Rule};
use super::read;
use super::services::groups;

/// What is at hand while a region is read.
pub(super) struct Reading<'a> {
    /// The files.
    pub(super) layout: &'a Layout<'a>,
    /// The region.
    pub(super) region: &'a Name,
    /// What holds in every region.
    pub(super) platform: &'a PlatformProfile,
    /// What is worth telling and does not keep the region from being imported.
    pub(super) remarks: &'a mut Vec<Remark>,
}

impl Reading<'_> {
    /// Reads a policy, and checks that it is the one that its file's name promises.
    pub(super) fn policy(
        &mut self,
        network: Network,
        role: Role,
    ) -> Result<(String, Policy), InputError> {
        let (path, input) = self.layout.policy(self.region, network, role)?;
        let policy = read::policy(input)?;
        let expected = role.policy(network);
        if policy.name.value != expected {
            let message = format!("the file of `{expected}` holds `{}`", policy.name.value);
            return Err(policy.refuse(policy.name.span, message));
        }
        let facts = self.platform.network(network);
        let selector = if role.is_for_pods() {
            self.platform.pods.clone()
        } else {
            format!("{} == '{}'", self.platform.role_label, facts.role)
        };
        if policy.selector.value != selector {
            let message = format!("the selector `{}` is not known here", policy.selector.value);
            return Err(policy
                .refuse(policy.selector.span, message)
                .hint(format!("the policy is known to have `{selector}`")));
        }
        let known = self
            .platform
            .policies
            .iter()
            .find(|p| p.name.as_str() == expected);
        if let Some(known) =
            known.filter(|known| known.order.total_cmp(&policy.order.value).is_ne())
        {
            let message = format!(
                "upstream gives `{expected}` the order {}, the platform profile {}",
                policy.order.value, known.order
            );
            self.remark(message, &policy, policy.order.span);
        }
        Ok((path, policy))
    }

    fn remark(&mut self, text: String, policy: &Policy, span: crate::finding::Span) {
        self.remarks.push(Remark {
            text,
            place: Some(policy.place(span)),
        });
    }

    /// Tells where the ports that a rule opens are not those of the platform profile. They are not
    /// imported, so they do not keep the region from being read.
    pub(super) fn compare_ports(
        &mut self,
        what: &str,
        policy: &Policy,
        open: &Located<Vec<Located<PortRange>>>,
        known: &[PortRange],
    ) {
        let open_set: BTreeSet<PortRange> = open.iter().map(|port| port.value).collect();
        let known: BTreeSet<PortRange> = known.iter().copied().collect();
        let listed = |ports: Vec<&PortRange>| {
            let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
            ports.join(", ")
        };
        let more = listed(open_set.difference(&known).collect());
        let less = listed(known.difference(&open_set).collect());
        let difference = match (more.is_empty(), less.is_empty()) {
            (true, true) => return,
            (false, true) => format!("also {more}"),
            (true, false) => format!("not {less}"),
            (false, false) => format!("also {more}, not {less}"),
        };
        let text = format!(
            "upstream's `{}` opens other ports for {what} than the platform profile: {difference}",
            policy.name.value
        );
        self.remark(text, policy, open.span);
    }

    /// Whether `rule` holds facts of the platform and none of the region: the platform's ports
    /// anywhere, the local proxy, pods, every address but private ones.
    pub(super) fn is_platform_rule(&mut self, policy: &Policy, rule: &Rule) -> bool {
        if !rule.source.is_empty() {
            return false;
        }
        let platform = self.platform;
        let side = &rule.destination;
        if let Some(open) = side.only_ports() {
            if rule.protocol.is_none() {
                return false;
            }
            let known = all_ports(platform);
            let news = open.iter().find(|port| !known.contains(&port.value));
            if let Some(port) = news {
                let text = format!(
                    "upstream's `{}` opens port {}, which the platform profile does not have",
                    policy.name.value, port.value
                );
                self.remark(text, policy, port.span);
            }
            return true;
        }
        if let Some(nets) = side.nets_alone() {
            return match &side.ports {
                Some(open) if are(nets, &platform.local_proxy.nets) => {
                    let known = &platform.local_proxy.ports;
                    self.compare_ports("the local proxy", policy, open, known);
                    rule.protocol.is_some()
                }
                Some(_) => false,
                None => rule.protocol.is_none() && are(nets, &[platform.subnets.pods]),
            };
        }
        let bare = rule.protocol.is_none() && side.ports.is_none() && side.nets.is_none();
        match (&side.selector, &side.not_nets) {
            (Some(selector), None) => bare && selector.value == platform.pods,
            (None, Some(nets)) => bare && are(nets, &platform.subnets.private),
            _ => false,
        }
    }
}

fn all_ports(platform: &PlatformProfile) -> BTreeSet<PortRange> {
    let ports = &platform.ports;
    [
        &ports.dns,
        &ports.https,
        &ports.nfs,
        &ports.iscsi,
        &ports.typha,
        &ports.kubelet,
        &ports.bigfix,
        &ports.metrics_server,
        &ports.kubernetes_api,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
}

/// Reads a region. What upstream does not say is left as it is for a region that is new:
/// the region's name stands for the display name.
pub(super) fn profile(
    reading: &mut Reading<'_>,
    origin: &Origin,
) -> Result<RegionProfile, InputError> {
    let private = control_plane(reading, Network::Private)?;
    let public = control_plane(reading, Network::Public)?;
    let api = kubernetes_api(reading)?;
    let subnets = subnets(reading)?;
    let mut services = Vec::new();
    for network in Network::BOTH {
        let (path, groups) = groups(reading, network)?;
        services.extend(groups.into_iter().map(|group| ServiceGroup {
            name: Located::nowhere(group.name),
            network,
            protocol: group.protocol,
            ports: located(group.ports),
            source: origin.source(&path),
            date: origin.date,
            status: None,
            valid_from: None,
            valid_until: None,
            nets: located(group.nets.sorted()),
        }));
    }
    let fact_list = |path: &str, nets: Vec<Cidr>| fact_list(origin, path, nets);
    let named = private.zones.or(public.zones);
    let zones = named.unwrap_or_else(|| {
        let text = format!(
            "upstream does not name the zones of {}: those of its infrastructure subnets are taken",
            reading.region
        );
        let place = Some(private.listed.nets.place());
        reading.remarks.push(Remark { text, place });
        let zones: BTreeSet<&Name> = subnets.zones.iter().map(|zone| &zone.zone).collect();
        zones.into_iter().cloned().collect()
    });
    Ok(RegionProfile {
        region: Located::nowhere(reading.region.clone()),
        display_name: reading.region.to_string(),
        zones: located(zones),
        single_zone: Vec::new(),
        control_plane: ControlPlane {
            private: fact_list(&private.listed.path, private.listed.nets.sorted()),
            public: fact_list(&public.listed.path, public.listed.nets.sorted()),
        },
        kubernetes_api: fact_list(&api.path, api.nets.sorted()),
        infrastructure: Infrastructure {
            required: subnets
                .required
                .into_iter()
                .map(|(zones, nets)| RequiredNets {
                    zones,
                    source: origin.source(&subnets.path),
                    date: origin.date,
                    status: None,
                    valid_from: None,
                    valid_until: None,
                    nets: located(nets),
                })
                .collect(),
            zones: list_of(origin, &subnets.path, subnets.zones),
        },
        services,
    })
}

fn fact_list(origin: &Origin, path: &str, nets: Vec<Cidr>) -> FactList {
    list_of(origin, path, nets)
}

fn list_of<T>(origin: &Origin, path: &str, items: Vec<T>) -> FactList<T> {
    FactList {
        source: origin.source(path),
        date: origin.date,
        status: None,
        valid_from: None,
        valid_until: None,
        nets: located(items),
    }
}

fn located<T>(items: Vec<T>) -> Located<Vec<Located<T>>> {
    Located::nowhere(items.into_iter().map(Located::nowhere).collect())
}

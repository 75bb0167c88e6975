//! Sets, tiers, profiles, and how Felix is configured.

use crate::resource::{
    ClusterInformation, FailsafePort, FelixConfiguration, Net, NetworkSet, Profile, Tier,
};
use crate::yaml::{Located, Node};

use super::fields::{Fields, Reader};
use super::policy::protocol;

impl Reader<'_> {
    pub(super) fn network_set(&mut self, object: Fields<'_>) -> NetworkSet {
        let spec = self.spec(object, &["nets"]);
        NetworkSet {
            nets: spec.and_then(|spec| self.values(spec, "nets", Net::of)),
        }
    }

    pub(super) fn tier(&mut self, object: Fields<'_>) -> Tier {
        let Some(spec) = self.spec(object, &["order", "defaultAction"]) else {
            return Tier::default();
        };
        Tier {
            order: self.number(spec, "order"),
            default_action: self.text(spec, "defaultAction"),
        }
    }

    pub(super) fn profile(&mut self, object: Fields<'_>) -> Profile {
        let Some(spec) = self.spec(object, &["ingress", "egress", "labelsToApply"]) else {
            return Profile::default();
        };
        Profile {
            ingress: self.rules(spec, "ingress"),
            egress: self.rules(spec, "egress"),
            labels_to_apply: self.labels(spec, "labelsToApply"),
        }
    }

    pub(super) fn cluster_information(&mut self, object: Fields<'_>) -> ClusterInformation {
        let spec = self.any_spec(object);
        ClusterInformation {
            calico_version: spec.and_then(|spec| self.text(spec, "calicoVersion")),
        }
    }

    /// The `spec` of an object most of whose fields bear on no verdict.
    pub(super) fn any_spec<'n>(&mut self, object: Fields<'n>) -> Option<Fields<'n>> {
        let node = object.get("spec")?;
        self.open(node, "spec")
    }

    pub(super) fn felix(&mut self, object: Fields<'_>) -> FelixConfiguration {
        let Some(spec) = self.any_spec(object) else {
            return FelixConfiguration::default();
        };
        FelixConfiguration {
            interface_prefix: self.text(spec, "interfacePrefix"),
            interface_exclude: self.text(spec, "interfaceExclude"),
            default_endpoint_to_host_action: self.text(spec, "defaultEndpointToHostAction"),
            iptables_filter_allow_action: self.text(spec, "iptablesFilterAllowAction"),
            iptables_mangle_allow_action: self.text(spec, "iptablesMangleAllowAction"),
            failsafe_inbound_host_ports: self.failsafes(spec, "failsafeInboundHostPorts"),
            failsafe_outbound_host_ports: self.failsafes(spec, "failsafeOutboundHostPorts"),
            allow_vxlan_packets_from_workloads: self
                .boolean(spec, "allowVXLANPacketsFromWorkloads"),
            allow_ipip_packets_from_workloads: self.boolean(spec, "allowIPIPPacketsFromWorkloads"),
            vxlan_port: self.integer(spec, "vxlanPort"),
            vxlan_enabled: self.boolean(spec, "vxlanEnabled"),
            ipip_enabled: self.boolean(spec, "ipipEnabled"),
            wireguard_enabled: self.boolean(spec, "wireguardEnabled"),
            wireguard_listening_port: self.integer(spec, "wireguardListeningPort"),
            kube_node_port_ranges: self.list(spec, "kubeNodePortRanges", |_, node| {
                Some(Located {
                    value: super::policy::written_text(node),
                    span: node.span,
                })
            }),
            bpf_enabled: self.boolean(spec, "bpfEnabled"),
            log_prefix: self.text(spec, "logPrefix"),
        }
    }

    fn failsafes(&mut self, spec: Fields<'_>, name: &str) -> Option<Located<Vec<FailsafePort>>> {
        self.list(spec, name, |reader: &mut Self, node: &Node| {
            let fields = reader.mapping(node, name, &["protocol", "port", "net"])?;
            let net = reader.text(fields, "net");
            Some(FailsafePort {
                span: node.span,
                protocol: reader.field(fields, "protocol", |_, node| Some(protocol(node))),
                port: reader.integer(fields, "port"),
                net: net.map(|net| Located {
                    value: Net::of(&net.value),
                    span: net.span,
                }),
            })
        })
    }
}

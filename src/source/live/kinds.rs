//! The kinds of objects that are listed in a cluster.

/// The group of APIs that a kind belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Calico's, in whichever form the cluster serves it (STORE-1).
    Calico,
    /// Kubernetes' own.
    Core,
    /// Kubernetes' network policies.
    Networking,
    /// Kubernetes' policies for the whole cluster, in their first form.
    PolicyAlpha1,
    /// The same in their second form.
    PolicyAlpha2,
}

/// A kind of object that is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its group.
    pub group: Group,
    /// What its objects are called in paths and roles.
    pub plural: &'static str,
    /// What `kind` says.
    pub kind: &'static str,
}

const fn calico(plural: &'static str, kind: &'static str) -> Listed {
    Listed {
        group: Group::Calico,
        plural,
        kind,
    }
}

const fn core(plural: &'static str, kind: &'static str) -> Listed {
    Listed {
        group: Group::Core,
        plural,
        kind,
    }
}

impl Listed {
    /// The nodes.
    pub const NODES: Self = core("nodes", "Node");

    /// The pods.
    pub const PODS: Self = core("pods", "Pod");

    /// Every kind that is listed, pods among them.
    pub const ALL: [Self; 18] = [
        calico("clusterinformations", "ClusterInformation"),
        calico("felixconfigurations", "FelixConfiguration"),
        calico("globalnetworkpolicies", "GlobalNetworkPolicy"),
        calico("globalnetworksets", "GlobalNetworkSet"),
        calico("hostendpoints", "HostEndpoint"),
        calico("networkpolicies", "NetworkPolicy"),
        calico("networksets", "NetworkSet"),
        calico("stagedglobalnetworkpolicies", "StagedGlobalNetworkPolicy"),
        calico(
            "stagedkubernetesnetworkpolicies",
            "StagedKubernetesNetworkPolicy",
        ),
        calico("stagednetworkpolicies", "StagedNetworkPolicy"),
        calico("tiers", "Tier"),
        Self::NODES,
        Self::PODS,
        core("namespaces", "Namespace"),
        Self {
            group: Group::Networking,
            plural: "networkpolicies",
            kind: "NetworkPolicy",
        },
        Self {
            group: Group::PolicyAlpha1,
            plural: "adminnetworkpolicies",
            kind: "AdminNetworkPolicy",
        },
        Self {
            group: Group::PolicyAlpha1,
            plural: "baselineadminnetworkpolicies",
            kind: "BaselineAdminNetworkPolicy",
        },
        Self {
            group: Group::PolicyAlpha2,
            plural: "clusternetworkpolicies",
            kind: "ClusterNetworkPolicy",
        },
    ];
}

/// The kinds to list, with `pods` or without.
pub(super) fn wanted(pods: bool) -> Vec<Listed> {
    let all = Listed::ALL.into_iter();
    all.filter(|listed| pods || *listed != Listed::PODS)
        .collect()
}

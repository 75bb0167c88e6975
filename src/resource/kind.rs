//! Kinds of objects, and what an object is called.

use std::fmt;

use serde::{Serialize, Serializer};

/// The group and version of AdminNetworkPolicy and BaselineAdminNetworkPolicy.
const POLICY_ALPHA_1: &str = "policy.networking.k8s.io/v1alpha1";

/// The group and version of ClusterNetworkPolicy.
const POLICY_ALPHA_2: &str = "policy.networking.k8s.io/v1alpha2";

macro_rules! kinds {
    ($($variant:ident: $group:ident, $namespaced:literal, $word:literal;)*) => {
        /// A kind of object that Palisade knows.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = concat!("`", $word, "`")] $variant,)*
            /// Any other kind, by `apiVersion` and `kind`.
            Other(Box<str>, Box<str>),
        }

        impl Kind {
            /// Every kind that is read, but for `Other`.
            pub const READ: &'static [Self] = &[$(Self::$variant),*];

            /// The word under `kind:`.
            pub fn word(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(_, kind) => kind,
                }
            }

            /// Whether objects of the kind lie in namespaces. Unknown of other kinds.
            pub fn is_namespaced(&self) -> Option<bool> {
                match self {
                    $(Self::$variant => Some($namespaced),)*
                    Self::Other(..) => None,
                }
            }

            fn group(&self) -> Option<Group> {
                match self {
                    $(Self::$variant => Some(Group::$group),)*
                    Self::Other(..) => None,
                }
            }
        }
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Calico,
    Core,
    Networking,
    Discovery,
    PolicyAlpha1,
    PolicyAlpha2,
}

kinds! {
    GlobalNetworkPolicy: Calico, false, "GlobalNetworkPolicy";
    NetworkPolicy: Calico, true, "NetworkPolicy";
    GlobalNetworkSet: Calico, false, "GlobalNetworkSet";
    NetworkSet: Calico, true, "NetworkSet";
    HostEndpoint: Calico, false, "HostEndpoint";
    Tier: Calico, false, "Tier";
    Profile: Calico, false, "Profile";
    FelixConfiguration: Calico, false, "FelixConfiguration";
    ClusterInformation: Calico, false, "ClusterInformation";
    StagedGlobalNetworkPolicy: Calico, false, "StagedGlobalNetworkPolicy";
    StagedNetworkPolicy: Calico, true, "StagedNetworkPolicy";
    StagedKubernetesNetworkPolicy: Calico, true, "StagedKubernetesNetworkPolicy";
    KubernetesNetworkPolicy: Networking, true, "NetworkPolicy";
    AdminNetworkPolicy: PolicyAlpha1, false, "AdminNetworkPolicy";
    BaselineAdminNetworkPolicy: PolicyAlpha1, false, "BaselineAdminNetworkPolicy";
    ClusterNetworkPolicy: PolicyAlpha2, false, "ClusterNetworkPolicy";
    Namespace: Core, false, "Namespace";
    Node: Core, false, "Node";
    Pod: Core, true, "Pod";
    ServiceAccount: Core, true, "ServiceAccount";
    Service: Core, true, "Service";
    EndpointSlice: Discovery, true, "EndpointSlice";
}

/// The form in which an object is given (STORE-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Api {
    /// Calico's user API, `projectcalico.org/v3`.
    CalicoV3,
    /// Calico's storage form, `crd.projectcalico.org/v1`: names and labels as stored.
    CalicoV1,
    /// A Kubernetes API.
    Kubernetes,
}

impl Api {
    /// The group and version of Calico's user API.
    pub const CALICO_V3: &'static str = "projectcalico.org/v3";
    /// The group and version of Calico's storage form.
    pub const CALICO_V1: &'static str = "crd.projectcalico.org/v1";
}

impl Kind {
    /// The kind that `api_version` and `kind` name, and the form.
    pub fn of(api_version: &str, kind: &str) -> (Self, Api) {
        let (group, api) = match api_version {
            Api::CALICO_V3 => (Some(Group::Calico), Api::CalicoV3),
            Api::CALICO_V1 => (Some(Group::Calico), Api::CalicoV1),
            "v1" => (Some(Group::Core), Api::Kubernetes),
            "networking.k8s.io/v1" => (Some(Group::Networking), Api::Kubernetes),
            "discovery.k8s.io/v1" => (Some(Group::Discovery), Api::Kubernetes),
            POLICY_ALPHA_1 => (Some(Group::PolicyAlpha1), Api::Kubernetes),
            POLICY_ALPHA_2 => (Some(Group::PolicyAlpha2), Api::Kubernetes),
            _ => (None, Api::Kubernetes),
        };
        let known = Self::READ
            .iter()
            .find(|known| known.group() == group && known.word() == kind);
        let kind = known
            .cloned()
            .unwrap_or_else(|| Self::Other(api_version.into(), kind.into()));
        (kind, api)
    }

    /// The `apiVersion` under which objects of the kind are written.
    pub fn api_version(&self) -> &str {
        match self.group() {
            Some(Group::Calico) => Api::CALICO_V3,
            Some(Group::Core) => "v1",
            Some(Group::Networking) => "networking.k8s.io/v1",
            Some(Group::Discovery) => "discovery.k8s.io/v1",
            Some(Group::PolicyAlpha1) => POLICY_ALPHA_1,
            Some(Group::PolicyAlpha2) => POLICY_ALPHA_2,
            None => match self {
                Self::Other(api_version, _) => api_version,
                _ => "",
            },
        }
    }

    /// Whether the kind is one of Calico's or Kubernetes' policies, staged ones included.
    pub fn is_policy(&self) -> bool {
        matches!(
            self,
            Self::GlobalNetworkPolicy | Self::NetworkPolicy | Self::KubernetesNetworkPolicy
        ) || self.is_staged()
            || self.is_cluster_wide_kubernetes_policy()
    }

    /// Whether the kind is a staged policy: ordered with the others, never enforced (MOD-20).
    pub fn is_staged(&self) -> bool {
        matches!(
            self,
            Self::StagedGlobalNetworkPolicy
                | Self::StagedNetworkPolicy
                | Self::StagedKubernetesNetworkPolicy
        )
    }

    /// Whether the kind is one of Kubernetes' policies for the whole cluster, in the version of
    /// their API that Calico reads (KNP-11).
    pub fn is_cluster_wide_kubernetes_policy(&self) -> bool {
        matches!(
            self,
            Self::AdminNetworkPolicy
                | Self::BaselineAdminNetworkPolicy
                | Self::ClusterNetworkPolicy
        )
    }

    /// Whether the kind is one of Kubernetes' policies for the whole cluster, in a version of their
    /// API of which nothing says what Calico makes of it (KNP-11).
    pub fn is_cluster_wide_policy_of_another_version(&self) -> bool {
        let Self::Other(api, word) = self else {
            return false;
        };
        let mut known = Self::READ
            .iter()
            .filter(|kind| kind.is_cluster_wide_kubernetes_policy());
        api.starts_with("policy.networking.k8s.io/") && known.any(|kind| kind.word() == &**word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// What an object is called: its kind, namespace and name, the name as the v3 API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Key {
    /// The kind.
    pub kind: Kind,
    /// The namespace; nothing for kinds that lie in none.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl Key {
    /// `namespace/name`, or the name alone where there is no namespace.
    pub fn path(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", self.name),
            None => self.name.clone(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.path())
    }
}

//! Which file lies where.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::{Input, InputError};
use crate::profile::{Name, Network};

use crate::upstream::parity::Published;

use super::Texts;

/// The folder of the policies where they do not lie at the root.
const POLICIES: &str = "calico-policies";

/// Until May 2022 the private policies of the regions lay one folder deeper.
const OLD_PRIVATE: &str = "calico-v3";

/// A policy whose facts are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Workers to the masters.
    ServiceEndpoint,
    /// Pods to the masters, among other things.
    EgressPods,
    /// Workers to the Kubernetes API, among other things.
    IbmPorts,
    /// Workers from and to the systems that manage them.
    SysMgmt,
    /// Workers to the provider's services.
    Services,
    /// Pods to the provider's services.
    ServicesPods,
}

impl Role {
    /// Every role that a file has on `network`.
    fn on(network: Network) -> &'static [Self] {
        use Role::{EgressPods, IbmPorts, ServiceEndpoint, Services, ServicesPods, SysMgmt};
        match network {
            Network::Private => &[
                ServiceEndpoint,
                EgressPods,
                IbmPorts,
                SysMgmt,
                Services,
                ServicesPods,
            ],
            Network::Public => &[
                ServiceEndpoint,
                EgressPods,
                IbmPorts,
                Services,
                ServicesPods,
            ],
        }
    }

    /// The policy's name, which is its file's name without the ending.
    pub(super) fn policy(self, network: Network) -> String {
        match self {
            Self::ServiceEndpoint => format!("allow-{network}-service-endpoint"),
            Self::EgressPods => format!("allow-egress-pods-{network}"),
            Self::IbmPorts => format!("allow-ibm-ports-{network}"),
            Self::SysMgmt => format!("allow-sys-mgmt-{network}"),
            Self::Services => format!("allow-{network}-services"),
            Self::ServicesPods => format!("allow-{network}-services-pods"),
        }
    }

    /// Whether the policy is for pods, and not for workers.
    pub(super) fn is_for_pods(self) -> bool {
        matches!(self, Self::EgressPods | Self::ServicesPods)
    }
}

/// Whether the text at `path` may hold facts, so that it is worth reading.
pub fn is_wanted(path: &str) -> bool {
    let in_set = Network::BOTH.iter().any(|network| {
        let folder = set_folder(*network);
        path.split('/').any(|part| part == folder)
    });
    in_set && (is_policy(path) || ending(path) == "md")
}

/// Whether the file at `path` may be a policy's: upstream names them `.yaml`, and one that it named
/// otherwise must not pass unseen.
fn is_policy(path: &str) -> bool {
    matches!(ending(path), "yaml" | "yml" | "json")
}

fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn set_folder(network: Network) -> String {
    format!("{network}-network-isolation")
}

/// The policies of a tree of texts, by region.
pub(super) struct Layout<'a> {
    texts: &'a Texts,
    /// Where the two sets lie, ending in `/` unless it is the root.
    root: String,
    /// The regions that have at least one policy whose facts are read.
    pub(super) regions: BTreeSet<Name>,
}

impl<'a> Layout<'a> {
    /// Finds the policies in `texts`; `inside` is the folder that the user pointed at, empty for
    /// the root.
    pub(super) fn find(texts: &'a Texts, inside: &str) -> Result<Self, InputError> {
        let root = root(texts, inside)?;
        let mut layout = Self {
            texts,
            root,
            regions: BTreeSet::new(),
        };
        let regions = Network::BOTH
            .into_iter()
            .flat_map(|network| layout.folders(network))
            .filter(|(network, folder, name)| {
                Role::on(*network)
                    .iter()
                    .any(|role| texts.contains_key(&path_in(folder, &role.policy(*network))))
                    && !name.is_empty()
            })
            .map(|(_, _, name)| name.parse::<Name>())
            .collect::<Result<_, _>>()
            .map_err(|error| InputError::new(format!("a region's folder: {error}")))?;
        layout.regions = regions;
        Ok(layout)
    }

    /// The text of a policy, and its path in the repository.
    pub(super) fn policy(
        &self,
        region: &Name,
        network: Network,
        role: Role,
    ) -> Result<(String, &'a Arc<Input>), InputError> {
        let name = role.policy(network);
        self.choices(region, network)
            .into_iter()
            .find_map(|folder| {
                let path = path_in(&folder, &name);
                Some((path.clone(), self.texts.get(&path)?))
            })
            .ok_or_else(|| {
                let [path, _] = self.choices(region, network).map(|f| path_in(&f, &name));
                InputError::new(format!("upstream has no `{path}`")).hint(format!(
                    "leave {region} out by naming the others with `--region`"
                ))
            })
    }

    /// The list of the masters' bare addresses that lies beside the policies since 2023, where
    /// there is one.
    pub(super) fn addresses(&self, region: &Name, network: Network) -> Option<&'a Arc<Input>> {
        self.choices(region, network)
            .into_iter()
            .find_map(|folder| self.texts.get(&format!("{folder}{network}-ips.md")))
    }

    /// Every policy file of a region's sets. Where both folders have one of the same name, it is
    /// that of the present folder.
    pub(super) fn published(&self, region: &Name) -> Published {
        let mut published = Published::default();
        for network in Network::BOTH {
            let folders = self.choices(region, network);
            for folder in folders.iter().rev() {
                let below = self
                    .texts
                    .range(folder.clone()..)
                    .map_while(|(path, input)| Some((path.strip_prefix(folder.as_str())?, input)));
                for (file, input) in below.filter(|(file, _)| is_policy(file)) {
                    let file = (network, file.to_owned());
                    published.files.insert(file, Arc::clone(input));
                    published.folders.insert(network, folder.clone());
                }
            }
        }
        published
    }

    /// The folders in which a region's set may lie, the present one first.
    fn choices(&self, region: &Name, network: Network) -> [String; 2] {
        let root = &self.root;
        let set = set_folder(network);
        [
            format!("{root}{set}/{region}/"),
            format!("{root}{set}/{OLD_PRIVATE}/{region}/"),
        ]
    }

    /// Every folder that may be a region's: its network, its path, its name.
    fn folders(&self, network: Network) -> BTreeSet<(Network, String, String)> {
        let set = format!("{}{}/", self.root, set_folder(network));
        let old = format!("{OLD_PRIVATE}/");
        self.texts
            .keys()
            .filter_map(|path| {
                let (folder, _) = path.strip_prefix(&set)?.rsplit_once('/')?;
                let region = folder.strip_prefix(&old).unwrap_or(folder);
                let is_region = !region.contains('/') && region != OLD_PRIVATE;
                is_region.then(|| (network, format!("{set}{folder}/"), region.to_owned()))
            })
            .collect()
    }
}

fn path_in(folder: &str, policy: &str) -> String {
    format!("{folder}{policy}.yaml")
}

/// Where the two sets lie: at the root, in `calico-policies/`, or wherever `inside` leads to.
fn root(texts: &Texts, inside: &str) -> Result<String, InputError> {
    let marks = Network::BOTH.map(|network| format!("{}/", set_folder(network)));
    let roots: BTreeSet<&str> = texts
        .keys()
        .filter_map(|path| {
            let at = marks.iter().find_map(|mark| path.find(mark.as_str()))?;
            let root = path.get(..at)?;
            (root.is_empty() || root.ends_with('/')).then_some(root)
        })
        .collect();
    let usual = [String::new(), format!("{POLICIES}/")];
    // From the folder that the user pointed at upwards: the nearest that has the sets.
    let mut folder = inside.trim_matches('/');
    loop {
        let here = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        for below in &usual {
            let candidate = format!("{here}{below}");
            if roots.contains(candidate.as_str()) {
                return Ok(candidate);
            }
        }
        match folder.rsplit_once('/') {
            Some((above, _)) => folder = above,
            None if folder.is_empty() => break,
            None => folder = "",
        }
    }
    let error = InputError::new(format!(
        "there is neither `{}` nor `{}`",
        marks[0].trim_end_matches('/'),
        marks[1].trim_end_matches('/')
    ));
    Err(match roots.first() {
        Some(root) => error.hint(format!(
            "they lie in `{root}`: give the path of that folder"
        )),
        None => {
            error.hint("give a checkout of IBM-Cloud/kube-samples, or its `calico-policies` folder")
        }
    })
}

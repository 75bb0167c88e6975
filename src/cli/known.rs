//! The arguments that say what is known of a cluster besides its resources.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::bundle::Baseline;
use crate::engine::{DataPlane, Settings};
use crate::finding::Error;
use crate::net::Cidr;
use crate::profile::{ClusterProfile, Library, Platform, workers_of};
use crate::question::subject::Known;
use crate::resource::{Body, CalicoVersion, Resource, ResourceSet, read};
use crate::source::text::read_text;

use super::library::ProfilesArguments;

/// What is known of a cluster besides its resources.
#[derive(Debug, Args)]
pub(super) struct KnownArguments {
    /// The cluster profile: its workers, pod subnet, platform and version
    #[arg(short, long, value_name = "FILE")]
    cluster: Option<PathBuf>,

    /// The workers: a worker list, or what `kubectl get nodes -o json` (or `-o yaml`) prints
    #[arg(long, value_name = "FILE")]
    workers: Option<PathBuf>,

    /// Where pods have their addresses
    #[arg(long, value_name = "CIDR")]
    pod_subnet: Option<Cidr>,

    #[command(flatten)]
    baseline: BaselineArguments,

    #[command(flatten)]
    profiles: ProfilesArguments,
}

/// Whether the platform's own objects count.
#[derive(Debug, Args)]
pub(super) struct BaselineArguments {
    /// Whether the platform's own policies and host endpoints are taken into account
    #[arg(long, value_enum, default_value_t = BaselineWord::On)]
    baseline: BaselineWord,
}

impl BaselineArguments {
    /// The platform's own policies, where they count.
    pub(super) fn of(&self, library: &Library) -> Option<Baseline> {
        (self.baseline == BaselineWord::On).then(|| library.baseline())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BaselineWord {
    /// As far as they are not in the input
    On,
    /// The input says all there is
    Off,
}

/// How Calico behaves, where the input does not say.
#[derive(Debug, Args)]
pub(super) struct EngineArguments {
    /// The version of Calico; else what the input says, else the newest
    #[arg(long, value_name = "VERSION")]
    pub(super) calico_version: Option<CalicoVersion>,

    /// What enforces policy on the workers; else what the input says
    #[arg(long, value_enum)]
    data_plane: Option<DataPlaneWord>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DataPlaneWord {
    Iptables,
    Nftables,
    Bpf,
}

impl EngineArguments {
    /// Tells the evaluator what was said.
    pub(super) fn tell(&self, settings: &mut Settings) {
        settings.era = self.calico_version.map(CalicoVersion::era);
        settings.data_plane = self.data_plane.map(DataPlane::from);
    }
}

impl From<DataPlaneWord> for DataPlane {
    fn from(word: DataPlaneWord) -> Self {
        match word {
            DataPlaneWord::Iptables => Self::Iptables,
            DataPlaneWord::Nftables => Self::Nftables,
            DataPlaneWord::Bpf => Self::Bpf,
        }
    }
}

/// The Nodes in a file of workers: their labels are on their host endpoints too. Standard input is
/// passed over, since it can be read only once.
pub(super) fn nodes(workers: Option<&Path>) -> Result<Vec<Resource>, Error> {
    let Some(path) = workers.filter(|path| *path != Path::new("-")) else {
        return Ok(Vec::new());
    };
    let (resources, _) = read(&read_text(path)?);
    let nodes = resources.into_iter();
    Ok(nodes.filter(|r| matches!(r.body, Body::Node(_))).collect())
}

impl KnownArguments {
    /// The resources, and the Nodes among the workers besides, as far as they are not there: their
    /// labels are on their host endpoints too.
    pub(super) fn with_nodes(&self, mut given: ResourceSet) -> Result<ResourceSet, Error> {
        for node in nodes(self.workers.as_deref())? {
            if given.get(&node.key).is_none() {
                given.add(node);
            }
        }
        Ok(given)
    }

    /// The profiles that the command goes by.
    pub(super) fn library(&self) -> Result<Library, Error> {
        self.profiles.library()
    }

    /// What they come to.
    pub(super) fn read(&self) -> Result<Known, Error> {
        let library = self.library()?;
        let platform_profile = library.platform()?;
        let mut known = Known {
            platform: Platform::default(),
            version: None,
            pod_subnet: platform_profile.subnets.pods,
            workers: Vec::new(),
            guarded: false,
            baseline: self.baseline.of(&library),
            platform_profile,
        };
        if let Some(path) = &self.cluster {
            let cluster = ClusterProfile::read(&read_text(path)?)?;
            known.platform = cluster.platform;
            known.version = cluster.version;
            known.workers = cluster.workers;
            if let Some(own) = cluster.pod_subnet {
                known.pod_subnet = own.value;
            }
        }
        if let Some(path) = &self.workers {
            known.workers = workers_of(&read_text(path)?)?.list;
        }
        if let Some(own) = self.pod_subnet {
            known.pod_subnet = own;
        }
        Ok(known)
    }
}

//! The arguments that say what is to be rendered, and what they come to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::bundle::{HostEndpoints, Plan, Target, Wanted};
use crate::finding::{Error, Input, InputError, Place, Span};
use crate::net::Cidr;
use crate::profile::{
    ClusterProfile, Library, Name, Network, Platform, PlatformProfile, RegionProfile, Surroundings,
    Workers, workers_of,
};
use crate::question::logging;
use crate::question::subject::Known;
use crate::resource::{Resource, ResourceSet};
use crate::source::text::read_text;

use super::known::nodes;
use super::layout::Section;
use super::library::ProfilesArguments;
use super::parallel::{beside, each};
use super::terminal;

/// The word for every region.
const ALL: &str = "all";

/// What is to be rendered.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct PlanArguments {
    /// The region, or `all`
    #[arg(short, long, value_name = "REGION")]
    region: Option<String>,

    /// The private network; both where neither is asked for
    #[arg(long)]
    private: bool,

    /// The public network
    #[arg(long)]
    public: bool,

    /// The cluster profile of one cluster
    #[arg(short, long, value_name = "FILE")]
    cluster: Option<PathBuf>,

    /// The workers: a worker list, or what `kubectl get nodes -o json` (or `-o yaml`) prints; `-`
    /// reads standard input
    #[arg(long, value_name = "FILE")]
    workers: Option<PathBuf>,

    /// What runs on the workers
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<PlatformWord>,

    /// Where pods have their addresses
    #[arg(long, value_name = "CIDR")]
    pod_subnet: Option<String>,

    /// Components or service groups that are wanted besides the usual ones, comma separated; a word
    /// that is none lists them all
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    with: Vec<Name>,

    /// Components or service groups to leave out, comma separated
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    without: Vec<Name>,

    /// Close what upstream leaves open to every address down to the profile's facts and the
    /// cluster's own ranges
    #[arg(long)]
    strict: bool,

    /// Whether to write host endpoints
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    host_endpoints: HostEndpointsWord,

    #[command(flatten)]
    pub(super) profiles: ProfilesArguments,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PlatformWord {
    Kubernetes,
    Openshift,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum HostEndpointsWord {
    #[default]
    /// Where the platform does not make them itself
    Auto,
    /// Wherever workers are known
    Always,
    /// Nowhere
    Never,
}

/// The plans that the arguments come to: one a region, or one for the cluster.
pub(super) fn plans(arguments: &PlanArguments, library: &Library) -> Result<Vec<Plan>, Error> {
    Ok(laid_out(arguments, library)?.0)
}

/// The plans, and what the cluster profile says of how they are laid out.
pub(super) fn laid_out(
    arguments: &PlanArguments,
    library: &Library,
) -> Result<(Vec<Plan>, Option<Section>), Error> {
    arguments.check()?;
    if let Some(path) = &arguments.cluster {
        let (platform, own) = beside(
            || library.platform(),
            || ClusterFacts::read(path, arguments, library),
        );
        let (platform, own) = (platform?, own?);
        let section = own.profile.gitops.clone().map(|gitops| Section {
            input: Arc::clone(&own.input),
            gitops,
        });
        let plan = cluster_plan(arguments, library, platform, own)?;
        return Ok((vec![plan], section));
    }
    let names = region_names(arguments, library)?;
    let (platform, regions) = beside(
        || library.platform(),
        || each(&names, |name| library.region(name)),
    );
    let platform = platform?;
    let plans: Result<Vec<Plan>, Error> = regions
        .into_iter()
        .map(|region| region_plan(arguments, platform.clone(), region?))
        .collect();
    Ok((plans?, None))
}

/// What is known of one cluster.
struct ClusterFacts {
    input: Arc<Input>,
    profile: ClusterProfile,
    region: RegionProfile,
}

impl ClusterFacts {
    fn read(path: &Path, arguments: &PlanArguments, library: &Library) -> Result<Self, Error> {
        let input = read_text(path)?;
        let profile = ClusterProfile::read(&input)?;
        let named = || Place::new(&input, profile.region.span);
        let asked = arguments.region.as_deref();
        if let Some(region) = asked.filter(|region| *region != profile.region.as_str()) {
            return Err(InputError::new(format!(
                "`--region {region}` is asked for, but the cluster is in {}",
                profile.region.value
            ))
            .at(named())
            .into());
        }
        let region = library.region(profile.region.as_str()).map_err(|error| {
            if error.place().is_none() {
                error.at(named())
            } else {
                error
            }
        })?;
        Ok(Self {
            input,
            profile,
            region,
        })
    }
}

fn region_names(arguments: &PlanArguments, library: &Library) -> Result<Vec<String>, InputError> {
    match arguments.region.as_deref() {
        Some(ALL) => Ok(library.regions().into_iter().map(str::to_owned).collect()),
        Some(region) => Ok(vec![region.to_owned()]),
        None => Err(InputError::new("a region or a cluster profile is wanted")
            .hint("give `--region REGION` or `--cluster FILE`")),
    }
}

fn region_plan(
    arguments: &PlanArguments,
    platform: PlatformProfile,
    region: RegionProfile,
) -> Result<Plan, Error> {
    let asked = arguments.networks();
    let (pod_subnet, pods_at) = match arguments.pod_subnet()? {
        Some((cidr, place)) => (cidr, Some(place)),
        None => (platform.subnets.pods, None),
    };
    let networks = if asked.is_empty() {
        Network::BOTH.to_vec()
    } else {
        asked
    };
    let plan = Plan {
        platform: arguments.platform.map(Platform::from).unwrap_or_default(),
        pod_subnet,
        workers: arguments.workers()?,
        host_endpoints: arguments.host_endpoints.into(),
        wanted: Wanted::default().then(arguments.with.clone(), arguments.without.clone()),
        strict: arguments.strict,
        ..Plan::usual(region, platform, networks)
    };
    plan.check(pods_at.as_ref())?;
    Ok(plan)
}

fn cluster_plan(
    arguments: &PlanArguments,
    library: &Library,
    platform: PlatformProfile,
    own: ClusterFacts,
) -> Result<Plan, Error> {
    let ClusterFacts {
        input,
        profile: cluster,
        region,
    } = own;
    let input = &input;
    let own: Vec<Network> = cluster.networks.iter().map(|n| n.value).collect();
    let asked = arguments.networks();
    if let Some(network) = asked.iter().find(|network| !own.contains(network)) {
        return Err(InputError::new(format!(
            "`--{network}` is asked for, but the cluster is not on the {network} network"
        ))
        .at(Place::new(input, cluster.networks.span))
        .into());
    }
    let given = arguments.pod_subnet()?.or_else(|| {
        let own = cluster.pod_subnet.as_ref()?;
        Some((own.value, Place::new(input, own.span)))
    });
    let (pod_subnet, pods_at) = match given {
        Some((cidr, place)) => (cidr, Some(place)),
        None => (platform.subnets.pods, None),
    };
    let workers = match arguments.workers()? {
        Some(workers) => Some(workers),
        None if cluster.workers.is_empty() => None,
        None => Some(Workers::new(input, cluster.workers.clone())),
    };
    let ingress = Surroundings {
        input,
        library,
        platform: &platform,
        region: &region,
        workers: workers.as_ref(),
    }
    .ingress(&cluster)?
    .only(if asked.is_empty() { &own } else { &asked });
    let words = |list: &[crate::yaml::Located<Name>]| -> Vec<Name> {
        list.iter().map(|word| word.value.clone()).collect()
    };
    let plan = Plan {
        target: Target::Cluster(cluster.name.value.clone()),
        region,
        speaks_for_all: asked.is_empty(),
        networks: if asked.is_empty() { own } else { asked.clone() },
        platform: arguments.platform.map_or(cluster.platform, Platform::from),
        version: cluster.version,
        pod_subnet,
        workers,
        host_endpoints: arguments.host_endpoints.into(),
        wanted: Wanted::default()
            .then(arguments.with.clone(), arguments.without.clone())
            .then(words(&cluster.with), words(&cluster.without)),
        services: cluster.services,
        strict: arguments.strict || cluster.strict,
        // It goes with the policies of every network that the cluster is on.
        isolation: cluster.isolation.filter(|_| asked.is_empty()),
        ingress,
        log_denied: logging::Wanted::of_profile(&cluster.log_denied, input),
        platform_profile: platform,
    };
    if let Some(isolation) = &plan.isolation {
        isolation.check_against(input, &plan.platform_profile, plan.pod_subnet)?;
        terminal::tell_findings(&isolation.unknown(input));
    }
    plan.check(pods_at.as_ref())?;
    Ok(plan)
}

/// Refuses two files that are both standard input, which can be read only once.
pub(super) fn one_reads_input<'a>(
    files: impl Iterator<Item = (&'static str, &'a Path)>,
) -> Result<(), InputError> {
    let reading: Vec<&str> = files
        .filter(|(_, path)| *path == Path::new("-"))
        .map(|(flag, _)| flag)
        .collect();
    match reading.as_slice() {
        [first, second, ..] => Err(InputError::new(format!(
            "standard input can be read once, and both `{first}` and `{second}` are to read it"
        ))),
        _ => Ok(()),
    }
}

impl PlanArguments {
    /// What the profile of a cluster says, and nothing besides.
    pub(super) fn of_cluster(path: PathBuf) -> Self {
        Self {
            cluster: Some(path),
            ..Self::default()
        }
    }

    /// Whether a region or a cluster is named, so that there is a plan.
    pub(super) fn is_plan(&self) -> bool {
        self.region.is_some() || self.cluster.is_some()
    }

    /// Whether every region is asked for.
    pub(super) fn is_every_region(&self) -> bool {
        self.region.as_deref() == Some(ALL)
    }

    /// The same where a region or a cluster is named; else of `region`, on `network` where it is said
    /// which and none is asked for.
    pub(super) fn or_region(&self, region: &str, network: Option<Network>) -> Self {
        let mut arguments = self.clone();
        if !self.is_plan() {
            arguments.region = Some(region.to_owned());
            let chosen = self.private || self.public;
            arguments.private |= !chosen && network == Some(Network::Private);
            arguments.public |= !chosen && network == Some(Network::Public);
        }
        arguments
    }

    /// The files that are read, each by the flag that names it.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = [("--cluster", &self.cluster), ("--workers", &self.workers)];
        let given = files.into_iter();
        given.filter_map(|(flag, path)| Some((flag, path.as_deref()?)))
    }

    /// Adds the Nodes of the workers' file: what selects by their labels is to find them.
    pub(super) fn add_nodes(&self, set: &mut ResourceSet) -> Result<(), Error> {
        for node in self.nodes()? {
            if set.get(&node.key).is_none() {
                set.add(node);
            }
        }
        Ok(())
    }

    /// The Nodes among the workers.
    pub(super) fn nodes(&self) -> Result<Vec<Resource>, Error> {
        nodes(self.workers.as_deref())
    }

    /// What is known of a cluster of which no plan is named.
    pub(super) fn known(&self, platform_profile: PlatformProfile) -> Result<Known, Error> {
        let chosen = [
            ("--private", self.private),
            ("--public", self.public),
            ("--strict", self.strict),
            ("--with", !self.with.is_empty()),
            ("--without", !self.without.is_empty()),
        ];
        if let Some((flag, _)) = chosen.into_iter().find(|(_, given)| *given) {
            return Err(InputError::new(format!(
                "`{flag}` chooses among what a region or a cluster has, and neither is named"
            ))
            .hint("give `--region REGION` or `--cluster FILE`")
            .into());
        }
        let pod_subnet = self.pod_subnet()?;
        Ok(Known {
            platform: self.platform.map(Platform::from).unwrap_or_default(),
            version: None,
            pod_subnet: pod_subnet.map_or(platform_profile.subnets.pods, |(cidr, _)| cidr),
            workers: self
                .workers()?
                .map_or_else(Vec::new, |workers| workers.list),
            guarded: false,
            baseline: None,
            platform_profile,
        })
    }

    /// The region that is named by itself.
    pub(super) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Refuses arguments that make no sense together.
    fn check(&self) -> Result<(), InputError> {
        if self.region.as_deref() == Some(ALL) && self.workers.is_some() {
            return Err(InputError::new(
                "workers are in one region, and `--region all` is every one",
            ));
        }
        one_reads_input(self.files())?;
        Ok(())
    }

    /// The networks that are asked for by name.
    fn networks(&self) -> Vec<Network> {
        let asked = [
            (self.private, Network::Private),
            (self.public, Network::Public),
        ];
        let named = asked.into_iter().filter(|(asked, _)| *asked);
        named.map(|(_, network)| network).collect()
    }

    fn workers(&self) -> Result<Option<Workers>, Error> {
        match &self.workers {
            Some(path) => Ok(Some(workers_of(&read_text(path)?)?)),
            None => Ok(None),
        }
    }

    fn pod_subnet(&self) -> Result<Option<(Cidr, Place)>, InputError> {
        let Some(text) = &self.pod_subnet else {
            return Ok(None);
        };
        let input = Input::new("--pod-subnet", text.as_str());
        let place = Place::new(&input, Span::in_text(text, 0..text.len()));
        match text.parse() {
            Ok(cidr) => Ok(Some((cidr, place))),
            Err(error) => Err(InputError::new(format!("{error}")).at(place)),
        }
    }
}

impl From<PlatformWord> for Platform {
    fn from(word: PlatformWord) -> Self {
        match word {
            PlatformWord::Kubernetes => Self::Kubernetes,
            PlatformWord::Openshift => Self::Openshift,
        }
    }
}

impl From<HostEndpointsWord> for HostEndpoints {
    fn from(word: HostEndpointsWord) -> Self {
        match word {
            HostEndpointsWord::Auto => Self::Auto,
            HostEndpointsWord::Always => Self::Always,
            HostEndpointsWord::Never => Self::Never,
        }
    }
}

//! Rendering: a pure function from a plan and templates to files, read back before anyone sees
//! them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Finding, Input, InputError, Place, Severity, Span};
use crate::profile::{Network, Worker};
use crate::resource::validate::{Rules, validate};
use crate::resource::{Api, Key, Kind, Resource, ResourceSet, normal_form, number, read};

use super::context::{
    Context, PolicyContext, Service, Strict, WorkerContext, WorkerFacts, cluster_services,
    provider_services,
};
use super::facts::{Facts, View};
use super::ingress::IngressContext;
use super::isolation;
use super::template::{ENDING, Templates};
use super::{Plan, Target};

/// The longest name of a host endpoint: with its ending it is the longest name of a file.
const LONGEST_NAME: usize = 250;

/// What the first lines of a file of a strict set say besides.
const STRICT: &str = "# What upstream leaves open to every address is closed (`--strict`).\n";

/// The folder of host endpoints in a network's folder.
const HOST_ENDPOINTS: &str = "host-endpoints";

/// One file of a bundle.
#[derive(Debug, Clone)]
pub struct RenderedFile {
    /// Its path below the network's folder, written with `/`.
    pub path: String,
    /// Its text.
    pub input: Arc<Input>,
    /// The objects in it, as they were read back.
    pub resources: Vec<Resource>,
}

/// What was rendered for one network of one target, or for its apps.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The folder below the output folder: `us-south/private`, `clusters/shop/isolation`.
    pub folder: String,
    /// The network; none where it isolates apps.
    pub network: Option<Network>,
    /// The files, sorted by path.
    pub files: Vec<RenderedFile>,
}

impl Bundle {
    /// The objects of every file.
    pub fn resources(&self) -> ResourceSet {
        let mut set = ResourceSet::default();
        for resource in self.files.iter().flat_map(|file| &file.resources) {
            set.add(resource.clone());
        }
        set
    }

    /// The normal form of every object of every file of a network, by it and by the file's path.
    pub fn normal_forms(
        &self,
    ) -> impl Iterator<Item = ((Network, String), BTreeMap<Key, serde_json::Value>)> {
        let network = self.network.into_iter();
        network.flat_map(|network| {
            self.files.iter().map(move |file| {
                let objects = file.resources.iter();
                let objects = objects.map(|resource| (resource.key.clone(), normal_form(resource)));
                ((network, file.path.clone()), objects.collect())
            })
        })
    }
}

/// Renders `plan` with `templates`, a bundle for each network and one for isolated apps, and reads
/// everything back. Second comes what the user should know.
///
/// # Errors
/// A template that fails, or that renders what no API would take: the rendered line and the line
/// of the template that made it.
pub fn render(
    plan: &Plan,
    templates: &Templates,
) -> Result<(Vec<Bundle>, Vec<String>), InputError> {
    let mut bundles = Vec::new();
    let mut notes = Vec::new();
    for part in Part::of(plan) {
        let (bundle, note) = part.render(plan, templates)?;
        bundles.extend(bundle);
        notes.extend(note);
    }
    Ok((bundles, notes))
}

/// A part of a plan that is rendered by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What isolates one network.
    Network(Network),
    /// What isolates apps.
    Apps,
}

impl Part {
    /// The parts of `plan`, in the order of their bundles.
    pub fn of(plan: &Plan) -> Vec<Self> {
        let mut networks = plan.networks.clone();
        networks.sort_unstable();
        let apps = plan.isolation.iter().map(|_| Self::Apps);
        networks
            .into_iter()
            .map(Self::Network)
            .chain(apps)
            .collect()
    }

    /// Renders the part of `plan`, and reads everything back. Second comes what the user should know.
    ///
    /// # Errors
    /// As [`render`] says.
    pub fn render(
        self,
        plan: &Plan,
        templates: &Templates,
    ) -> Result<(Option<Bundle>, Option<String>), InputError> {
        match self {
            Self::Network(network) => {
                let (host_endpoints, note) = plan.writes_host_endpoints(network);
                let press = Press::new(plan, templates, network)?;
                Ok((Some(press.bundle(host_endpoints)?), note))
            }
            Self::Apps => Ok((isolation::bundle(plan, templates)?, None)),
        }
    }
}

/// Everything that rendering one network takes.
struct Press<'a> {
    sheet: Sheet<'a>,
    network: Network,
}

/// Everything that rendering the files of one folder takes.
pub(super) struct Sheet<'a> {
    plan: &'a Plan,
    templates: &'a Templates,
    /// The network; none where apps are isolated.
    network: Option<Network>,
    shared: Arc<Facts>,
}

impl<'a> Press<'a> {
    fn new(plan: &'a Plan, templates: &'a Templates, network: Network) -> Result<Self, InputError> {
        let facts = Facts::of(&Context::new(plan, network))?;
        Ok(Self {
            sheet: Sheet::new(plan, templates, Some(network), facts),
            network,
        })
    }

    fn bundle(&self, host_endpoints: bool) -> Result<Bundle, InputError> {
        let mut files = Vec::new();
        let plan = self.sheet.plan;
        let provider = provider_services(plan, self.network);
        let profile = &plan.platform_profile;
        for policy in profile
            .policies
            .iter()
            .filter(|p| p.network == self.network)
        {
            if plan.wants_policy(policy) {
                let services = if policy.services.is_some() {
                    provider.clone()
                } else {
                    Vec::new()
                };
                files.push(self.policy(policy.name.as_str(), policy.order, services)?);
            }
        }
        let own = profile.cluster_services.iter();
        for policy in own.filter(|p| p.network == self.network) {
            let services = cluster_services(plan, self.network, policy.audience);
            if !services.is_empty() {
                files.push(self.policy(policy.name.as_str(), policy.order, services)?);
            }
        }
        let ingress = profile.ingress.policies.iter();
        for policy in ingress.filter(|p| p.network == self.network) {
            if plan.wants_ingress(policy) {
                let name = policy.name.as_str();
                let own = Facts::of(&IngressContext::new(plan, policy))?;
                files.push(self.sheet.file(format!("{name}.yaml"), name, own)?);
            }
        }
        if host_endpoints {
            self.host_endpoints(&mut files)?;
        }
        self.sheet.bundle(files)
    }

    fn policy(
        &self,
        name: &str,
        order: f64,
        services: Vec<Service<'_>>,
    ) -> Result<RenderedFile, InputError> {
        let own = Facts::of(&PolicyContext {
            name,
            order: number(order),
            services,
            strict: Strict::new(self.sheet.plan, self.network, name),
        })?;
        self.sheet.file(format!("{name}.yaml"), name, own)
    }

    fn host_endpoints(&self, files: &mut Vec<RenderedFile>) -> Result<(), InputError> {
        let plan = self.sheet.plan;
        let workers = plan.workers.iter().flat_map(|workers| &workers.list);
        let facts = plan.platform_profile.network(self.network);
        let suffix = facts.role.replace('_', "-");
        let node_ports = plan.ingress.node_ports_on(self.network);
        let pool_label = node_ports
            .filter(|ports| ports.edge.is_some())
            .map(|_| plan.platform_profile.ingress.pool_label.as_str());
        let template = format!("generic-{}hostendpoint", self.network);
        for worker in workers {
            let Some(worker_facts) = WorkerFacts::new(worker, self.network) else {
                continue;
            };
            let name = format!("{}-{suffix}", worker.name.value);
            if name.len() > LONGEST_NAME {
                return Err(too_long(plan, worker, &name));
            }
            let own = Facts::of(&WorkerContext {
                name: &name,
                worker: worker_facts,
                pool_label: pool_label.filter(|_| worker.pool.is_some()),
            })?;
            let path = format!("{HOST_ENDPOINTS}/{name}.yaml");
            files.push(self.sheet.file(path, &template, own)?);
        }
        Ok(())
    }
}

impl<'a> Sheet<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        templates: &'a Templates,
        network: Option<Network>,
        shared: Facts,
    ) -> Self {
        Self {
            plan,
            templates,
            network,
            shared: Arc::new(shared),
        }
    }

    /// The folder of the templates, and of the files below the target's.
    fn folder(&self) -> &'static str {
        self.network.map_or(isolation::ISOLATION, Network::word)
    }

    /// The bundle of these files.
    pub(super) fn bundle(&self, mut files: Vec<RenderedFile>) -> Result<Bundle, InputError> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        refuse_twins(&files)?;
        Ok(Bundle {
            folder: format!("{}/{}", self.plan.folder(), self.folder()),
            network: self.network,
            files,
        })
    }

    /// Renders one file with the template of this name, and reads it back.
    pub(super) fn file(
        &self,
        path: String,
        template: &str,
        own: Facts,
    ) -> Result<RenderedFile, InputError> {
        let template = &format!("{}/{template}{ENDING}", self.folder());
        let view = View::new(&self.shared, own);
        let body = self.templates.render(template, &view)?;
        let header = self.header(&view);
        let text = format!("{header}{body}");
        let folder = self.plan.folder();
        let input = Input::new(
            format!("{folder}/{}/{path} (rendered)", self.folder()),
            text,
        );
        let (resources, mut findings) = read(&input);
        let mut set = ResourceSet::default();
        for resource in &resources {
            set.add(resource.clone());
        }
        findings.extend(validate(&set, Rules::default()));
        let behind = |place: &Place| {
            let header_lines = u32::try_from(header.lines().count()).unwrap_or_default();
            let line = place.span.line.checked_sub(header_lines)?;
            self.templates.line_behind(template, &view, line)
        };
        let refuse = |error: InputError, place: &Place| match behind(place) {
            Some(place) => {
                error.also(InputError::new("this line of the template made it").at(place))
            }
            None => error.hint(format!("it was rendered from templates/{template}")),
        };
        if let Some(finding) = worst(findings) {
            let place = finding.place.clone();
            return Err(refuse(finding.into_error(), &place));
        }
        let place = Place::new(&input, Span::in_text(&input.text, 0..0));
        if resources.is_empty() {
            let error = InputError::new(format!("templates/{template} renders no object"));
            return Err(error.at(place).hint("leave a part out with `--without`"));
        }
        if let Some(stranger) = resources.iter().find(|r| !belongs(&r.key.kind)) {
            let place = stranger.place();
            let error = InputError::new(format!("a {} is no part of a bundle", stranger.key.kind));
            return Err(refuse(error.at(place.clone()), &place));
        }
        let wrong_api = resources
            .iter()
            .find(|resource| resource.api == Api::CalicoV1);
        if let Some(resource) = wrong_api {
            let place = resource.place();
            let error = InputError::new(format!(
                "only `{}` is written, and `{}` skips its checks",
                Api::CALICO_V3,
                Api::CALICO_V1
            ));
            return Err(refuse(error.at(place.clone()), &place));
        }
        Ok(RenderedFile {
            path,
            input,
            resources,
        })
    }

    /// The first lines of a file: by what it was made, from which facts, and what to do instead of
    /// editing it. The digest is of the facts that the file shows, not of where they come from, so
    /// facts that are looked up again and found the same change no file.
    fn header(&self, view: &View) -> String {
        let profile = match &self.plan.target {
            Target::Region => "region profile".to_owned(),
            Target::Cluster(name) => format!("cluster profile {name} and region profile"),
        };
        let strict = if self.plan.strict && self.network.is_some() {
            STRICT
        } else {
            ""
        };
        format!(
            "# Made by palisade {} from {profile} {}, facts {}.\n\
             # Do not edit: change the facts and run `palisade gen` again.\n\
             {strict}",
            env!("CARGO_PKG_VERSION"),
            self.plan.region.region.value,
            view.digest(),
        )
    }
}

fn too_long(plan: &Plan, worker: &Worker, name: &str) -> InputError {
    let error = InputError::new(format!(
        "the host endpoint's name `{name}` is longer than {LONGEST_NAME} characters"
    ));
    match &plan.workers {
        Some(workers) => error.at(Place::new(&workers.input, worker.name.span)),
        None => error,
    }
}

/// Whether a bundle may hold objects of `kind`: those that isolate, and what they need.
fn belongs(kind: &Kind) -> bool {
    kind.is_policy()
        || matches!(
            kind,
            Kind::GlobalNetworkSet | Kind::NetworkSet | Kind::HostEndpoint | Kind::Tier
        )
}

fn worst(findings: Vec<Finding>) -> Option<Finding> {
    findings
        .into_iter()
        .find(|finding| finding.severity == Severity::Error)
}

/// Refuses two files that render an object of one name: only one of them would hold.
fn refuse_twins(files: &[RenderedFile]) -> Result<(), InputError> {
    let mut seen: BTreeMap<&Key, &Resource> = BTreeMap::new();
    for resource in files.iter().flat_map(|file| &file.resources) {
        if let Some(first) = seen.insert(&resource.key, resource) {
            return Err(
                InputError::new(format!("{} is rendered twice", resource.key))
                    .at(resource.place())
                    .also(InputError::new("the first one").at(first.place())),
            );
        }
    }
    Ok(())
}

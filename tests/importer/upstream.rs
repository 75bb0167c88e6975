//! A small upstream: the policies of made-up regions in upstream's shape, with addresses of the
//! documentation ranges. What holds in every region comes from the platform profile.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use git2::{Oid, Repository, Signature, Time};
use palisade::bundle::{Bundle, Plan, Templates, render};
use palisade::finding::{Input, InputError};
use palisade::net::{Cidr, PortRange};
use palisade::profile::{Library, Name, PlatformProfile, RegionProfile};
use palisade::report::terminal::{Style, input_error};
use palisade::upstream::kube_samples::{Import, Origin, Texts, import};
use palisade::upstream::parity::{Drift, Rendered, drift};

/// The commit that the tests say they read.
pub(crate) const COMMIT: &str = "1111222233334444555566667777888899990000";

/// The policies of some regions, by path.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) files: BTreeMap<String, String>,
}

/// The facts of every region that differ from region to region.
pub(crate) const PRIVATE: [&str; 3] = ["192.0.2.9/32", "192.0.2.10/32", "192.0.2.64/26"];
pub(crate) const PUBLIC: [&str; 2] = ["198.51.100.7/32", "198.51.100.8/32"];

pub(crate) fn platform() -> PlatformProfile {
    Library::embedded()
        .platform()
        .expect("the platform profile")
}

fn ports_of(groups: &[&[PortRange]]) -> String {
    let ports = groups.iter().flat_map(|group| group.iter());
    ports.fold(String::new(), |mut text, port| {
        let _ = write!(text, "\n      - {port}");
        text
    })
}

fn nets_of(nets: &[Cidr]) -> String {
    nets.iter().fold(String::new(), |mut text, net| {
        let _ = write!(text, "\n      - {net}");
        text
    })
}

/// A rule for outgoing traffic: the lines of its destination below `nets`, and its ports.
fn rule(protocol: &str, nets: &str, ports: &str) -> String {
    let nets = if nets.is_empty() {
        String::new()
    } else {
        format!("\n      nets:{nets}")
    };
    let ports = if ports.is_empty() {
        String::new()
    } else {
        format!("\n      ports:{ports}")
    };
    let protocol = if protocol.is_empty() {
        String::new()
    } else {
        format!("\n    protocol: {protocol}")
    };
    format!("\n  - action: Allow\n    destination:{nets}{ports}{protocol}\n    source: {{}}")
}

fn both(nets: &str, ports: &str) -> String {
    rule("UDP", nets, ports) + &rule("TCP", nets, ports)
}

fn policy(name: &str, selector: &str, order: f64, egress: &str, ingress: &str) -> String {
    let mut spec = String::new();
    let mut types = String::new();
    for (key, word, rules) in [
        ("egress", "Egress", egress),
        ("ingress", "Ingress", ingress),
    ] {
        if !rules.is_empty() {
            let _ = write!(spec, "\n  {key}:{rules}");
            let _ = write!(types, "\n  - {word}");
        }
    }
    format!(
        "# This policy opens what {name} says.\n\napiVersion: projectcalico.org/v3\n\
         kind: GlobalNetworkPolicy\nmetadata:\n  name: {name}\nspec:{spec}\n  order: {order}\n  \
         selector: {selector}\n  types:{types}\n"
    )
}

impl Upstream {
    /// The policies of `regions`, in the layout of today.
    pub(crate) fn of(regions: &[&str]) -> Self {
        let mut upstream = Self {
            files: BTreeMap::new(),
        };
        for region in regions {
            upstream.add(region);
        }
        upstream
    }

    /// All policies of `regions`, as they must be so that what is rendered from their facts is
    /// what they say.
    pub(crate) fn whole(regions: &[&str]) -> Self {
        let mut upstream = Self::of(regions);
        for profile in upstream.import().expect("regions").profiles {
            for bundle in bundles(&profile) {
                for file in bundle.files {
                    let path = format!(
                        "calico-policies/{}-network-isolation/{}/{}",
                        bundle.network.expect("a region has no apps"),
                        profile.region.value,
                        file.path
                    );
                    let text = as_upstream(&file.input.text, file.path.contains("services"));
                    upstream.files.insert(path, text);
                }
            }
        }
        upstream
    }

    /// What differs in the one region's policies from what is rendered from its facts.
    pub(crate) fn drifts(&self) -> Vec<Drift> {
        let import = self
            .import()
            .unwrap_or_else(|error| panic!("{}", shown(&error)));
        let drifts = import.profiles.iter().flat_map(|profile| {
            let region = &profile.region.value;
            drift(region, &import.policies[region], &rendered(profile))
        });
        drifts.collect()
    }

    fn add(&mut self, region: &str) {
        let platform = platform();
        let pods = platform.pods.clone();
        for (network, addresses, zones) in [
            ("private", &PRIVATE[..], "abc01, abc02"),
            ("public", &PUBLIC[..], "abc01, abc02"),
        ] {
            let role = format!("{} == 'worker_{network}'", platform.role_label);
            let folder = format!("calico-policies/{network}-network-isolation/{region}");
            let masters = addresses.iter().fold(
                format!("\n      # Control plane IP addresses for {region}: {zones}"),
                |text, net| format!("{text}\n      - {net}"),
            );
            let ports = &platform.ports;
            let proxy = both(
                &nets_of(&platform.local_proxy.nets),
                &ports_of(&[&platform.local_proxy.ports]),
            );
            let mut put = |name: &str, selector: &str, egress: &str, ingress: &str| {
                let known = platform.policies.iter().find(|p| p.name.as_str() == name);
                let order = known.expect("a known policy").order;
                let text = policy(name, selector, order, egress, ingress);
                self.files.insert(format!("{folder}/{name}.yaml"), text);
            };
            let workers_ports = ports_of(&[&platform.control_plane_ports.workers]);
            put(
                &format!("allow-{network}-service-endpoint"),
                &role,
                &both(&masters, &workers_ports),
                "",
            );
            let pod_ports = ports_of(&[&platform.control_plane_ports.pods]);
            let mut for_pods = both("", &ports_of(&[&ports.dns, &ports.nfs])) + &proxy;
            if network == "private" {
                let _ = write!(
                    for_pods,
                    "\n  - action: Allow\n    # To pods\n    destination:\n      selector: {pods}\
                     \n    source: {{}}\n  - action: Allow\n    destination:\n      notNets:{}\
                     \n    source: {{}}",
                    nets_of(&platform.subnets.private)
                );
            }
            for_pods += &both(&masters, &pod_ports);
            put(
                &format!("allow-egress-pods-{network}"),
                &pods,
                &for_pods,
                "",
            );
            let api = both(
                "\n      - 203.0.113.1/32 # For clusters created <3 years ago\
                 \n      - 203.0.113.2/32 # For clusters created >3 years ago",
                &ports_of(&[&ports.kubernetes_api]),
            );
            let mut ibm_ports = both("", &ports_of(&[&ports.dns, &ports.typha])) + &proxy + &api;
            if network == "public" {
                ibm_ports += &rule("", &nets_of(&[platform.subnets.pods]), "");
            }
            let incoming = both("", &ports_of(&[&ports.dns, &ports.kubelet]));
            put(
                &format!("allow-ibm-ports-{network}"),
                &role,
                &ibm_ports,
                &incoming,
            );
            let services = services(network);
            let (out, incoming) = if network == "public" {
                let istio = |ports| rule("TCP", "", &ports_of(&[ports]));
                (
                    istio(&platform.istio.egress),
                    istio(&platform.istio.ingress),
                )
            } else {
                (String::new(), String::new())
            };
            let opened = services + &out;
            put(
                &format!("allow-{network}-services"),
                &role,
                &opened,
                &incoming,
            );
            put(
                &format!("allow-{network}-services-pods"),
                &pods,
                &opened,
                "",
            );
            if network == "private" {
                let (out, incoming) = subnets();
                put("allow-sys-mgmt-private", &role, &out, &incoming);
            }
            let bare = addresses.iter().filter_map(|net| net.split('/').next());
            let list = bare.collect::<Vec<_>>().join("\n") + "\n";
            self.files
                .insert(format!("{folder}/{network}-ips.md"), list);
        }
    }

    /// Replaces `from` in the one file whose path ends in `file`: the first time it stands there.
    pub(crate) fn with(mut self, file: &str, from: &str, to: &str) -> Self {
        let mut found = self
            .files
            .iter_mut()
            .filter(|(path, _)| path.ends_with(file));
        let (path, text) = found.next().unwrap_or_else(|| panic!("no file {file}"));
        assert!(found.next().is_none(), "several files {file}");
        assert!(text.contains(from), "{path} has no {from:?}:\n{text}");
        *text = text.replacen(from, to, 1);
        self
    }

    /// Replaces `from` wherever it stands in files whose path contains `file`.
    pub(crate) fn with_all(mut self, file: &str, from: &str, to: &str) -> Self {
        let mut found = false;
        for (_, text) in self
            .files
            .iter_mut()
            .filter(|(path, _)| path.contains(file))
        {
            found |= text.contains(from);
            *text = text.replace(from, to);
        }
        assert!(found, "no {file} has {from:?}");
        self
    }

    /// Takes out every file whose path contains `part`.
    pub(crate) fn without(mut self, part: &str) -> Self {
        let before = self.files.len();
        self.files.retain(|path, _| !path.contains(part));
        assert!(self.files.len() < before, "no file {part}");
        self
    }

    /// Puts every file elsewhere.
    pub(crate) fn moved(self, new_path: impl Fn(&str) -> String) -> Self {
        let files = self.files.into_iter();
        Self {
            files: files.map(|(path, text)| (new_path(&path), text)).collect(),
        }
    }

    /// The files as the importer takes them.
    pub(crate) fn texts(&self) -> Texts {
        let input = |(path, text): (&String, &String)| (path.clone(), Input::new(path, text));
        self.files.iter().map(input).collect()
    }

    /// Imports every region.
    pub(crate) fn import(&self) -> Result<Import, InputError> {
        import(&self.texts(), "", &origin(), &platform(), &[])
    }

    /// The one region's profile.
    pub(crate) fn profile(&self) -> RegionProfile {
        let import = self
            .import()
            .unwrap_or_else(|error| panic!("{}", shown(&error)));
        assert_eq!(import.profiles.len(), 1);
        import.profiles.into_iter().next().expect("a region")
    }

    /// What a person is told who imports this.
    pub(crate) fn refusal(&self) -> String {
        match self.import() {
            Ok(_) => panic!("this was imported"),
            Err(error) => shown(&error),
        }
    }

    /// Writes the files below `folder`.
    pub(crate) fn write_to(&self, folder: &Path) {
        for (path, text) in &self.files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
            fs::write(path, text).expect("the file is written");
        }
    }

    /// Writes the files below `folder` as a copy that says which commit it was made from.
    pub(crate) fn copy_to(&self, folder: &Path) {
        let copy = self
            .clone()
            .moved(|path| path.replacen("calico-policies/", "", 1));
        copy.write_to(folder);
        let source = format!(
            "repository: https://example.com/policies\npath: calico-policies\n\
             commit: {COMMIT}\npolicies_last_changed: 2024-05-06\n"
        );
        fs::write(folder.join("SOURCE.yaml"), source).expect("the file is written");
    }

    /// Commits the files, and no other, to the repository's `HEAD` at `seconds`.
    pub(crate) fn commit(&self, repository: &Repository, seconds: i64) -> Oid {
        let mut index = git2::Index::new().expect("an index");
        for (path, text) in &self.files {
            let entry = git2::IndexEntry {
                ctime: git2::IndexTime::new(0, 0),
                mtime: git2::IndexTime::new(0, 0),
                dev: 0,
                ino: 0,
                mode: 0o100_644,
                uid: 0,
                gid: 0,
                file_size: 0,
                id: repository.blob(text.as_bytes()).expect("a blob"),
                flags: 0,
                flags_extended: 0,
                path: path.clone().into_bytes(),
            };
            index.add(&entry).expect("an entry");
        }
        let tree = index.write_tree_to(repository).expect("a tree");
        let tree = repository.find_tree(tree).expect("the tree");
        // East of Greenwich, where it is the next day already.
        let time = Time::new(seconds, 600);
        let someone = Signature::new("Someone", "someone@example.com", &time).expect("a signature");
        let parent = repository
            .head()
            .ok()
            .and_then(|head| head.peel_to_commit().ok());
        let parents: Vec<_> = parent.iter().collect();
        repository
            .commit(
                Some("HEAD"),
                &someone,
                &someone,
                "Policies",
                &tree,
                &parents,
            )
            .expect("a commit")
    }
}

/// Everything that is rendered from a region's facts.
fn bundles(profile: &RegionProfile) -> Vec<Bundle> {
    let plan = Plan::whole(profile.clone(), platform());
    let templates = Templates::embedded().expect("templates");
    render(&plan, &templates).expect("a render").0
}

/// The normal forms of everything that is rendered from a region's facts.
pub(crate) fn rendered(profile: &RegionProfile) -> Rendered {
    let bundles = bundles(profile);
    bundles.iter().flat_map(Bundle::normal_forms).collect()
}

/// What was rendered as upstream writes it: with the comments that hold facts.
fn as_upstream(rendered: &str, is_of_services: bool) -> String {
    let mut text = String::new();
    let mut group = None;
    for line in rendered.lines().skip(2).filter(|l| *l != "  tier: default") {
        let comment = line.trim_start().strip_prefix("# ");
        let heading = comment.and_then(|comment| {
            let commas = |zones: &str| zones.trim_end_matches('.').replace(' ', ", ");
            if let Some(rest) = comment.strip_prefix("Masters of ") {
                let (region, zones) = rest.split_once(", in the zones ")?;
                Some(format!(
                    "Control plane IP addresses for {region}: {}",
                    commas(zones)
                ))
            } else if let Some(zones) = comment.strip_prefix("Every cluster needs these: ") {
                Some(format!("Required nets for all clusters: {}", commas(zones)))
            } else {
                let is_zones = comment.starts_with("The zones of ");
                is_zones.then(|| "Nets for ABC zones".to_owned())
            }
        });
        if let Some(heading) = heading {
            let _ = writeln!(text, "      # {heading}");
            continue;
        }
        let _ = writeln!(text, "{line}");
        if let Some(comment) = comment.filter(|_| is_of_services) {
            group = Some(comment);
        }
        if let Some(group) = group.filter(|_| line == "      nets:") {
            let heading = match group {
                "registry" => "IBM Cloud Container Registry: ours",
                "monitoring" => "IBM Cloud Monitoring ingest: ours",
                "monitoring-api" => "IBM Cloud Monitoring API: ours",
                _ => "IBM Log Analysis with LogDNA: ours",
            };
            let _ = writeln!(text, "      # {heading}");
        }
    }
    text
}

/// The rules of the service groups.
fn services(network: &str) -> String {
    let nets = |heading: &str, nets: &[&str]| {
        nets.iter()
            .fold(format!("\n      # {heading}"), |text, net| {
                format!("{text}\n      - {net}")
            })
    };
    let ports = |ports: &[u16]| {
        ports.iter().fold(String::new(), |text, port| {
            format!("{text}\n      - {port}")
        })
    };
    let registry = rule(
        "TCP",
        &(nets(
            "IBM Cloud Container Registry: Global registry",
            &["203.0.113.16/28"],
        ) + &nets("IBM Cloud Container Registry: ours", &["203.0.113.9/32"])),
        &ports(&[8443, 443]),
    );
    let logging = rule(
        "TCP",
        &nets(
            "IBM Log Analysis with LogDNA: ours",
            &["203.0.113.40/32", "203.0.113.41/32 "],
        ),
        &ports(&[443, 80]),
    );
    if network == "public" {
        return registry + &logging;
    }
    let syslog = |protocol| {
        let nets = nets("IBM Log Analysis with LogDNA: ours", &["203.0.113.44/32"]);
        rule(protocol, &nets, &ports(&[514]))
    };
    let monitoring = |what: &str, port| {
        let nets = nets(
            &format!("IBM Cloud Monitoring {what}: ours"),
            &["203.0.113.50/32"],
        );
        rule("TCP", &nets, &ports(&[port]))
    };
    registry
        + &monitoring("ingest", 8080)
        + &monitoring("API", 443)
        + &logging
        + &syslog("TCP")
        + &syslog("UDP")
}

/// The rules of the infrastructure subnets, outgoing and incoming.
fn subnets() -> (String, String) {
    let nets = "\n      # Required nets for all clusters: abc09, xyz01\
                \n      - 192.0.2.128/28\n      - 192.0.2.144/28\n      - 192.0.2.112/28\
                \n      # Nets for ABC zones\
                \n      - 192.0.2.176/28 # abc02\n      - 192.0.2.160/28 # abc01";
    let incoming =
        format!("\n  - action: Allow\n    destination: {{}}\n    source:\n      nets:{nets}");
    (rule("", nets, ""), incoming)
}

/// Where the tests say that the texts come from.
pub(crate) fn origin() -> Origin {
    Origin {
        repository: "https://example.com/policies".to_owned(),
        commit: COMMIT.to_owned(),
        date: "2024-05-06".parse().expect("a day"),
    }
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub(crate) fn shown(error: &InputError) -> String {
    input_error(error, Style::Plain)
}

/// The platform profile of made-up regions, which lie on the networks of documents: any list may hold
/// them here. Everything else is as it is.
pub(crate) fn made_up_platform() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/platform.yaml");
    let text = fs::read_to_string(path).expect("the platform profile");
    let mut count = 0;
    let lines = text.lines().map(|line| match line.strip_suffix('}') {
        Some(entry) if line.contains("documentation, RFC") => {
            count += 1;
            format!("{entry}, networks: [private, public]}}\n")
        }
        _ => format!("{line}\n"),
    });
    let text: String = lines.collect();
    assert_eq!(count, 2, "documents of both families");
    text
}

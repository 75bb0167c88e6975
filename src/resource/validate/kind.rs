//! Kinds that no API has, that the version has not, and that bear on no verdict.

use crate::finding::{Code, nearest};
use crate::resource::{Api, Body, Era, Kind};

use super::judge::{Judge, Raw};

/// Calico's kinds that bear on no verdict.
const ASIDE: &[&str] = &[
    "BGPConfiguration",
    "BGPFilter",
    "BGPPeer",
    "BlockAffinity",
    "CalicoNodeStatus",
    "IPAMBlock",
    "IPAMConfig",
    "IPAMConfiguration",
    "IPAMHandle",
    "IPPool",
    "IPReservation",
    "KubeControllersConfiguration",
    "Node",
    "WorkloadEndpoint",
];

/// Kubernetes' kinds of the group of its policies that bear on no verdict.
const NETWORKING: &[&str] = &["Ingress", "IngressClass", "IPAddress", "ServiceCIDR"];

impl Judge<'_> {
    /// Judges the kind. Says whether the object is one to judge further.
    pub(super) fn kind(&mut self) -> bool {
        let resource = self.resource;
        let (Kind::Other(api_version, word), Body::Other) = (&resource.key.kind, &resource.body)
        else {
            self.kind_of_version();
            return true;
        };
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let meant = match group {
            "projectcalico.org" | "crd.projectcalico.org" => calicos(group, version, word),
            "" | "networking.k8s.io" | "discovery.k8s.io" | "extensions" => kubernetes(group, word),
            _ => None,
        };
        let span = resource.span;
        if resource
            .key
            .kind
            .is_cluster_wide_policy_of_another_version()
        {
            let known = Kind::READ.iter().find(|known| known.word() == &**word);
            let message = format!(
                "nothing says what Calico makes of a {word} of {api_version}: verdicts on pods \
                 are unknown"
            );
            let finding = self.finding(Code::KindNotEnforced, span, message);
            let right = known.map_or("", Kind::api_version);
            self.remark(finding.hint(format!("write `apiVersion: {right}`")));
        } else if let Some(meant) = meant {
            let message = format!("there is no {word} under `apiVersion: {api_version}`");
            let finding = self.finding(Code::NoSuchKind, span, message);
            self.refuse(finding.hint(meant), Raw::REFUSED);
        } else {
            let message = format!("{word} of {api_version} bears on no verdict: left aside");
            let finding = self.finding(Code::UnknownKind, span, message);
            self.remark(finding);
        }
        false
    }

    /// Kinds that came later than the version (section 0).
    fn kind_of_version(&mut self) {
        let kind = &self.resource.key.kind;
        let since = match kind {
            Kind::Tier if self.rules.version.era() == Era::E1 => "3.29",
            kind if kind.is_staged() && !self.since(30) => "3.30",
            _ => return,
        };
        let message = format!("Calico {} has no {kind}", self.rules.version);
        let finding = self.finding(Code::NoSuchKind, self.resource.span, message);
        self.refuse(
            finding.hint(format!("it came with Calico {since}")),
            Raw::REFUSED,
        );
    }
}

/// What is meant by a kind that is given under a group of Calico's; nothing where it is one of
/// Calico's own.
fn calicos(group: &str, version: &str, word: &str) -> Option<String> {
    let right = if group == "projectcalico.org" {
        Api::CALICO_V3
    } else {
        Api::CALICO_V1
    };
    let kinds = Kind::READ
        .iter()
        .filter(|kind| kind.api_version() == Api::CALICO_V3)
        .map(Kind::word)
        .chain(ASIDE.iter().copied());
    if kinds.clone().any(|kind| kind == word) {
        let is_right = right.ends_with(version);
        return (!is_right).then(|| format!("write `apiVersion: {right}`"));
    }
    Some(match nearest(word, kinds).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => "open source Calico has no such kind".to_owned(),
    })
}

/// What is meant by a kind that is given under a group of Kubernetes'; nothing where it may well
/// be one of the many that bear on no verdict.
fn kubernetes(group: &str, word: &str) -> Option<String> {
    let known = Kind::READ
        .iter()
        .filter(|known| known.word().eq_ignore_ascii_case(word));
    let homes: Vec<String> = known
        .map(|known| format!("`{}` of `{}`", known.word(), known.api_version()))
        .collect();
    if !homes.is_empty() {
        return Some(format!("write {}", homes.join(" or ")));
    }
    if group == "networking.k8s.io" && !NETWORKING.contains(&word) {
        let near = nearest(word, ["NetworkPolicy"]);
        return near.first().map(|near| format!("did you mean `{near}`?"));
    }
    None
}

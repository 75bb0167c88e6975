//! At which step of the roll-out an object is applied.

use palisade::finding::Input;
use palisade::question::rollout::Wave;
use palisade::resource::ResourceSet;

use crate::call::Room;

fn waves(text: &str) -> Vec<Wave> {
    let set = ResourceSet::read([&Input::new("given.yaml", text)]);
    set.iter().map(Wave::of).collect()
}

/// The wave of a policy with this spec.
fn wave(kind: &str, spec: &str) -> Wave {
    let text = format!(
        "apiVersion: projectcalico.org/v3\nkind: {kind}\nmetadata: {{name: a, namespace: b}}\nspec: {spec}\n"
    );
    let text = if kind.contains("Global") {
        text.replace(", namespace: b", "")
    } else {
        text
    };
    let found = waves(&text);
    assert_eq!(found.len(), 1, "{spec}");
    found[0]
}

#[test]
fn a_policy_is_of_the_wave_of_what_it_does() {
    const ALLOW: Wave = Wave::Allow;
    const DENY: Wave = Wave::Deny;
    let cases = [
        // Everything that it governs is opened in part.
        ("{types: [Ingress], ingress: [{action: Allow}]}", ALLOW),
        (
            "{types: [Ingress, Egress], ingress: [{action: Log}, {action: Allow}], egress: [{action: Pass}]}",
            ALLOW,
        ),
        // MOD-1: without `types` it governs what it has rules for.
        ("{egress: [{action: Allow}]}", ALLOW),
        // EVAL-7: a rule that denies.
        ("{types: [Ingress], ingress: [{action: Deny}]}", DENY),
        (
            "{types: [Ingress], ingress: [{action: Allow, protocol: TCP}, {action: Deny}]}",
            DENY,
        ),
        // EVAL-9: a direction without a rule that opens is denied at the end of the tier.
        (
            "{types: [Ingress, Egress], ingress: [{action: Allow}]}",
            DENY,
        ),
        ("{types: [Ingress], ingress: [{action: Log}]}", DENY),
        ("{types: [Egress]}", DENY),
        ("{}", DENY),
        // EVAL-17: where no match goes on, no rule closes nothing.
        (
            "{types: [Ingress], preDNAT: true, applyOnForward: true, ingress: [{action: Log}]}",
            ALLOW,
        ),
        (
            "{types: [Ingress], doNotTrack: true, applyOnForward: true, ingress: [{action: Deny}]}",
            DENY,
        ),
        // What is not understood waits.
        ("{types: [Ingress], ingress: [{action: Permit}]}", DENY),
    ];
    for (spec, expected) in cases {
        assert_eq!(wave("GlobalNetworkPolicy", spec), expected, "{spec}");
        if !spec.contains("applyOnForward") {
            assert_eq!(wave("NetworkPolicy", spec), expected, "{spec}");
        }
        // EVAL-8: nothing asks a staged one.
        assert_eq!(wave("StagedGlobalNetworkPolicy", spec), ALLOW, "{spec}");
    }
}

#[test]
fn kubernetes_policies_and_what_is_no_policy_have_their_waves() {
    let text = |api: &str, kind: &str, spec: &str| {
        format!(
            "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: a, namespace: b}}\nspec: {spec}\n"
        )
    };
    let calico = "projectcalico.org/v3";
    let kubernetes = "networking.k8s.io/v1";
    let cluster = "policy.networking.k8s.io/v1alpha1";
    let cases = [
        (
            kubernetes,
            "NetworkPolicy",
            "{podSelector: {}, ingress: [{}]}",
            Wave::Allow,
        ),
        (
            kubernetes,
            "NetworkPolicy",
            "{podSelector: {}, policyTypes: [Ingress]}",
            Wave::Deny,
        ),
        (
            kubernetes,
            "NetworkPolicy",
            "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}]}",
            Wave::Deny,
        ),
        (
            cluster,
            "AdminNetworkPolicy",
            "{priority: 1, subject: {namespaces: {}}, ingress: [{action: Allow, from: [{namespaces: {}}]}]}",
            Wave::Allow,
        ),
        (
            cluster,
            "AdminNetworkPolicy",
            "{priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}",
            Wave::Deny,
        ),
        (
            calico,
            "HostEndpoint",
            "{node: n, interfaceName: eth0}",
            Wave::HostEndpoint,
        ),
        (
            calico,
            "GlobalNetworkSet",
            "{nets: [192.0.2.0/24]}",
            Wave::Foundation,
        ),
        (
            calico,
            "NetworkSet",
            "{nets: [192.0.2.0/24]}",
            Wave::Foundation,
        ),
        (calico, "Tier", "{order: 5}", Wave::Foundation),
    ];
    for (api, kind, spec, expected) in cases {
        assert_eq!(waves(&text(api, kind, spec)), [expected], "{kind} {spec}");
    }
}

#[test]
fn in_every_region_what_opens_comes_before_what_closes() {
    let room = Room::new();
    let ran = room.run("gen --region all --platform openshift --with dashboard --no-verify -o -");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut counts = std::collections::BTreeMap::new();
    for document in ran.stdout.split("\n---\n") {
        let set = ResourceSet::read([&Input::new("one", document)]);
        for object in set.iter() {
            let is_deny = object.key.name.starts_with("deny-");
            let expected = if is_deny { Wave::Deny } else { Wave::Allow };
            assert_eq!(Wave::of(object), expected, "{}", object.key);
            *counts.entry(expected).or_insert(0) += 1;
        }
    }
    assert_eq!(counts[&Wave::Deny], 20);
    assert_eq!(counts[&Wave::Allow], 190);
}

//! What layouts are told, and what a wrong word gets.

use crate::call::Room;
use crate::layout::{ARGOCD, FLUX};

#[test]
fn what_is_missing_or_of_another_layout_is_refused() {
    const CASES: [(&str, &str); 25] = [
        (
            "--layout argocd",
            "error: `--layout argocd` wants `--project`\n",
        ),
        (
            "--layout argocd --project p",
            "error: `--layout argocd` wants `--repo-url`\n",
        ),
        (
            "--layout argocd --project p --repo-url https://git.example/p",
            "error: `--layout argocd` wants `--revision`\n",
        ),
        (
            "--layout argocd --project p --repo-url https://git.example/p --revision main",
            "error: `--layout argocd` wants `--destination`\n",
        ),
        ("--layout flux", "error: `--layout flux` wants `--source`\n"),
        (
            "--revision main",
            "error: `--revision` goes with `--layout argocd`, and the layout is plain\n",
        ),
        (
            "--layout kustomize --prune",
            "error: `--prune` goes with `--layout argocd` and `--layout flux`, and the layout is kustomize\n",
        ),
        (
            "--layout flux --source GitRepository/a --project p",
            "error: `--project` goes with `--layout argocd`, and the layout is flux\n",
        ),
        (
            "--layout argocd --source GitRepository/a",
            "error: `--source` goes with `--layout flux`, and the layout is argocd\n",
        ),
        (
            "--layout flux --source policies",
            "error: `--source policies` does not say of which kind it is\n |\n = help: write it GitRepository/policies\n",
        ),
        (
            "--layout flux --source GitRepositry/policies",
            "error: Flux has no source of kind `GitRepositry`\n |\n = help: did you mean `GitRepository` or `OCIRepository`?\n",
        ),
        (
            "--layout flux --source GitRepository/Policies",
            "error: `--source`: `Policies` is not a name",
        ),
        (
            "--layout flux --source GitRepository/a --controller-namespace A",
            "error: `--controller-namespace`: `A` is not a name",
        ),
        (
            "--layout flux --source GitRepository/a --repo-path ../b",
            "error: `--repo-path ../b` does not say where in the repository the files are\n |\n = help: give `--repo-path PATH`",
        ),
        (
            "--layout flux --source GitRepository/a -o /nowhere/b",
            "error: `-o /nowhere/b` does not say where in the repository the files are\n",
        ),
        (
            "--layout kustomize -o -",
            "error: `--layout kustomize` is one of a folder, and `-o -` is none\n",
        ),
        (
            "--layout flux --source GitRepository/a -o -",
            "error: `--layout flux` is one of a folder, and `-o -` is none\n",
        ),
        (
            "--layout argocd --project p -o -",
            "error: what goes into an `Application` is not printed by `-o -`\n",
        ),
        (
            "--layout argocd --prune -o -",
            "error: what goes into an `Application` is not printed by `-o -`\n",
        ),
        (
            "--layout argocd --project p --repo-url https://git.example/p --revision main --destination https://me:word@api.example",
            "error: `--destination` holds a user or a password\n",
        ),
        (
            "--layout argocd --project p --repo-url https://git.example/p?token=word --revision main --destination a",
            "error: `--repo-url` holds a query or a fragment\n",
        ),
        (
            "--layout argocd --project p --repo-url https://git.example/p#word --revision main --destination a",
            "error: `--repo-url` holds a query or a fragment\n",
        ),
        (
            "--layout argocd --project p --repo-url file:///srv/p --revision main --destination a",
            "error: `--repo-url file:///srv/p` is not an address of a Git repository\n |\n \
             = help: write https://HOST/PATH, ssh://git@HOST/PATH or git@HOST:PATH",
        ),
        (
            "--layout flux --source me:word@git.example/p",
            "error: `--source` holds a user or a password\n",
        ),
        (
            "--layout kustomize --apply calicoctl --calicoctl-image me:word@r.example/x:v1",
            "error: `--calicoctl-image` holds a user or a password\n",
        ),
    ];
    for (arguments, expected) in CASES {
        refused(arguments, expected);
    }
}

/// Runs `gen`, which refuses the arguments with these first words and writes nothing.
pub(crate) fn refused(arguments: &str, expected: &str) {
    let room = Room::new();
    let ran = room.run(&format!("gen --region us-south {arguments}"));
    assert_eq!(ran.code, 2, "{arguments}: {}", ran.stderr);
    let told = &ran.stderr;
    assert!(told.starts_with(expected), "{arguments}: {told}");
    assert!(!room.path("generated").exists(), "{arguments}");
}

#[test]
fn a_token_in_an_address_is_neither_written_nor_shown() {
    for (address, code) in [
        ("https://glpat-secret@git.example/p.git", 2),
        ("https://me:glpat-secret@git.example/p.git", 2),
        ("ssh://me:glpat-secret@git.example/p.git", 2),
        ("ssh://git@git.example/p.git", 0),
        ("git@git.example:team/p.git", 0),
    ] {
        let room = Room::new();
        let ran = room.run(&format!(
            "gen --region us-south --private --no-verify --layout argocd --project p \
             --repo-url {address} --revision main --destination in-cluster"
        ));
        assert_eq!(ran.code, code, "{address}: {}", ran.stderr);
        assert!(!ran.stderr.contains("glpat"), "{}", ran.stderr);
    }
}

/// The lines of the layout's own file, without indentation.
fn lines(arguments: &str, path: &str) -> Vec<String> {
    let room = Room::new();
    let ran = room.run(&format!("gen --region us-south --private {arguments}"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = room.read(path);
    text.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn every_argument_is_where_it_belongs() {
    let argocd = lines(
        &format!("{ARGOCD} --prune --controller-namespace gitops -o ./out/policies"),
        "out/policies/us-south/private/argocd/application.yaml",
    );
    let flux = lines(
        "--layout flux --source OCIRepository/policies.artifacts --prune --repo-path .",
        "generated/us-south/private/flux/kustomizations.yaml",
    );
    let cases = [
        (&argocd, "path: out/policies/us-south/private"),
        (&argocd, "prune: true"),
        (&argocd, "namespace: gitops"),
        (&argocd, "name: in-cluster"),
        (&flux, "path: ./us-south/private/1-allow"),
        (&flux, "prune: true"),
        (&flux, "deletionPolicy: Orphan"),
        (&flux, "kind: OCIRepository"),
        (&flux, "namespace: artifacts"),
        (&flux, "namespace: flux-system"),
    ];
    for (lines, expected) in cases {
        assert!(lines.iter().any(|line| line == expected), "{expected}");
    }
    let server = lines(
        &ARGOCD.replace("in-cluster", "https://10.0.0.1:6443"),
        "generated/us-south/private/argocd/application.yaml",
    );
    let at = server.iter().position(|line| line == "destination:");
    assert_eq!(server[at.unwrap() + 1], "server: https://10.0.0.1:6443");
    let usual = lines(FLUX, "generated/us-south/private/flux/kustomizations.yaml");
    assert!(!usual.iter().any(|line| line.starts_with("deletionPolicy")));
}

const ICMP: &str = "mine/private/allow-icmp-private.yaml.j2";

/// Runs with a template of the user's own that ends with `spec`.
fn with_template(text: &str, layout: &str) -> (Room, crate::call::Ran) {
    let room = Room::new();
    room.write(ICMP, text);
    let ran = room.run(&format!(
        "gen --region us-south --private --no-verify --templates mine {layout}"
    ));
    (room, ran)
}

const SPEC: &str = "spec:\n  tier: default\n  order: {{ order }}\n  selector: {{ workers }}\n  \
    types: [Ingress]\n  ingress:\n  - action: Allow\n    protocol: ICMP\n";
const HEAD: &str = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\n";

#[test]
fn metadata_of_any_style_takes_the_labels() {
    const WAVE: &str = "argocd.argoproj.io/sync-wave: \"1\"";
    const OURS: &str = "app.kubernetes.io/managed-by: palisade";
    const BUNDLE: &str = "palisade/bundle: us-south.private";
    let cases = [
        (
            "metadata: {name: {{ name }}}\n",
            format!(
                "metadata: {{annotations: {{{WAVE}}}, labels: {{{OURS}, {BUNDLE}}}, name: allow-icmp-private}}\n"
            ),
        ),
        (
            "metadata:\n    # Ours.\n    name: {{ name }}\n    labels: {team: a}\n",
            format!(
                "metadata:\n    # Ours.\n    annotations:\n      {WAVE}\n    name: allow-icmp-private\n    labels: {{{OURS}, {BUNDLE}, team: a}}\n"
            ),
        ),
        (
            "metadata:\n  name: {{ name }}\n  labels:\n    team: a\n  annotations: {}\n",
            format!(
                "metadata:\n  name: allow-icmp-private\n  labels:\n    {OURS}\n    {BUNDLE}\n    team: a\n  annotations: {{{WAVE}}}\n"
            ),
        ),
        // What a template says itself stays.
        (
            "metadata:\n  name: {{ name }}\n  labels:\n    palisade/bundle: mine\n",
            format!(
                "metadata:\n  annotations:\n    {WAVE}\n  name: allow-icmp-private\n  labels:\n    {OURS}\n    palisade/bundle: mine\n"
            ),
        ),
    ];
    for (metadata, expected) in cases {
        let (room, ran) = with_template(&format!("{HEAD}{metadata}{SPEC}"), ARGOCD);
        assert_eq!(ran.code, 0, "{metadata}: {}", ran.stderr);
        let text = room.read("generated/us-south/private/allow-icmp-private.yaml");
        assert!(text.contains(&expected), "{text}");
    }
}

#[test]
fn metadata_that_takes_no_labels_and_files_of_two_waves_are_refused() {
    let template = format!("{HEAD}metadata:\n  name: {{{{ name }}}}\n  labels:\n{SPEC}");
    let (room, ran) = with_template(&template, "--layout kustomize");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.starts_with(
            "error: GlobalNetworkPolicy allow-icmp-private cannot be given labels\n \
             --> us-south/private/allow-icmp-private.yaml (rendered):3:1\n"
        ),
        "{}",
        ran.stderr
    );
    assert!(!room.path("generated").exists());

    let two = format!(
        "{HEAD}metadata:\n  name: {{{{ name }}}}\n{SPEC}---\n{HEAD}metadata:\n  name: deny-icmp\n{}",
        SPEC.replace("Allow", "Deny")
    );
    for layout in ["--layout kustomize", ARGOCD, FLUX] {
        let (room, ran) = with_template(&two, layout);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(
            ran.stderr.starts_with(
                "error: GlobalNetworkPolicy deny-icmp belongs to another wave than what lies \
                 beside it in allow-icmp-private.yaml\n"
            ),
            "{}",
            ran.stderr
        );
        assert!(!room.path("generated").exists());
    }
    // Plain files have no waves.
    assert_eq!(with_template(&two, "").1.code, 0);
}

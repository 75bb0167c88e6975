//! What a cluster profile says of how its policies get there.

use crate::call::{Ran, Room};
use crate::layout::FLUX;

const CLUSTER: &str = "name: shop\nregion: us-south\nnetworks: [private]\n";

/// A section, and the arguments that say the same.
const ALIKE: [(&str, &str); 4] = [
    ("layout: plain\n", ""),
    (
        "layout: argocd\nrepoUrl: https://git.example/p.git\nrevision: main\nproject: network\n\
         destination: in-cluster\nrepoPath: policies\ncontrollerNamespace: gitops\nprune: true\n",
        "--layout argocd --repo-url https://git.example/p.git --revision main --project network \
         --destination in-cluster --repo-path policies --controller-namespace gitops --prune",
    ),
    (
        "layout: flux\nsource: GitRepository/policies.flux\n",
        "--layout flux --source GitRepository/policies.flux",
    ),
    (
        "layout: kustomize\napply: calicoctl\ncalicoctlImage: r.example/ctl:v3.31.2\n\
         calicoctlNamespace: network\n",
        "--layout kustomize --apply calicoctl --calicoctl-image r.example/ctl:v3.31.2 \
         --calicoctl-namespace network",
    ),
];

/// Runs `gen` with a cluster profile that has the section.
fn with(section: &str, arguments: &str) -> (Room, Ran) {
    let room = Room::new();
    let mut text = CLUSTER.to_owned();
    if !section.is_empty() {
        text.push_str("gitops:\n");
    }
    for line in section.lines() {
        text.push_str(&format!("  {line}\n"));
    }
    room.write("shop.yaml", text);
    let ran = room.run(&format!("gen --cluster shop.yaml --no-verify {arguments}"));
    (room, ran)
}

#[test]
fn a_profile_alone_says_what_arguments_say() {
    for (section, arguments) in ALIKE {
        let (by_profile, ran) = with(section, "");
        assert_eq!(ran.code, 0, "{section}: {}", ran.stderr);
        let (by_arguments, ran) = with("", arguments);
        assert_eq!(ran.code, 0, "{arguments}: {}", ran.stderr);
        assert_eq!(
            by_profile.files("generated"),
            by_arguments.files("generated"),
            "{section}"
        );
    }
}

#[test]
fn an_argument_beats_its_key() {
    let [_, (argocd, line), (flux, _), (jobs, _)] = ALIKE;
    let cases = [
        (
            argocd,
            "--revision v2",
            line.replace("--revision main", "--revision v2"),
        ),
        (argocd, "--prune=false", line.replace(" --prune", "")),
        // Another layout takes nothing of the section.
        (
            argocd,
            "--layout kustomize",
            "--layout kustomize".to_owned(),
        ),
        (argocd, FLUX, FLUX.to_owned()),
        (flux, "--layout plain", String::new()),
        (
            argocd,
            "--layout argocd --project p",
            line.replace("--project network", "--project p"),
        ),
        // What is said for calicoctl is of no use to the API.
        (jobs, "--apply api", "--layout kustomize".to_owned()),
    ];
    for (section, arguments, same) in cases {
        let (by_profile, ran) = with(section, arguments);
        assert_eq!(ran.code, 0, "{arguments}: {}", ran.stderr);
        let (by_arguments, ran) = with("", &same);
        assert_eq!(ran.code, 0, "{same}: {}", ran.stderr);
        assert_eq!(
            by_profile.files("generated"),
            by_arguments.files("generated"),
            "{arguments}"
        );
    }
}

#[test]
fn a_stream_has_no_layout() {
    let (_, by_profile) = with(ALIKE[1].0, "-o -");
    let (_, plain) = with("", "-o -");
    assert_eq!(by_profile, plain);
    assert_eq!(plain.code, 0);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let cases = [
        (
            "layout: argo\n",
            "error: unknown value `argo`\n --> shop.yaml:5:11\n",
        ),
        (
            "layout: flux\nrepoURL: a\n",
            "error: unknown key `repoURL`\n --> shop.yaml:6:3\n",
        ),
        (
            "source: GitRepository/a\n",
            "error: the key `layout` is missing\n --> shop.yaml:5:3\n",
        ),
        (
            "layout: flux\nproject: p\nsource: GitRepository/a\n",
            "error: `project` goes with `layout: argocd`, and the layout is flux\n --> shop.yaml:6:12\n",
        ),
        (
            "layout: kustomize\nprune: true\n",
            "error: `prune` goes with `layout: argocd` and `layout: flux`, and the layout is kustomize\n \
             --> shop.yaml:6:10\n",
        ),
        (
            "layout: plain\napply: calicoctl\n",
            "error: `apply` goes with `layout: kustomize` and `layout: argocd` and `layout: flux`, and \
             the layout is plain\n --> shop.yaml:6:10\n",
        ),
        (
            "layout: kustomize\ncalicoctlImage: a:v1\n",
            "error: `calicoctlImage` goes with `apply: calicoctl`, and it is api\n --> shop.yaml:6:19\n",
        ),
        (
            "layout: flux\nsource: GitRepository/a\nprune: true\napply: calicoctl\ncalicoctlImage: a:v1\n",
            "error: `prune` goes with `apply: api`, and it is calicoctl\n --> shop.yaml:7:10\n",
        ),
        (
            "layout: kustomize\napply: calicoctl\ncalicoctlImage: ctl:latest\n",
            "error: `calicoctlImage: ctl:latest` is another version every day\n --> shop.yaml:7:19\n",
        ),
        (
            "layout: flux\n",
            "error: `layout: flux` wants `source`\n --> shop.yaml:5:11\n",
        ),
        (
            "layout: flux\nsource: GitRepositry/a\n",
            "error: Flux has no source of kind `GitRepositry`\n --> shop.yaml:6:11\n",
        ),
        (
            "layout: flux\nsource: policies\n",
            "error: `source: policies` does not say of which kind it is\n --> shop.yaml:6:11\n",
        ),
        (
            "layout: flux\nsource: GitRepository/a\nrepoPath: ../b\n",
            "error: `repoPath: ../b` does not say where in the repository the files are\n \
             --> shop.yaml:7:13\n",
        ),
        (
            "layout: flux\nsource: GitRepository/a\ncontrollerNamespace: A\n",
            "error: `controllerNamespace`: `A` is not a name",
        ),
        (
            "layout: flux\nsource: 'Git Repository/a'\n",
            "error: `source` is empty or holds spaces: \"Git Repository/a\"\n --> shop.yaml:6:11\n",
        ),
    ];
    for (section, expected) in cases {
        let (room, ran) = with(section, "");
        assert_eq!(ran.code, 2, "{section}: {}", ran.stderr);
        assert!(
            ran.stderr.starts_with(expected),
            "{section}: {}",
            ran.stderr
        );
        assert!(!room.path("generated").exists(), "{section}");
    }
}

#[test]
fn a_secret_in_a_profile_is_not_shown() {
    for key in ["repoUrl", "destination"] {
        let section = format!("layout: argocd\n{key}: https://me:glpat-secret@git.example/p\n");
        let (_, ran) = with(&section, "");
        assert_eq!(ran.code, 2);
        let expected = format!(
            "error: `{key}` at shop.yaml:6:{} holds a user or a password\n",
            key.len() + 5
        );
        assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
        assert!(!ran.stderr.contains("glpat"), "{}", ran.stderr);
    }
}

#[test]
fn a_secret_in_a_wrong_key_or_value_is_not_shown() {
    let cases = [
        (
            "layout: argocd\nrepoURL: https://me:glpat@git.example/p\n",
            "error: unknown key `repoURL`\n--> shop.yaml:6:3\n",
        ),
        (
            "layout: argocd\nrepoUrl: [https://me:glpat@git.example/p]\n",
            "error: a single text is wanted here\n--> shop.yaml:6:12\n",
        ),
        (
            "layout: flux\nsource: https://me:glpat@git.example/p\n",
            "error: `source` holds a user or a password\n--> shop.yaml:6:11\n",
        ),
        (
            "layout: argocd\nrepoUrl: 'https://me:gl pat@git.example/p'\n",
            "error: `repoUrl` at shop.yaml:6:12 holds a user or a password\n",
        ),
        (
            "layout: argocd\nrepoUrl: https://git.example/p?token=glpat\n",
            "error: `repoUrl` at shop.yaml:6:12 holds a query or a fragment\n",
        ),
    ];
    for (section, expected) in cases {
        let (_, ran) = with(section, "");
        assert_eq!(ran.code, 2, "{section}: {}", ran.stderr);
        let told = &ran.stderr;
        assert!(told.starts_with(expected), "{section}: {told}");
        assert!(
            !told.contains("glpat") && !told.contains("gl pat"),
            "{told}"
        );
    }
}

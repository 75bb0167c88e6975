//! `palisade log-denied`, as a user runs it.

use crate::call::Room;

/// The document's example.
const NGINX: &str = "\
kind: NetworkPolicy
apiVersion: networking.k8s.io/v1
metadata:
  name: access-nginx
spec:
  podSelector:
    matchLabels:
      run: nginx
  ingress:
  - from:
    - podSelector:
        matchLabels:
          run: access
";

#[test]
fn the_documents_example() {
    let room = Room::new();
    room.write("np.yaml", NGINX);
    let ran = room.run("log-denied np.yaml");
    assert_eq!(ran.code, 0, "{ran:?}");
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_regions_set() {
    let room = Room::new();
    let ran = room.run("log-denied region:us-south");
    assert_eq!(ran.code, 0, "{ran:?}");
    insta::assert_snapshot!(ran.stdout);
    assert_eq!(
        ran.stderr,
        "note: 9 policies have nothing to record; `--policy NAME` says why\n"
    );
}

#[test]
fn refusals() {
    let room = Room::new();
    room.write("np.yaml", NGINX);
    room.write(
        "open.yaml",
        NGINX.replace(
            "  - from:\n    - podSelector:\n        matchLabels:\n          run: access\n",
            "  - {}\n",
        ),
    );
    room.write(
        "staged.yaml",
        "\
apiVersion: projectcalico.org/v3
kind: StagedNetworkPolicy
metadata: {name: s, namespace: default}
spec: {selector: all(), types: [Ingress]}
",
    );
    for (line, code, told) in [
        (
            "log-denied np.yaml --policy access-ngin",
            2,
            "did you mean `access-nginx`?",
        ),
        (
            "log-denied np.yaml --policy a/b/c/d",
            2,
            "`a/b/c/d` names no policy",
        ),
        (
            "log-denied open.yaml --policy access-nginx",
            2,
            "it denies nothing",
        ),
        (
            "log-denied open.yaml",
            2,
            "no policy of the input denies anything",
        ),
        ("log-denied staged.yaml --policy s", 2, "it is only staged"),
        ("log-denied missing.yaml", 3, "missing.yaml"),
        ("log-denied", 2, "SOURCE"),
    ] {
        let ran = room.run(line);
        assert_eq!(ran.code, code, "{line}: {ran:?}");
        assert!(ran.stderr.contains(told), "{line}: {ran:?}");
        assert_eq!(ran.stdout, "", "{line}");
    }
}

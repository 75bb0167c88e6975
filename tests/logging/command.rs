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

/// What cannot be recorded is told, and takes nothing away from what can (EVAL-3).
#[test]
fn the_end_of_a_tier_that_nothing_can_stand_behind() {
    let policy = |name: &str, order: &str, rule: &str| {
        format!(
            "---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\n\
             metadata: {{name: {name}, namespace: default}}\nspec:\n  {order}\n  \
             selector: run == 'nginx' || run == '{name}'\n  types: [Ingress]\n  ingress:\n  - {{{rule}}}\n"
        )
    };
    let rules = policy(
        "p",
        "order: 100",
        "action: Deny, protocol: TCP, destination: {ports: [22]}",
    );
    for (order, why) in [
        (
            "tier: default",
            "NetworkPolicy default/q has no order, which puts it at the end of the tier, and \
             nothing can be put behind it: give it an order",
        ),
        (
            "order: 1e308",
            "no order is left behind that of NetworkPolicy default/q in tier default: give it a \
             lesser one",
        ),
    ] {
        let last = policy("q", order, "action: Allow, protocol: UDP");
        let room = Room::new();
        room.write("both.yaml", format!("{rules}{last}"));
        room.write("last.yaml", &last);
        let note = |name: &str| {
            format!(
                "NetworkPolicy default/{name}: what is left to the end of the tier cannot be \
                 recorded: {why}\n"
            )
        };
        let ran = room.run("log-denied both.yaml --baseline off");
        assert_eq!(ran.code, 0, "{order}: {ran:?}");
        assert_eq!(ran.stdout.matches("\n  name: ").count(), 1, "{ran:?}");
        let name = "\n  name: log-denied-by-p\n";
        assert!(ran.stdout.contains(name), "{ran:?}");
        let told = format!("note: {}note: {}", note("p"), note("q"));
        assert_eq!(ran.stderr, told, "{order}");
        let ran = room.run("log-denied both.yaml --baseline off --policy p");
        assert_eq!(ran.code, 0, "{order}: {ran:?}");
        assert_eq!(ran.stderr, format!("note: {}", note("p")), "{order}");
        let ran = room.run("log-denied last.yaml --baseline off");
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
        for part in ["nothing of what the input denies can be recorded", why] {
            assert!(ran.stderr.contains(part), "{part}: {ran:?}");
        }
    }
}

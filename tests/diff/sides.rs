//! Which sources can be compared, and what of them ends the command.

use crate::{Room, compared, policy, project};

#[test]
fn a_render_is_the_same_as_what_was_written() {
    let room = Room::new();
    let written = project("generated/us-south/private").display().to_string();
    let ran = room.run(&format!("diff region:us-south/private {written}"));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let ran = room.run(&format!("diff region:us-south {written}"));
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("8 removed"), "{}", ran.stdout);
}

#[test]
fn folders_of_several_clusters_are_compared_one_by_one() {
    let room = Room::new();
    for folder in ["old/one", "old/two", "new/one", "new/two"] {
        room.write(&format!("{folder}/a.yaml"), policy("order: 1"));
    }
    assert_eq!(room.run("diff old new").code, 0);
    room.write("new/one/a.yaml", policy("order: 2"));
    let ran = room.run("diff ./old/ new");
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.stdout.split("to ignore").next().unwrap(), @"
    changed GlobalNetworkPolicy a in one
    --- old/one/a.yaml
    +++ new/one/a.yaml
    @@ -3,7 +3,7 @@
     metadata:
       name: a
     spec:
    -  order: 1
    +  order: 2
       tier: default
       types:
       - Ingress

    no flow between two addresses is treated otherwise
    from ./old/ to new: 1 changed
    note: no built-in intent is asked, since nothing says which region this is of: `--region REGION` or `--cluster FILE` does
    ");
    // A region is of one cluster.
    let ran = room.run("diff old region:us-south");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    let expected = "old holds objects of the same name in several folders";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
}

#[test]
fn what_is_broken_ends_the_command() {
    let good = policy("order: 1");
    // The text, the exit code, and what is told.
    let cases = [
        ("a: [".to_owned(), 2, "old.yaml:"),
        (
            "apiVersion: v1\nkind: Pod\n".to_owned(),
            2,
            "has no `metadata`",
        ),
        (
            good.replace(
                "  order: 1\n",
                "<<<<<<< HEAD\n  order: 1\n=======\n>>>>>>> other\n",
            ),
            2,
            "help: git left a merge conflict at line 6: settle it first",
        ),
    ];
    for (text, code, told) in cases {
        let ran = compared(&text, &good, "");
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{text}");
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    let room = Room::new();
    room.write("a.yaml", &good);
    assert_eq!(room.run("diff a.yaml nowhere").code, 3);
    assert_eq!(room.run("diff - -").code, 2);
    assert_eq!(room.run("diff live").code, 2);
    assert_eq!(room.run_with("diff a.yaml -", good.as_bytes()).code, 0);
}

#[test]
fn what_the_api_would_refuse_is_compared_and_told() {
    let old = policy("ordr: 1\norder: 1");
    let ran = compared(&old, &policy("order: 1"), "");
    assert_eq!(ran.code, 0);
    assert!(
        ran.stdout.contains("note: old.yaml:6:3: "),
        "{}",
        ran.stdout
    );
}

#[test]
fn host_endpoints_that_are_placeholders_are_left_out() {
    let placeholder = "---\napiVersion: projectcalico.org/v3\nkind: HostEndpoint\n\
        metadata: {name: <worker>}\nspec: {node: <worker>, interfaceName: eth0}\n";
    let good = policy("order: 1");
    let ran = compared(&good, &(good.clone() + placeholder), "");
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stderr.contains("is left out"), "{}", ran.stderr);
}

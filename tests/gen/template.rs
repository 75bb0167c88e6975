//! Templates of the user's own, and what a wrong one gets.

use crate::call::{Room, project};

const ICMP: &str = "mine/private/allow-icmp-private.yaml.j2";

fn refused(template: &str, expected: &str) {
    let room = Room::new();
    room.write(ICMP, template);
    let ran = room.run("gen --region us-south --private --templates mine");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(ran.stderr, expected);
    assert!(!room.path("generated").exists());
}

#[test]
fn a_template_of_the_users_own_takes_the_place_of_one() {
    let room = Room::new();
    let own = std::fs::read_to_string(project("templates/private/allow-icmp-private.yaml.j2"))
        .unwrap()
        .replace(
            "name: {{ name }}",
            "name: {{ name }}\n  labels:\n    team: {{ region }}",
        );
    room.write(ICMP, own);
    let ran = room.run("gen --region us-south --private --templates mine");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = room.read("generated/us-south/private/allow-icmp-private.yaml");
    assert!(text.contains("  labels:\n    team: us-south\n"), "{text}");
    assert_eq!(room.files("generated/us-south/private").len(), 11);
}

/// A template may include any other, of whatever folder, and what is not there is an error.
#[test]
fn a_template_may_include_one_of_another_network() {
    let room = Room::new();
    room.write(
        ICMP,
        "{% include \"public/deny-all-outbound-public.yaml.j2\" ignore missing %}\n",
    );
    let ran = room.run("gen --region us-south --private --templates mine --no-verify");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = room.read("generated/us-south/private/allow-icmp-private.yaml");
    assert!(text.contains("kind: GlobalNetworkPolicy\n"), "{text}");
    let missing = "{% include \"public/allow-icmp.yaml.j2\" %}\n";
    room.write(ICMP, missing);
    let ran = room.run("gen --region us-south --private --templates mine --no-verify");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let first = "error: the template fails: template not found: tried to include non-existing template \
                 'public/allow-icmp.yaml.j2'";
    assert_eq!(ran.stderr.lines().next(), Some(first), "{}", ran.stderr);
}

/// What is wrong with a template of the user's own is told where it is not rendered either.
#[test]
fn a_broken_template_is_told_of_although_it_is_not_rendered() {
    let room = Room::new();
    room.write(
        "mine/public/deny-all-outbound-public.yaml.j2",
        "a: {{ name\n",
    );
    let ran = room.run("gen --region us-south --private --templates mine");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let expected = "\
error: the template fails: syntax error: unexpected end of input, expected end of variable block
 --> mine/public/deny-all-outbound-public.yaml.j2:1:7
  |
1 | a: {{ name
  |       ^^^^
";
    assert_eq!(ran.stderr, expected);
    assert!(!room.path("generated").exists());
}

#[test]
fn bad_yaml_is_shown_with_the_line_of_the_template_that_made_it() {
    refused(
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: {{ name }}\n{% if true %}\n spec: {{ order }}\n{% endif %}\n",
        "error: while parsing a block mapping, did not find expected key
 --> us-south/private/allow-icmp-private.yaml (rendered):7:2
  |
7 |  spec: 1500
  |  ^
  |
 ::: mine/private/allow-icmp-private.yaml.j2:6:1
  |
6 |  spec: {{ order }}
  | ------------------ this line of the template made it
",
    );
}

#[test]
fn what_the_api_would_drop_is_refused() {
    refused(
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: {{ name }}\nspec:\n  selectr: all()\n",
        "error: `spec` has no field `selectr`
 --> us-south/private/allow-icmp-private.yaml (rendered):8:3
  |
8 |   selectr: all()
  |   ^^^^^^^
  |
 ::: mine/private/allow-icmp-private.yaml.j2:6:1
  |
6 |   selectr: all()
  | ---------------- this line of the template made it
  |
  = help: did you mean `selector`?
",
    );
}

#[test]
fn an_undefined_name_is_shown_in_the_template() {
    refused(
        "apiVersion: projectcalico.org/v3\nkind: {{ kidn }}\n",
        "error: the template fails: undefined value: `kidn` is undefined
 --> mine/private/allow-icmp-private.yaml.j2:2:10
  |
2 | kind: {{ kidn }}
  |          ^^^^
",
    );
}

#[test]
fn a_template_that_stands_in_for_none_is_refused() {
    let room = Room::new();
    room.write("mine/private/allow-icmp-privat.yaml.j2", "");
    let ran = room.run("gen --region us-south --private --templates mine");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        "error: mine/private/allow-icmp-privat.yaml.j2 stands in for no template: there is no \
         `private/allow-icmp-privat.yaml.j2`\n |\n = help: did you mean \
         `private/allow-icmp-private.yaml.j2`, `private/allow-vrrp-private.yaml.j2` or \
         `private/allow-ibm-ports-private.yaml.j2`?\n"
    );
}

#[test]
fn the_storage_form_is_never_written() {
    let room = Room::new();
    room.write(
        ICMP,
        "apiVersion: crd.projectcalico.org/v1\nkind: GlobalNetworkPolicy\nmetadata:\n  name: x\n",
    );
    let ran = room.run("gen --region us-south --private --templates mine");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.starts_with(
            "error: only `projectcalico.org/v3` is written, and `crd.projectcalico.org/v1` skips its checks\n"
        ),
        "{}",
        ran.stderr
    );
}

#[test]
fn two_templates_that_render_one_object_are_refused() {
    let room = Room::new();
    let vrrp = std::fs::read_to_string(project("templates/private/allow-vrrp-private.yaml.j2"))
        .unwrap()
        .replace("{{ name }}", "allow-vrrp-private");
    room.write(ICMP, vrrp);
    let ran = room.run("gen --region us-south --private --templates mine");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .starts_with("error: GlobalNetworkPolicy allow-vrrp-private is rendered twice\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_template_cannot_run_forever() {
    let room = Room::new();
    room.write(
        ICMP,
        "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}x{% endfor %}{% endfor %}{% endfor %}",
    );
    let ran = room.run("gen --region us-south --private --templates mine");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.starts_with("error: the template fails: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_value_can_neither_add_a_line_nor_change_its_type() {
    // Names are checked when they are read; what is left is printed as one scalar of its type.
    let room = Room::new();
    room.write(
        ICMP,
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: x\n  annotations:\n    a: {{ \"yes\" }}\n    b: {{ \"1\\n  evil: true\" }}\n    c: {{ \"1_000\" }}\n",
    );
    // What it renders is not what must hold, and this is not about that.
    let ran = room.run("gen --region us-south --private --templates mine --no-verify");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = room.read("generated/us-south/private/allow-icmp-private.yaml");
    assert!(
        text.ends_with("    a: \"yes\"\n    b: \"1\\n  evil: true\"\n    c: \"1_000\"\n"),
        "{text}"
    );
}

#[test]
fn a_template_that_renders_nothing_or_a_stranger_is_refused() {
    for (template, expected) in [
        (
            "# nothing\n",
            "error: templates/private/allow-icmp-private.yaml.j2 renders no object",
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n",
            "error: a ConfigMap is no part of a bundle",
        ),
    ] {
        let room = Room::new();
        room.write(ICMP, template);
        let ran = room.run("gen --region us-south --private --templates mine");
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.starts_with(expected), "{}", ran.stderr);
        assert!(!room.path("generated").exists());
    }
}

#[test]
fn what_calico_would_refuse_is_refused_before_it_is_written() {
    let policy = |rule: &str| {
        format!(
            "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: {{{{ name }}}}\nspec:\n  types: [Ingress]\n  ingress:\n  - {rule}\n"
        )
    };
    let good = policy("{action: Allow, protocol: TCP, destination: {ports: [443]}}");
    for template in [
        policy("{action: Alow}"),
        policy("{action: Allow, protocol: BLAH}"),
        policy("{action: Allow, protocol: TCP, destination: {ports: [99999]}}"),
        policy("{action: Allow, source: {nets: [10.0.0.0/99]}}"),
        policy("{action: Allow, protocol: ICMP, destination: {ports: [443]}}"),
        policy("{action: Allow, source: {selector: 'a == (('}}"),
        good.replace("name: {{ name }}", "name: Bad_Name"),
    ] {
        let room = Room::new();
        room.write(ICMP, &template);
        let ran = room.run("gen --region us-south --private --templates mine");
        assert_eq!(ran.code, 2, "{template}");
        assert!(
            ran.stderr.contains("this line of the template made it"),
            "{}",
            ran.stderr
        );
        assert!(!room.path("generated").exists());
    }
    let room = Room::new();
    room.write(ICMP, good);
    assert_eq!(
        room.run("gen --region us-south --private --templates mine --no-verify")
            .code,
        0
    );
}

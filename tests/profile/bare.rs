//! Keys of a cluster profile that have no value.

use palisade::finding::{Input, InputError};
use palisade::profile::{ClusterProfile, Workers, schema};
use serde_json::Value;

const HEAD: &str = "name: c\nregion: us-south\nnetworks: [private]\n";

fn told(text: &str) -> String {
    let input = Input::new("c.yaml", format!("{HEAD}{text}"));
    ClusterProfile::read(&input).unwrap_err().to_string()
}

#[test]
fn a_key_without_a_value_says_what_may_stand_there() {
    for (text, expected) in [
        (
            "ingress: {nodePorts: {public: }}",
            "c.yaml:4:23: `public` has no value (write `closed`, a mapping with `allow` or a mapping \
             with `edge`, or leave the key out)",
        ),
        (
            "ingress:\n  nodePorts:\n    private: ~\n    range: 30000:30009\n",
            "c.yaml:6:5: `private` has no value (write `closed`, a mapping with `allow` or a mapping \
             with `edge`, or leave the key out)",
        ),
        (
            "ingress:\n  nodePorts:\n",
            "c.yaml:5:3: `nodePorts` has no value (write a mapping of `private`, `public` and `range`, \
             or leave the key out)",
        ),
        (
            "ingress: {loadBalancers: null}",
            "c.yaml:4:11: `loadBalancers` has no value (write a list, or leave the key out)",
        ),
        (
            "ingress:\n",
            "c.yaml:4:1: `ingress` has no value (write a mapping of `loadBalancers` and `nodePorts`, or \
             leave the key out)",
        ),
        (
            "logDenied:\n",
            "c.yaml:4:1: `logDenied` has no value (write `true` or `false` or a list, or leave the key \
             out)",
        ),
        (
            "platform:",
            "c.yaml:4:1: `platform` has no value (write `kubernetes` or `openshift`, or leave the key \
             out)",
        ),
        (
            "strict: # not yet\nversion: '1.31'",
            "c.yaml:4:1: `strict` has no value (write `true` or `false`, or leave the key out)",
        ),
        (
            "workers:\n- name: w\n  privateIP: 10.0.0.1\n  publicIP:\n",
            "c.yaml:7:3: `publicIP` has no value (write its address on the public network, if it is on it, \
             or leave the key out)",
        ),
        (
            "workers:\n-\n",
            "c.yaml:5:2: an entry of this list has no value (write a mapping of `name`, `pool`, \
             `privateIP` and `publicIP`)",
        ),
        (
            "isolation:\n  apps:\n  - {name: a, namespace: a, labels: {app: }}\n",
            "c.yaml:6:38: `app` has no value (write a text, or leave the key out)",
        ),
        (
            "isolation: {apps: [{name: a, namespace: a}], allow: [{from: [a], to: [a], ports: }]}",
            "c.yaml:4:75: `ports` has no value (write a list, or leave the key out)",
        ),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
    // A label whose value is the empty text is another thing.
    let input = Input::new(
        "c.yaml",
        format!(
            "{HEAD}isolation: {{apps: [{{name: a, namespace: a, labels: {{app: \"\"}}}}], allow: [{{from: [a], to: [a]}}]}}\n"
        ),
    );
    assert!(ClusterProfile::read(&input).is_ok());
}

/// Every key of the schema, with where it stands: nothing may stand behind none of them.
fn keys(whole: &Value, part: &Value, path: &mut Vec<String>, found: &mut Vec<String>) {
    if path.len() > 12 {
        return;
    }
    if let Some(pointer) = part.get("$ref").and_then(Value::as_str) {
        let meant = whole.pointer(&pointer[1..]).unwrap();
        keys(whole, meant, path, found);
    }
    for list in ["anyOf", "oneOf"] {
        for choice in part
            .get(list)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            keys(whole, choice, path, found);
        }
    }
    if let Some(items) = part.get("items") {
        path.push("- ".to_owned());
        keys(whole, items, path, found);
        path.pop();
    }
    let own = part.get("properties").and_then(Value::as_object);
    for (key, value) in own.into_iter().flatten() {
        path.push(key.clone());
        found.push(path.join("/"));
        keys(whole, value, path, found);
        path.pop();
    }
}

#[test]
fn no_key_may_be_without_a_value() {
    let all = schema::all();
    let (_, text) = all
        .iter()
        .find(|(name, _)| *name == "cluster-profile.json")
        .unwrap();
    assert!(
        !text.contains("\"null\""),
        "an editor would take nothing for a value"
    );
    let schema: Value = serde_json::from_str(text).unwrap();
    let mut found = Vec::new();
    keys(&schema, &schema, &mut Vec::new(), &mut found);
    assert!(found.len() > 70, "{found:?}");
    for path in found {
        // Each step as a flow mapping or list around the next.
        let mut text = "null".to_owned();
        for step in path.split('/').rev() {
            text = match step {
                "- " => format!("[{text}]"),
                key => format!("{{{key}: {text}}}"),
            };
        }
        let input = Input::new("c.yaml", text);
        let error = ClusterProfile::read(&input).unwrap_err();
        let key = path.rsplit('/').next().unwrap();
        assert_eq!(error.message(), format!("`{key}` has no value"), "{path}");
        assert!(
            error.place().is_some() && error.hint_text().is_some(),
            "{path}"
        );
    }
}

#[test]
fn of_a_list_of_workers_too() {
    let read =
        |text: &str| -> Result<Workers, InputError> { Workers::read(&Input::new("w.yaml", text)) };
    assert_eq!(
        read("workers:\n").unwrap_err().to_string(),
        "w.yaml:1:1: `workers` has no value (write a list, or leave the key out)"
    );
    assert_eq!(
        read("workers:\n- {name: w, privateIP: 10.0.0.1, pool: }\n")
            .unwrap_err()
            .to_string(),
        "w.yaml:2:34: `pool` has no value (write a DNS-1123 label, or leave the key out)"
    );
    assert!(read("workers: []\n").is_ok());
}

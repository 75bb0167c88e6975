//! A command that runs in a pod of the cluster, without a kubeconfig.

use std::env;
use std::process::Command;

use crate::api_server::{ApiServer, TOKEN};
use crate::{Room, live, options};

/// Says where the child finds the pod's credentials.
const FOLDER: &str = "PALISADE_TEST_SERVICE_ACCOUNT";

/// Says which context the child asks for.
const CONTEXT: &str = "PALISADE_TEST_CONTEXT";

/// What a pod sees, read by a process that has its variables and nobody's home.
#[test]
#[ignore = "the other tests of this file run it"]
fn child() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let mut options = options("".into());
    options.kubeconfig = None;
    options.service_account = folder.into();
    match live::read(env::var(CONTEXT).ok().as_deref(), &options, &|_| {}) {
        Ok(cluster) => {
            println!("read by {:?}", cluster.context);
            for input in &cluster.given.inputs {
                println!("read {}", input.name);
            }
        }
        Err(error) => println!("error: {error}"),
    }
}

/// What the child prints, line by line.
fn told(room: &Room, variables: &[(&str, &str)]) -> Vec<String> {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "in_cluster::child", "--ignored", "--nocapture"])
        .env_clear()
        .env("HOME", room.path(""))
        .env(FOLDER, room.path("account"))
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(TOKEN), "{text}");
    let lines = text.lines();
    // The harness names the test on the line on which it begins to print.
    let lines =
        lines.filter_map(|line| Some(&line[line.find("read ").or(line.find("error: "))?..]));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_pod_reads_its_own_cluster() {
    let server = ApiServer::replaying("v3");
    let port = server.address.rsplit(':').next().unwrap().to_owned();
    let room = Room::new();
    room.write("account/ca.crt", &server.ca);
    // Tools write a line feed behind it.
    room.write("account/token", format!("{TOKEN}\n"));
    let host = ("KUBERNETES_SERVICE_HOST", "127.0.0.1");
    let read = told(&room, &[host, ("KUBERNETES_SERVICE_PORT", &port)]);
    let policy = "read live/globalnetworkpolicies.projectcalico.org/allow-example-private";
    assert!(read.iter().any(|line| line == policy), "{read:?}");
    assert_eq!(read[0], "read by None");
    // A kubeconfig goes before that.
    room.write("other", server.kubeconfig_by_token());
    let other = room.path("other").display().to_string();
    let read = told(&room, &[host, ("KUBECONFIG", &other)]);
    assert_eq!(read[0], "read by Some(\"loopback\")");
}

#[test]
fn what_a_pod_lacks_is_told() {
    let server = ApiServer::replaying("v3");
    let port = server.address.rsplit(':').next().unwrap().to_owned();
    let host = ("KUBERNETES_SERVICE_HOST", "127.0.0.1");
    let port = ("KUBERNETES_SERVICE_PORT", port.as_str());
    let room = Room::new();
    let account = room.path("account").display().to_string();
    let before = "error: no kubeconfig, and the cluster that this runs in cannot be reached: ";
    let missing = "No such file or directory (os error 2)";
    // Nothing is there yet, then one after the other comes.
    let port_missing = told(&room, &[host]);
    assert_eq!(
        port_missing,
        [format!("{before}KUBERNETES_SERVICE_PORT is not set")]
    );
    assert_eq!(
        told(&room, &[host, port]),
        [format!("{before}{account}/ca.crt: {missing}")]
    );
    room.write("account/ca.crt", &server.ca);
    assert_eq!(
        told(&room, &[host, port]),
        [format!("{before}{account}/token: {missing}")]
    );
    room.write("account/token", "an-old-token-1234");
    let told_of_old = told(&room, &[host, port]);
    let expected = "does not take the credentials";
    assert!(told_of_old[0].contains(expected), "{told_of_old:?}");
    assert_eq!(
        told(&room, &[host, port, (CONTEXT, "prod")]),
        ["error: there is no kubeconfig, and so no context `prod`"]
    );
}

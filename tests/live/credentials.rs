//! How a user makes itself known: tokens, certificates, programs, proxies.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use palisade::finding::Error;
use palisade::report::terminal::{self, Style};
use serde_json::json;

use crate::api_server::{ApiServer, TOKEN, base64};
use crate::cluster::TestCluster;
use crate::{Room, read, read_from, told};

/// Writes a program that runs `lines`.
fn program(room: &Room, lines: &str) -> String {
    room.write("plugin", format!("#!/bin/sh\n{lines}\n"));
    let path = room.path("plugin");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

fn exec(command: &str) -> String {
    format!(
        "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: {command}\n  \
         interactiveMode: IfAvailable\n  env:\n  - {{name: SECRET, value: hunter2-hunter2}}"
    )
}

/// What an exec plug-in answers that has `token`.
fn credential(token: &str) -> String {
    format!(
        "echo '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\
         \"status\":{{\"token\":\"{token}\"}}}}'"
    )
}

#[test]
fn a_token_from_a_file() {
    let server = ApiServer::replaying("v3");
    let room = Room::new();
    // Tools write a line feed behind it.
    room.write("token", format!("{TOKEN}\n"));
    room.write("kubeconfig", server.kubeconfig("tokenFile: token"));
    read(room.path("kubeconfig")).unwrap();
    room.write("kubeconfig", server.kubeconfig("tokenFile: nowhere"));
    let error = read(room.path("kubeconfig")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read the token "), "{error}");
}

#[test]
fn a_client_certificate() {
    let server = ApiServer::with_client_certificates("v3");
    let (certificate, key) = server.client.clone().unwrap();
    let room = Room::new();
    let user = format!(
        "client-certificate-data: {}\nclient-key-data: {}",
        base64(certificate.as_bytes()),
        base64(key.as_bytes())
    );
    room.write("kubeconfig", server.kubeconfig(&user));
    read(room.path("kubeconfig")).unwrap();
    // The same from files, whose paths are from the kubeconfig's folder.
    room.write("me.pem", &certificate);
    room.write("me.key", &key);
    let user = "client-certificate: me.pem\nclient-key: me.key";
    room.write("kubeconfig", server.kubeconfig(user));
    read(room.path("kubeconfig")).unwrap();
}

#[test]
fn a_program_that_answers_with_a_token() {
    let server = ApiServer::replaying("v3");
    let room = Room::new();
    let asked = "test \"$SECRET\" = hunter2-hunter2 || exit 1\n\
                 case \"$KUBERNETES_EXEC_INFO\" in *'\"interactive\":false'*) ;; *) exit 2;; esac";
    let plugin = program(&room, &format!("{asked}\n{}", credential(TOKEN)));
    room.write("kubeconfig", server.kubeconfig(&exec(&plugin)));
    read(room.path("kubeconfig")).unwrap();
}

#[test]
fn a_program_that_answers_with_a_certificate() {
    let server = ApiServer::with_client_certificates("v3");
    let (certificate, key) = server.client.clone().unwrap();
    let room = Room::new();
    let answer = serde_json::json!({
        "kind": "ExecCredential",
        "status": {"clientCertificateData": certificate, "clientKeyData": key},
    });
    room.write("answer.json", answer.to_string());
    let answer = room.path("answer.json").display().to_string();
    let plugin = program(&room, &format!("cat {answer}"));
    room.write("kubeconfig", server.kubeconfig(&exec(&plugin)));
    read(room.path("kubeconfig")).unwrap();
}

#[test]
fn a_program_that_fails_hangs_or_babbles_is_told_without_its_secrets() {
    let server = ApiServer::replaying("v3");
    // What it does, and what is told.
    let cases = [
        (
            "echo 'log in first: $SECRET' >&2; echo \"not $SECRET\" >&2; exit 7",
            "failed (exit status: 7); it said:\nlog in first: $SECRET\nnot ***",
        ),
        (
            "echo opening >&2; exec sleep 20",
            "had not ended after 0.5 seconds; it said:\nopening",
        ),
        (
            "echo '{\"token\": \"t0p-secret\"}'",
            "answered no ExecCredential",
        ),
        (
            "echo '{\"status\": {}}'",
            "answered without a token or certificate",
        ),
    ];
    for (lines, expected) in cases {
        let room = Room::new();
        let plugin = program(&room, lines);
        room.write("kubeconfig", server.kubeconfig(&exec(&plugin)));
        let began = Instant::now();
        let error = read(room.path("kubeconfig")).unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(10), "{lines}");
        let expected =
            format!("`{plugin}`, which the kubeconfig wants credentials from, {expected}");
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(server.asked(), []);
}

#[test]
fn a_program_that_is_not_there_is_told_with_what_its_makers_advise() {
    let server = ApiServer::replaying("v3");
    let room = Room::new();
    let user = exec("/no/such/plugin") + "\n  installHint: brew install it";
    room.write("kubeconfig", server.kubeconfig(&user));
    let error = read(room.path("kubeconfig")).unwrap_err();
    insta::assert_snapshot!(told(&server, &error), @"
    error: `/no/such/plugin`, which the kubeconfig wants credentials from, is not there
     |
     = help: brew install it
    ");
}

#[test]
fn a_token_that_is_not_taken_is_not_shown() {
    for cluster in TestCluster::all() {
        let room = Room::new();
        let user = json!({"token": "an-old-token-1234"});
        room.write("kubeconfig", cluster.kubeconfig_of(&user));
        let error = read(room.path("kubeconfig")).unwrap_err();
        assert!(matches!(error, Error::Outside(_)), "{error:?}");
        let told = terminal::error(&error, Style::Plain);
        let (context, address) = (&cluster.context, cluster.address());
        let expected = format!(
            "error: live:{context} ({address}) does not take the credentials of the kubeconfig: \
             Unauthorized\n |\n = help: they may have expired; `ibmcloud ks cluster config --cluster \
             NAME` gets new ones"
        );
        assert_eq!(told.trim_end(), expected, "{}", cluster.mode);
    }
}

#[test]
fn a_server_of_another_authority_gets_no_credentials() {
    let other = ApiServer::replaying("v3");
    for cluster in TestCluster::all() {
        // The same server, and the authority of somebody else.
        let room = Room::new();
        let right = cluster.address();
        let kubeconfig = other.kubeconfig_by_token().replace(&other.address, &right);
        room.write("kubeconfig", kubeconfig);
        let error = read(room.path("kubeconfig")).unwrap_err();
        let told = error.to_string();
        assert!(
            told.starts_with(&format!("cannot reach live:loopback ({right})")),
            "{told}"
        );
        assert!(told.contains("invalid peer certificate"), "{told}");
    }
    assert_eq!(other.asked(), []);
}

#[test]
fn the_token_is_sent_to_the_server_alone() {
    // A server that is not the one of the certificate authority gets no request at all.
    let other = ApiServer::replaying("v3");
    let server = ApiServer::replaying("v3");
    let room = Room::new();
    let kubeconfig = server.kubeconfig_by_token();
    room.write(
        "kubeconfig",
        kubeconfig.replace(&server.address, &other.address),
    );
    let error = read(room.path("kubeconfig")).unwrap_err();
    let told = told(&other, &error);
    assert!(told.contains("invalid peer certificate"), "{told}");
    assert!(told.contains("is not the one of this server"), "{told}");
    assert_eq!(other.asked(), []);
    read_from(&server).unwrap();
}

/// `-v` tells each request on standard error, and no more of them than that: neither the token nor what
/// was answered.
#[test]
fn each_request_is_told_and_no_secret() {
    let server = ApiServer::replaying("v3");
    let room = Room::new();
    room.write("kubeconfig", server.kubeconfig_by_token());
    room.write("wanted.yaml", "");
    let quiet = room.run("diff live --kubeconfig kubeconfig --no-flows wanted.yaml");
    assert!(!quiet.stderr.contains("GET "), "{}", quiet.stderr);
    let asked = server.asked().len();
    let ran = room.run("diff live --kubeconfig kubeconfig --no-flows wanted.yaml -vvv");
    assert_eq!(ran.stdout, quiet.stdout);
    let told: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("GET https://127.0.0.1:"))
        .collect();
    assert_eq!(told.len(), server.asked().len() - asked, "{}", ran.stderr);
    let path = "/apis/projectcalico.org/v3/globalnetworkpolicies?limit=500  200 OK, ";
    let of_policies = told.iter().filter(|line| line.contains(path));
    assert_eq!(of_policies.count(), 1, "{told:#?}");
    assert!(!ran.stderr.contains(TOKEN), "{}", ran.stderr);
}

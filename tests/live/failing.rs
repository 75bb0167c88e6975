//! What goes wrong on the way to a cluster: clear, exit 3, and without a secret.

use std::net::TcpListener;
use std::time::Duration;

use palisade::finding::Error;
use serde_json::json;

use crate::api_server::{ApiServer, Reply, TOKEN};
use crate::{Room, live, options, read, read_from, told};

const POLICIES: &str = "/apis/projectcalico.org/v3/globalnetworkpolicies?limit=500";

/// What is told of a server that always answers the list of policies with `reply`.
fn told_of(reply: Reply) -> String {
    let server = ApiServer::but("v3", move |asked| {
        (asked.path == POLICIES).then(|| reply.clone())
    });
    told(&server, &read_from(&server).unwrap_err())
}

#[test]
fn what_does_not_pass_is_told_after_some_tries() {
    let list = json!({"metadata": {}, "items": []});
    insta::assert_snapshot!(told_of(Reply::Later(429, 0)), @"error: live:loopback (https://SERVER) did not answer /apis/projectcalico.org/v3/globalnetworkpolicies in 3 tries; the last time: 429 Too Many Requests: too many requests");
    insta::assert_snapshot!(told_of(Reply::Text(502, "bad gateway")), @"error: live:loopback (https://SERVER) did not answer /apis/projectcalico.org/v3/globalnetworkpolicies in 3 tries; the last time: 502 Bad Gateway: bad gateway");
    let broken = told_of(Reply::Half(list));
    assert!(
        broken.contains("in 3 tries; the last time: the answer broke off"),
        "{broken}"
    );
}

#[test]
fn a_refusal_that_stays_is_told_at_once() {
    insta::assert_snapshot!(
        told_of(Reply::Json(400, crate::api_server::recorded("v3", "bad-continue"))),
        @"error: live:loopback (https://SERVER) refuses the request, 400 Bad Request: invalid continue token: continue key is not valid: invalid character 'o' in literal null (expecting 'u')"
    );
}

#[test]
fn what_a_server_says_back_is_shown_without_the_token() {
    let said = crate::api_server::status(400, &format!("bad header: Bearer {TOKEN}"));
    let told = told_of(Reply::Json(400, said));
    assert!(
        told.ends_with("400 Bad Request: bad header: Bearer ***"),
        "{told}"
    );
}

#[test]
fn a_page_that_is_none_is_told() {
    insta::assert_snapshot!(told_of(Reply::Text(200, "<html>log in</html>")), @"
    error: live:loopback answers /apis/projectcalico.org/v3/globalnetworkpolicies with something else than an API server does
     |
     = help: is https://SERVER a proxy or a login page?
    ");
}

#[test]
fn a_page_of_a_list_that_is_none_is_told_wherever_it_comes() {
    // Which of three pages it is, the first being read while the others are on their way.
    for wrong in 0..3 {
        let server = ApiServer::but("v3", move |asked| {
            let rest = asked.path.strip_prefix(POLICIES)?;
            let page = rest
                .strip_prefix("&continue=")
                .map_or(0, |page| page.parse().unwrap());
            let next = if page < 2 {
                (page + 1).to_string()
            } else {
                String::new()
            };
            let items = if page == wrong {
                json!([{"metadata": "hunter2"}])
            } else {
                json!([{"metadata": {"name": format!("policy-{page}")}}])
            };
            Some(Reply::Json(
                200,
                json!({"metadata": {"continue": next}, "items": items}),
            ))
        });
        let told = told(&server, &read_from(&server).unwrap_err());
        let expected = "error: live:loopback answers \
            /apis/projectcalico.org/v3/globalnetworkpolicies with something else than an API server does";
        assert!(told.starts_with(expected), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_list_that_is_always_too_old_ends() {
    let gone = crate::api_server::status(410, "too old");
    let told = told_of(Reply::Json(410, gone));
    assert!(
        told.ends_with("refuses the request, 410 Gone: too old"),
        "{told}"
    );
}

#[test]
fn a_server_that_is_not_there_or_says_nothing() {
    let room = Room::new();
    let server = ApiServer::replaying("v3");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let kubeconfig = server
        .kubeconfig_by_token()
        .replace(&server.address, &address);
    room.write("kubeconfig", kubeconfig);
    let mut hasty = options(room.path("kubeconfig"));
    hasty.patience.answer = Duration::from_millis(100);
    // It listens, and never answers.
    let error = live::read(None, &hasty, &|_| {}).unwrap_err();
    let expected =
        "/apis/projectcalico.org/v3 in 3 tries; the last time: no answer within 0.1 seconds";
    assert!(error.to_string().ends_with(expected), "{error}");
    // A port that no kernel gives to anybody who asks for any: nothing listens there, and no other
    // test begins to. One that was free a moment ago may be somebody's again.
    let nobody = "https://127.0.0.1:1";
    let kubeconfig = server.kubeconfig_by_token();
    room.write("kubeconfig", kubeconfig.replace(&server.address, nobody));
    let error = read(room.path("kubeconfig")).unwrap_err();
    let expected = format!("cannot reach live:loopback ({nobody})");
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

#[test]
fn a_context_that_is_not_there_brings_the_nearest() {
    let server = ApiServer::replaying("v3");
    let room = Room::new();
    room.write("kubeconfig", server.kubeconfig_by_token());
    let options = options(room.path("kubeconfig"));
    let error = live::read(Some("lopback"), &options, &|_| {}).unwrap_err();
    insta::assert_snapshot!(told(&server, &error), @"
    error: the kubeconfig has no context `lopback`
     |
     = help: did you mean `loopback`?
    ");
    room.write(
        "kubeconfig",
        server
            .kubeconfig_by_token()
            .replace("current-context: loopback\n", ""),
    );
    let error = live::read(None, &options, &|_| {}).unwrap_err();
    insta::assert_snapshot!(told(&server, &error), @"
    error: the kubeconfig has no current context
     |
     = help: known are `loopback`
    ");
}

#[test]
fn a_kubeconfig_that_is_none_is_told_without_what_it_holds() {
    let server = ApiServer::replaying("v3");
    let room = Room::new();
    let path = room.path("kubeconfig").display().to_string();
    let right = server.kubeconfig_by_token();
    let cases = [
        // Not the right shape, and with a secret on the wrong line.
        (
            right.replace(&format!("token: {TOKEN}"), &format!("token: [{TOKEN}")),
            "is no kubeconfig",
        ),
        (
            right.replace("cluster: loopback, user", "cluster: elsewhere, user"),
            "the context `loopback` of the kubeconfig names no cluster `elsewhere`",
        ),
        (
            right
                .replace("server: https", "server: http")
                .replace("127.0.0.1", "192.0.2.1"),
            "the server of the context `loopback` is reached without TLS",
        ),
        (String::new(), "the kubeconfig has no context"),
    ];
    for (text, expected) in cases {
        room.write("kubeconfig", text);
        let error = read(room.path("kubeconfig")).unwrap_err();
        assert!(matches!(error, Error::Outside(_)), "{error}");
        let told = error.to_string().replace(&path, "");
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains(TOKEN), "{told}");
    }
    let error = read(room.path("nowhere")).unwrap_err();
    assert!(
        error.to_string().contains("cannot read the kubeconfig"),
        "{error}"
    );
}

#[test]
fn without_a_kubeconfig_the_command_says_where_it_looked() {
    let room = Room::new();
    let ran = room.run("convert live");
    assert_eq!(ran.code, 3);
    assert_eq!(ran.stdout, "");
    let told = ran
        .stderr
        .replace(&room.path("").display().to_string(), "HOME/");
    insta::assert_snapshot!(told, @"
    error: no kubeconfig: KUBECONFIG is not set and HOME/.kube/config is not there
     |
     = help: `ibmcloud ks cluster config --cluster NAME` writes one; `--kubeconfig FILE` names one
    ");
    let ran = room.run("convert live:prod --kubeconfig nowhere");
    assert_eq!(ran.code, 3);
}

//! Users of OpenID Connect: tokens that expire and are got anew of their issuer.

use serde_json::{Value, json};

use crate::Room;
use crate::api_server::{ApiServer, Asked, Reply, TOKEN, base64};
use crate::call::Ran;

/// A token of the issuer that expired long ago, and one that is good for as long as anybody reads
/// this.
fn token(expires: u64) -> String {
    let part = |value: Value| base64(value.to_string().as_bytes()).replace('=', "");
    format!(
        "{}.{}.c2lnbmVk",
        part(json!({"alg": "none"})),
        part(json!({"exp": expires}))
    )
}

/// An issuer that answers a request for a token so.
fn issuer(answer: fn(&Asked) -> Reply) -> ApiServer {
    ApiServer::open(move |asked| match asked.path.as_str() {
        "/.well-known/openid-configuration" => {
            let host = &asked.headers["host"];
            let endpoint = json!({"token_endpoint": format!("https://{host}/token")});
            Some(Reply::Json(200, endpoint))
        }
        "/token" => Some(answer(asked)),
        _ => None,
    })
}

/// Reads `server` with a token and what else the provider's entry has.
fn read(server: &ApiServer, issuer: &ApiServer, token: &str, refresh: bool) -> Ran {
    let room = Room::new();
    let mut config = format!(
        "id-token: {token}\n      client-id: me-myself\n      client-secret: hunter2\n      \
         idp-issuer-url: {}",
        issuer.address
    );
    if refresh {
        config.push_str("\n      refresh-token: refresh-me-please");
    }
    let user = format!("auth-provider:\n    name: oidc\n    config:\n      {config}");
    room.write("kubeconfig", server.kubeconfig(&user));
    // The issuer's certificate is one that the machine trusts.
    room.write("issuer.pem", &issuer.ca);
    let trusted = room.path("issuer.pem").display().to_string();
    let ran = room.run_in(
        "convert live --kubeconfig kubeconfig",
        b"",
        &[("SSL_CERT_FILE", &trusted)],
    );
    for secret in [token, TOKEN, "hunter2", "refresh-me-please", "eyJ"] {
        assert!(
            !ran.stdout.contains(secret) && !ran.stderr.contains(secret),
            "{}",
            ran.stderr
        );
    }
    ran
}

#[test]
fn an_expired_token_is_got_anew() {
    let server = ApiServer::open(|_| None);
    let issuer = issuer(|_| Reply::Json(200, json!({"id_token": token(99_999_999_999)})));
    let ran = read(&server, &issuer, &token(1), true);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("name: access-web"), "{}", ran.stdout);
    let asked = issuer.asked();
    let asked: Vec<(&str, &str)> = asked
        .iter()
        .map(|asked| (asked.method.as_str(), asked.path.as_str()))
        .collect();
    let bearer = format!("Bearer {}", token(99_999_999_999));
    let mut lists = server.asked().into_iter();
    assert!(lists.all(|asked| asked.headers["authorization"] == bearer));
    // Once, and not with each list.
    assert_eq!(
        asked,
        [
            ("GET", "/.well-known/openid-configuration"),
            ("POST", "/token")
        ]
    );
}

#[test]
fn a_token_that_is_good_is_sent_as_it_is() {
    let server = ApiServer::replaying("v3");
    let issuer = issuer(|_| Reply::Json(500, json!({})));
    let ran = read(&server, &issuer, &token(99_999_999_999), false);
    // The server knows another one, so that it says what it was sent.
    assert_eq!(ran.code, 3);
    assert!(
        ran.stderr.contains("does not take the credentials"),
        "{}",
        ran.stderr
    );
    assert_eq!(issuer.asked(), []);
}

/// The token, whether there is one to get another with, the issuer's answer, and what is told.
type Case = (String, bool, fn(&Asked) -> Reply, &'static str);

#[test]
fn a_token_that_cannot_be_got_is_told() {
    let server = ApiServer::replaying("v3");
    let cases: [Case; 4] = [
        (
            token(1),
            false,
            |_| Reply::Json(200, json!({})),
            "missing field refresh-token",
        ),
        (
            token(1),
            true,
            |_| {
                Reply::Json(
                    400,
                    json!({"error_description": "refresh-me-please is unknown"}),
                )
            },
            "failed to authorize with the provider",
        ),
        (
            token(1),
            true,
            |_| Reply::Json(200, json!({})),
            "no ID token received",
        ),
        (
            "no-token-at-all".to_owned(),
            true,
            |_| Reply::Json(200, json!({})),
            "not a valid JWT token",
        ),
    ];
    for (token, refresh, answer, expected) in cases {
        let ran = read(&server, &issuer(answer), &token, refresh);
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{expected}");
        let before = "error: live:loopback: the credentials or certificates of the kubeconfig cannot be used: ";
        assert!(ran.stderr.starts_with(before), "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
    assert_eq!(server.asked(), []);
}

//! Servers that are reached by a proxy.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use palisade::source::live::ProxyEnvironment;

use crate::api_server::{ApiServer, base64};
use crate::{Room, read};

/// A proxy that brings everybody to one server, whatever they ask for.
struct Proxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// A proxy before `server`; before none it lets nobody through, and says back what was sent.
    fn before(server: Option<&ApiServer>) -> Self {
        let target = server.map(|server| server.address.trim_start_matches("https://").to_owned());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, target, seen) = (stream.unwrap(), target.clone(), seen.clone());
                thread::spawn(move || serve(stream, target, &seen));
            }
        });
        Self { port, heads }
    }

    /// What was asked for, without the rest of the request.
    fn asked(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap();
        let first = heads.iter().map(|head| head.lines().next().unwrap());
        first.map(str::to_owned).collect()
    }
}

fn serve(mut near: TcpStream, target: Option<String>, seen: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && near.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    seen.lock().unwrap().push(head.clone());
    let Some(target) = target else {
        let answer = format!("HTTP/1.1 407 {}\r\n\r\n", head.replace("\r\n", " "));
        let _ = near.write_all(answer.as_bytes());
        return;
    };
    let mut far = TcpStream::connect(target).unwrap();
    near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let (mut from, mut to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    let _ = std::io::copy(&mut far, &mut near);
}

/// The kubeconfig of `server` with these lines for its cluster.
fn kubeconfig(server: &ApiServer, lines: &str) -> String {
    server.kubeconfig_by_token().replace(
        "    certificate-authority-data",
        &format!("    {lines}\n    certificate-authority-data"),
    )
}

/// The same under a name that only a proxy knows.
fn named(server: &ApiServer, lines: &str) -> String {
    let lines = format!("tls-server-name: 127.0.0.1\n    {lines}");
    kubeconfig(server, lines.trim_end()).replace(&server.address, "https://api.test.invalid:6443")
}

#[test]
fn the_kubeconfigs_proxy_is_gone_through() {
    let server = ApiServer::replaying("v3");
    let proxy = Proxy::before(Some(&server));
    let room = Room::new();
    let url = format!("proxy-url: http://127.0.0.1:{}", proxy.port);
    room.write("kubeconfig", kubeconfig(&server, &url));
    read(room.path("kubeconfig")).unwrap();
    let host = server.address.trim_start_matches("https://");
    assert_eq!(proxy.asked()[0], format!("CONNECT {host} HTTP/1.1"));
}

/// The kubeconfig; the variables, where `PROXY` stands for the proxy; and whether it is gone
/// through.
type Case = (String, &'static [(&'static str, &'static str)], bool);

#[test]
fn the_environment_says_a_proxy_and_from_whom_it_is_kept() {
    let server = ApiServer::replaying("v3");
    let direct = server.kubeconfig_by_token();
    let cases: [Case; 7] = [
        (named(&server, ""), &[("HTTPS_PROXY", "http://PROXY")], true),
        (named(&server, ""), &[("https_proxy", "PROXY")], true),
        // What is kept from the proxy is a server and not the proxy.
        (
            named(&server, ""),
            &[
                ("HTTPS_PROXY", "http://PROXY"),
                ("NO_PROXY", "127.0.0.1,other.test"),
            ],
            true,
        ),
        // The kubeconfig's own goes before the environment's and is kept from nobody.
        (
            named(&server, "proxy-url: http://PROXY"),
            &[("HTTPS_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", "*")],
            true,
        ),
        (direct.clone(), &[("HTTPS_PROXY", "http://PROXY")], false),
        (
            direct.clone(),
            &[("HTTPS_PROXY", ""), ("NO_PROXY", "x,")],
            false,
        ),
        (direct, &[("HTTP_PROXY", "http://PROXY")], false),
    ];
    for (kubeconfig, variables, through) in cases {
        let proxy = Proxy::before(Some(&server));
        let room = Room::new();
        let own = |text: &str| text.replace("PROXY", &format!("127.0.0.1:{}", proxy.port));
        room.write("kubeconfig", own(&kubeconfig));
        let variables: Vec<(&str, String)> = variables
            .iter()
            .map(|(name, value)| (*name, own(value)))
            .collect();
        let set: Vec<(&str, &str)> = variables.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let ran = room.run_in("convert live --kubeconfig kubeconfig", b"", &set);
        assert_eq!(ran.code, 0, "{set:?}: {}", ran.stderr);
        assert_eq!(!proxy.asked().is_empty(), through, "{set:?}");
    }
}

#[test]
fn a_server_is_kept_from_the_proxy_by_its_host() {
    // What no proxy is for, the server, and whether it is reached by the proxy.
    let cases = [
        ("", "https://api.example.com:6443", true),
        ("example.com", "https://api.example.com:6443", false),
        (".example.com", "https://api.example.com", false),
        ("*.example.com", "https://api.example.com", false),
        ("ample.com", "https://api.example.com", true),
        ("example.com:6443", "https://api.example.com:6443", false),
        ("example.com:443", "https://api.example.com", false),
        ("example.com:443", "https://api.example.com:6443", true),
        (
            "other.net, API.example.com,",
            "https://api.example.com",
            false,
        ),
        ("*", "https://203.0.113.7", false),
        ("203.0.113.0/24", "https://203.0.113.7:6443", false),
        ("203.0.113.8", "https://203.0.113.7", true),
        ("203.0.113.7:6443", "https://203.0.113.7:6443", false),
        ("2001:db8::/32", "https://[2001:db8::7]:6443", false),
        ("[2001:db8::7]:6443", "https://[2001:db8::7]:6443", false),
        // The proxy itself is no server.
        ("proxy.example.net", "https://api.example.com", true),
        // What is on this machine needs none.
        ("", "https://127.0.0.1:6443", false),
        ("", "https://localhost", false),
        ("", "https://[::1]:6443", false),
        // Without TLS it is the other variable's.
        ("", "http://api.example.com", false),
    ];
    for (none_for, server, expected) in cases {
        let environment = ProxyEnvironment {
            https: Some("http://proxy.example.net:3128".to_owned()),
            none_for: Some(none_for.to_owned()),
            http: None,
        };
        let found = environment.proxy_for(server);
        assert_eq!(found.is_some(), expected, "{none_for} {server}");
    }
}

#[test]
fn what_is_wrong_with_a_proxy_is_told_without_its_password() {
    let server = ApiServer::replaying("v3");
    let proxy = Proxy::before(None);
    let address = format!("127.0.0.1:{}", proxy.port);
    let room = Room::new();
    let user = base64(b"me:s3cr-t");
    // What stands in the kubeconfig, the variables, and what is told.
    let cases = [
        (
            "",
            format!("http://me:s3cr-t@{address}"),
            "cannot reach live:loopback",
        ),
        (
            "",
            "http://[s3cr-t".to_owned(),
            "the environment says a proxy that is no URL",
        ),
        (
            "proxy-url: 'http://me:s3cr-t@['",
            String::new(),
            "the kubeconfig says a proxy that is no URL",
        ),
    ];
    for (lines, proxy, expected) in cases {
        room.write("kubeconfig", named(&server, lines));
        let ran = room.run_in(
            "convert live --kubeconfig kubeconfig",
            b"",
            &[("HTTPS_PROXY", &proxy)],
        );
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        assert!(!ran.stderr.contains("s3cr-t"), "{}", ran.stderr);
        assert!(!ran.stderr.contains(&user), "{}", ran.stderr);
    }
    // The password was sent, so it could have been shown.
    assert!(proxy.heads.lock().unwrap()[0].contains(&user));
}

//! The proxies of the system.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::{Desk, as_usual};

/// A proxy on loopback, and the first lines of what it was asked.
struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// One that carries everything, or that answers `refusal` to everyone.
    fn new(refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let all = Arc::clone(&all);
                thread::spawn(move || carry(stream.unwrap(), refusal, &all));
            }
        });
        Self { port, asked }
    }
}

fn carry(mut client: TcpStream, refusal: Option<&str>, asked: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let first = head.lines().next().unwrap_or_default().to_owned();
    asked.lock().unwrap().push(first.clone());
    if let Some(refusal) = refusal {
        let _ = client.write_all(format!("HTTP/1.1 {refusal}\r\n\r\n").as_bytes());
        return;
    }
    let server = TcpStream::connect(first.split(' ').nth(1).unwrap()).unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (mut client, mut server) = (client, server);
    let back = thread::spawn(move || {
        let _ = io::copy(&mut down, &mut up);
        let _ = up.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut client, &mut server);
    let _ = server.shutdown(Shutdown::Write);
    back.join().unwrap();
}

#[test]
fn everything_goes_by_the_proxy_of_the_system_unless_it_says_otherwise() {
    let desk = Desk::fetched(as_usual);
    let proxy = Proxy::new(None);
    let address = format!("http://127.0.0.1:{}", proxy.port);
    for variable in ["HTTPS_PROXY", "https_proxy"] {
        let ran = desk.run_in("profile update", &[(variable, &address)]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let asked = std::mem::take(&mut *proxy.asked.lock().unwrap());
        let connect = format!("CONNECT 127.0.0.1:{} HTTP/1.1", desk.publisher.port);
        assert!(
            !asked.is_empty() && asked.iter().all(|line| *line == connect),
            "{asked:?}"
        );
    }
    let direct = [("HTTPS_PROXY", address.as_str()), ("NO_PROXY", "127.0.0.1")];
    assert_eq!(desk.run_in("profile update", &direct).code, 0);
    assert_eq!(*proxy.asked.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn a_proxy_that_refuses_is_told_without_its_password() {
    let desk = Desk::fetched(as_usual);
    let before = desk.profiles();
    let proxy = Proxy::new(Some("407 Proxy Authentication Required"));
    let address = format!("http://me:hunter2@127.0.0.1:{}", proxy.port);
    for command in ["profile update", "profile check"] {
        let ran = desk.run_in(command, &[("HTTPS_PROXY", &address)]);
        assert_eq!(
            (ran.code, desk.profiles()),
            (3, before.clone()),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("cannot fetch https://127.0.0.1"),
            "{}",
            ran.stderr
        );
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains("proxy"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

/// The client would pass over such a variable and go out by itself.
#[test]
fn a_proxy_that_is_none_is_refused() {
    let desk = Desk::fetched(as_usual);
    let before = desk.publisher.paths().len();
    let bad = "http://me:hunter2@[bad";
    for (variable, address) in [
        ("HTTPS_PROXY", bad),
        ("all_proxy", bad),
        ("HTTPS_PROXY", "foo://me:hunter2@127.0.0.1:9"),
        ("https_proxy", "socks5://me:hunter2@127.0.0.1:9"),
    ] {
        let ran = desk.run_in("profile update", &[(variable, address)]);
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        let told = format!("the variable {variable} does not hold the address of a proxy");
        assert!(ran.stderr.contains(&told), "{}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
    assert_eq!(desk.publisher.paths().len(), before, "nobody is asked");
}

//! Those who publish facts, on loopback and over TLS: a repository that speaks git's smart protocol,
//! and ranges as JSON and as texts.

use std::fs;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use git2::Repository;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::api_server::{request, tls};

pub const REPOSITORY: &str = "/IBM-Cloud/kube-samples";
pub const API: &str = "/client/v4/ips";
pub const IPV4: &str = "/ips-v4";
pub const IPV6: &str = "/ips-v6";

/// What is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    Body(&'static str, Vec<u8>),
    Status(u16),
    /// The header `Location`.
    Elsewhere(String),
    /// Half of what was announced.
    Half(Vec<u8>),
    /// Nothing, for so long.
    Silence(Duration),
    /// A list of blanks, each so long after the one before it.
    Trickle(Duration),
    NotModified,
}

impl Reply {
    pub fn json(text: &str) -> Self {
        Self::Body("application/json", text.as_bytes().to_vec())
    }
}

/// A request: its path with the query, the etag that it knows, and how many came before of this path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    pub etag: Option<String>,
    pub before: usize,
}

type Behaviour = dyn Fn(&Asked) -> Option<Reply> + Send + Sync;

/// A server that runs until it is dropped.
pub struct Publisher {
    pub port: u16,
    pub ca: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
}

impl Publisher {
    /// Publishes the repository that lies at `repository`; `first` answers what it knows an answer to.
    pub fn new(
        repository: PathBuf,
        first: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let (config, ca, _) = tls(false);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let server = Self {
            port,
            ca,
            asked: Arc::clone(&asked),
            stop: Arc::clone(&stop),
        };
        let first: Arc<Behaviour> = Arc::new(first);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let (config, first) = (Arc::clone(&config), Arc::clone(&first));
                let (asked, repository) = (Arc::clone(&asked), repository.clone());
                thread::spawn(move || {
                    let stream = stream.expect("a connection");
                    serve(config, stream, &first, &asked, &repository);
                });
            }
        });
        server
    }

    /// The requests so far, in their order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }

    /// The paths of the requests so far.
    pub fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).collect()
    }

    /// The file `sources.yaml` that leads here.
    pub fn sources(&self) -> String {
        let at = format!("https://127.0.0.1:{}", self.port);
        format!(
            "kubeSamples:\n  repository: {at}{REPOSITORY}\ncloudflare:\n  ranges: cloudflare\n  \
             api: {at}{API}\n  ipv4: {at}{IPV4}\n  ipv6: {at}{IPV6}\nlimits:\n  seconds: 2\n  \
             attempts: 2\n  pauseMilliseconds: 5\n  listBytes: 4096\n  repositoryBytes: 10485760\n"
        )
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The listener looks whether to stop when somebody comes.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(
    config: Arc<ServerConfig>,
    stream: TcpStream,
    first: &Arc<Behaviour>,
    asked: &Mutex<Vec<Asked>>,
    repository: &Path,
) {
    stream.set_nodelay(true).expect("an option");
    let session = ServerConnection::new(config).expect("a session");
    let mut stream = BufReader::new(StreamOwned::new(session, stream));
    while let Some((_, path, headers, body)) = request(&mut stream) {
        let asked = {
            let mut all = asked.lock().expect("no panic");
            let before = all.iter().filter(|known| known.path == path).count();
            let etag = headers.get("if-none-match").cloned();
            let now = Asked { path, etag, before };
            all.push(now.clone());
            now
        };
        let reply = first(&asked).unwrap_or_else(|| usual(&asked.path, &body, repository));
        if !send(stream.get_mut(), &reply) {
            return;
        }
    }
}

/// What those answer who publish.
fn usual(path: &str, body: &[u8], repository: &Path) -> Reply {
    match path.strip_prefix(REPOSITORY) {
        Some("/info/refs?service=git-upload-pack") => {
            let kind = "application/x-git-upload-pack-advertisement";
            Reply::Body(kind, advertisement(repository))
        }
        Some("/git-upload-pack") => Reply::Body(
            "application/x-git-upload-pack-result",
            upload_pack(repository, body),
        ),
        _ => match path {
            API => Reply::json(
                r#"{"result":{"ipv4_cidrs":["192.0.2.0/24","198.51.100.0/24"],"ipv6_cidrs":["2001:db8::/32"],"etag":"one"},"success":true,"errors":[],"messages":[]}"#,
            ),
            IPV4 => Reply::Body("text/plain", b"192.0.2.0/24\n198.51.100.0/24".to_vec()),
            IPV6 => Reply::Body("text/plain", b"2001:db8::/32\n".to_vec()),
            _ => Reply::Status(404),
        },
    }
}

/// One line of git's protocol: its length in four hexadecimal digits, and the line.
fn line(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

const FLUSH: &str = "0000";

fn advertisement(repository: &Path) -> Vec<u8> {
    let repository = Repository::open(repository).expect("a repository");
    let head = repository.head().expect("a branch");
    let name = head.name().expect("a name");
    let oid = head.target().expect("a commit");
    let first = format!("{oid} HEAD\0shallow symref=HEAD:{name} agent=git/test\n");
    let text = [
        line("# service=git-upload-pack\n"),
        FLUSH.to_owned(),
        line(&first),
        line(&format!("{oid} {name}\n")),
        FLUSH.to_owned(),
    ];
    text.concat().into_bytes()
}

/// The commit that is wanted, and nothing that came before it where a depth is asked for.
fn upload_pack(repository: &Path, body: &[u8]) -> Vec<u8> {
    let repository = Repository::open(repository).expect("a repository");
    let said = String::from_utf8_lossy(body);
    let oid = repository
        .head()
        .expect("a branch")
        .target()
        .expect("a commit");
    assert!(said.contains(&format!("want {oid}")), "{said}");
    let is_shallow = said.contains("deepen 1");
    if !said.contains("done\n") {
        assert!(is_shallow, "nothing else is asked in two steps: {said}");
        return [line(&format!("shallow {oid}")), FLUSH.to_owned()]
            .concat()
            .into_bytes();
    }
    let mut pack = repository.packbuilder().expect("a pack");
    if is_shallow {
        pack.insert_commit(oid).expect("the commit goes in");
    } else {
        let mut walk = repository.revwalk().expect("a walk");
        walk.push(oid).expect("a start");
        pack.insert_walk(&mut walk).expect("the commits go in");
    }
    let mut answer = line("NAK\n").into_bytes();
    pack.foreach(|bytes| {
        answer.extend_from_slice(bytes);
        true
    })
    .expect("a pack");
    answer
}

/// Sends a reply, and says whether the connection goes on.
fn send(stream: &mut impl Write, reply: &Reply) -> bool {
    let (head, body): (String, &[u8]) = match reply {
        Reply::Body(kind, body) => (format!("200 OK\r\nContent-Type: {kind}"), body),
        Reply::Status(status) => (format!("{status} Answer"), b"<html>sorry</html>"),
        Reply::Elsewhere(to) => (format!("302 Found\r\nLocation: {to}"), b""),
        Reply::NotModified => ("304 Not Modified".to_owned(), b""),
        Reply::Half(body) => {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                2 * body.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(body);
            let _ = stream.flush();
            return false;
        }
        Reply::Silence(time) => {
            thread::sleep(*time);
            return false;
        }
        Reply::Trickle(time) => {
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n";
            let mut goes_on = stream.write_all(head).is_ok();
            for _ in 0..20 {
                goes_on = goes_on && stream.write_all(b" ").is_ok() && stream.flush().is_ok();
                thread::sleep(*time);
            }
            return goes_on;
        }
    };
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).is_ok()
        && stream.write_all(body).is_ok()
        && stream.flush().is_ok()
}

/// A bare repository at `path`.
pub fn bare(path: &Path) -> Repository {
    fs::create_dir_all(path).expect("a folder");
    Repository::init_bare(path).expect("a repository")
}

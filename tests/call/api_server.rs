//! An API server on loopback, over TLS, that answers with recordings of a real one.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// The token that the server takes.
pub const TOKEN: &str = "token-4c1e77a0b2";

/// How long a connection waits for a request.
const IDLE: Duration = Duration::from_secs(20);

/// A request as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// How many requests came before, of this path.
    pub before: usize,
    /// The headers, by names in lower case.
    pub headers: BTreeMap<String, String>,
}

/// What the server answers.
#[derive(Debug, Clone)]
pub enum Reply {
    Json(u16, Value),
    Text(u16, &'static str),
    /// JSON that is ready.
    Ready(Arc<str>),
    /// A status with `Retry-After`, in seconds.
    Later(u16, u32),
    /// Half of what it announced, and then nothing.
    Half(Value),
    /// Nothing, for so long.
    Silence(Duration),
}

/// How a server knows who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Token,
    Certificate,
    Nothing,
}

type Behaviour = dyn Fn(&Asked) -> Option<Reply> + Send + Sync;

/// A server that runs until it is dropped.
pub struct ApiServer {
    pub address: String,
    /// The certificate of the authority that the server's own is from.
    pub ca: String,
    /// A client certificate and its key that the server takes, where it takes such.
    pub client: Option<(String, String)>,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    port: u16,
}

impl ApiServer {
    /// A server that answers with the recordings of `mode`: `v3`, `v1` or `both`.
    pub fn replaying(mode: &str) -> Self {
        Self::with(mode, By::Token, |_| None)
    }

    /// As [`ApiServer::replaying`], but `first` answers what it knows an answer to.
    pub fn but(
        mode: &str,
        first: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        Self::with(mode, By::Token, first)
    }

    /// A server that wants a client certificate instead of a token.
    pub fn with_client_certificates(mode: &str) -> Self {
        Self::with(mode, By::Certificate, |_| None)
    }

    /// A server that asks nobody who they are and answers as `first` says.
    pub fn open(first: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Self::with("v3", By::Nothing, first)
    }

    fn with(
        mode: &str,
        by: By,
        first: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let recorded = Arc::new(recordings(mode));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let behaviour: Arc<Behaviour> = Arc::new(first);
        let (config, ca, client) = tls(by == By::Certificate);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let server = Self {
            address: format!("https://127.0.0.1:{port}"),
            ca,
            client,
            asked: Arc::clone(&asked),
            stop: Arc::clone(&stop),
            port,
        };
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let connection = Connection {
                    config: Arc::clone(&config),
                    recorded: Arc::clone(&recorded),
                    behaviour: Arc::clone(&behaviour),
                    asked: Arc::clone(&asked),
                    by_token: by == By::Token,
                };
                thread::spawn(move || connection.serve(stream.unwrap()));
            }
        });
        server
    }

    /// The requests so far, in their order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// A kubeconfig with the context `loopback`, which has this server's address, and the lines of
    /// `user` for its user.
    pub fn kubeconfig(&self, user: &str) -> String {
        let ca = base64(self.ca.as_bytes());
        let user = user.replace('\n', "\n    ");
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: loopback\n\
             clusters:\n- name: loopback\n  cluster:\n    server: {}\n    \
             certificate-authority-data: {ca}\n\
             contexts:\n- name: loopback\n  context: {{cluster: loopback, user: me}}\n\
             users:\n- name: me\n  user:\n    {user}\n",
            self.address
        )
    }

    /// The kubeconfig of a user with the right token.
    pub fn kubeconfig_by_token(&self) -> String {
        self.kubeconfig(&format!("token: {TOKEN}"))
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The listener looks whether to stop when somebody comes.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

struct Connection {
    config: Arc<ServerConfig>,
    recorded: Arc<BTreeMap<String, (u16, Value)>>,
    behaviour: Arc<Behaviour>,
    asked: Arc<Mutex<Vec<Asked>>>,
    by_token: bool,
}

impl Connection {
    fn serve(self, stream: TcpStream) {
        stream.set_read_timeout(Some(IDLE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let session = ServerConnection::new(Arc::clone(&self.config)).unwrap();
        let mut stream = BufReader::new(StreamOwned::new(session, stream));
        while let Some((method, path, headers, _)) = request(&mut stream) {
            let before = {
                let mut asked = self.asked.lock().unwrap();
                let before = asked.iter().filter(|known| known.path == path).count();
                let request = Asked {
                    method,
                    path,
                    before,
                    headers: headers.clone(),
                };
                asked.push(request.clone());
                request
            };
            let token = headers.get("authorization").map(String::as_str);
            let known = !self.by_token || token == Some(&format!("Bearer {TOKEN}"));
            let reply = if known {
                (self.behaviour)(&before).unwrap_or_else(|| self.recorded(&before.path))
            } else {
                Reply::Json(401, status(401, "Unauthorized"))
            };
            if !send(stream.get_mut(), &reply) {
                return;
            }
        }
    }

    fn recorded(&self, path: &str) -> Reply {
        if let Some((status, body)) = self.recorded.get(path) {
            return match body {
                Value::String(_) => Reply::Text(*status, "404 page not found\n"),
                body => Reply::Json(*status, body.clone()),
            };
        }
        // A kind that is served and of which nothing was recorded: the recorded server had none.
        let list = path.split('?').next().unwrap_or(path);
        if let Some((group, kind)) = list.rsplit_once('/')
            && let Some((200, body)) = self.recorded.get(group)
            && body["resources"]
                .as_array()
                .unwrap()
                .iter()
                .any(|r| r["name"] == kind)
        {
            let group = group.trim_start_matches("/apis/");
            return Reply::Json(
                200,
                json!({"apiVersion": group, "items": [], "metadata": {}}),
            );
        }
        Reply::Json(
            404,
            status(404, "the server could not find the requested resource"),
        )
    }
}

/// What an API server says instead of an answer.
pub fn status(code: u16, message: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code})
}

/// A recorded body: the file of `mode` with this name.
pub fn recorded(mode: &str, name: &str) -> Value {
    let path = super::project(&format!("tests/live/recordings/{mode}/{name}.json"));
    let text = fs::read_to_string(path).unwrap();
    let recording: Value = serde_json::from_str(&text).unwrap();
    recording["response"]["body"].clone()
}

fn recordings(mode: &str) -> BTreeMap<String, (u16, Value)> {
    let folder = super::project(&format!("tests/live/recordings/{mode}"));
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut recording: Value = serde_json::from_str(&text).unwrap();
        let request = &recording["request"];
        let plain = request["headers"]["Accept"] == "application/json";
        if request["method"] != "GET" || !plain {
            continue;
        }
        let path = request["path"].as_str().unwrap().to_owned();
        let status = recording["response"]["status"].as_u64().unwrap();
        let body = recording["response"]["body"].take();
        all.insert(path, (u16::try_from(status).unwrap(), body));
    }
    all
}

type Headers = BTreeMap<String, String>;

/// The next request: its method, path, headers by their lower-case names, and body.
pub fn request(stream: &mut impl BufRead) -> Option<(String, String, Headers, Vec<u8>)> {
    let mut line = String::new();
    if stream.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((method, path, headers, body))
}

/// Sends a reply, and says whether the connection goes on.
fn send(stream: &mut impl Write, reply: &Reply) -> bool {
    let (status, kind, body, extra) = match reply {
        Reply::Json(status, body) => (*status, "application/json", body.to_string(), String::new()),
        Reply::Text(status, body) => (*status, "text/plain", (*body).to_owned(), String::new()),
        Reply::Ready(body) => (200, "application/json", (**body).to_owned(), String::new()),
        Reply::Later(code, seconds) => {
            let body = self::status(*code, "too many requests").to_string();
            (
                *code,
                "application/json",
                body,
                format!("Retry-After: {seconds}\r\n"),
            )
        }
        Reply::Half(body) => {
            let body = body.to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&body.as_bytes()[..body.len() / 2]);
            let _ = stream.flush();
            return false;
        }
        Reply::Silence(time) => {
            thread::sleep(*time);
            return false;
        }
    };
    let head = format!(
        "HTTP/1.1 {status} Answer\r\nContent-Type: {kind}\r\n{extra}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).is_ok()
        && stream.write_all(body.as_bytes()).is_ok()
        && stream.flush().is_ok()
}

/// The server's TLS, the certificate of its authority, and a client certificate with its key.
pub fn tls(certificates: bool) -> (Arc<ServerConfig>, String, Option<(String, String)>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let leaf = |names: &[&str], purpose| {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &issuer).unwrap(), key)
    };
    let (server, key) = leaf(
        &["127.0.0.1", "localhost"],
        ExtendedKeyUsagePurpose::ServerAuth,
    );
    let chain: Vec<CertificateDer<'static>> = vec![server.der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let builder = ServerConfig::builder();
    let (builder, client) = if certificates {
        let mut roots = RootCertStore::empty();
        roots.add(issuer.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
            .build()
            .unwrap();
        let (client, key) = leaf(&["me"], ExtendedKeyUsagePurpose::ClientAuth);
        let client = (client.pem(), key.serialize_pem());
        (builder.with_client_cert_verifier(verifier), Some(client))
    } else {
        (builder.with_no_client_auth(), None)
    };
    let config = builder.with_single_cert(chain, key).unwrap();
    (Arc::new(config), issuer.pem(), client)
}

/// Bytes as kubeconfigs hold them.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        for place in 0..4 {
            if place <= chunk.len() {
                let index = bits >> (18 - 6 * place) & 63;
                text.push(char::from(ALPHABET[index as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

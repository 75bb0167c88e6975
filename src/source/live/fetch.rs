//! Requests to an API server: pages, second tries, and what it says instead of an answer.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use http::{Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use kube::Client;
use kube::client::{AuthError, Body};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::finding::OutsideError;

use super::config::Reached;
use super::object::Object;
use super::secrets::Secrets;
use super::{Options, Patience};

/// How many objects a page has; what kubectl asks for.
const PAGE: usize = 500;

/// The most pages of one list: a server that always has another one would never be done.
const MOST_PAGES: usize = 4_000;

/// The most bytes of one answer.
const MOST_BYTES: usize = 256 << 20;

/// How often a list begins again whose place the server has forgotten.
const RESTARTS: usize = 3;

/// The longest pause that a server is granted before it is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// How the client's word begins on a connection that did not come up.
const NO_CONNECTION: &str = "client error (Connect): ";

/// How many characters of what a server says are shown.
const SHOWN: usize = 300;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server knows the user and does not let it.
    Forbidden,
    /// Anything else, which ends the command.
    Other(OutsideError),
}

impl From<OutsideError> for Failure {
    fn from(error: OutsideError) -> Self {
        Self::Other(error)
    }
}

/// A connection to an API server.
#[derive(Clone)]
pub(super) struct Connection {
    client: Client,
    name: String,
    server: String,
    secrets: Secrets,
    patience: Patience,
    tell: Option<fn(&Exchange)>,
}

/// A request to a server, and what came of it. No secret is in it.
#[derive(Debug)]
pub struct Exchange {
    /// What was asked for, with the server; without the place at which a list goes on.
    pub url: String,
    /// The status and the size of the answer, or why there is none.
    pub outcome: String,
    /// How long it took, all of the answer included.
    pub took: Duration,
}

/// Where a page of a list says that the next one is.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
}

/// The objects of a page.
#[derive(Deserialize)]
struct Items {
    // Go writes an empty list as null.
    items: Option<Vec<Object>>,
}

#[derive(Default, Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

/// What a server says instead of an answer.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
}

/// One answer, or why there is none.
enum Answer {
    Body(Vec<u8>),
    /// The server answered something else.
    Refused(StatusCode, String, Option<Duration>),
    /// The connection failed; whether another try may help.
    Broken(String, bool),
    /// There are no credentials to ask with.
    NoCredentials(String),
}

impl Connection {
    /// Makes ready to ask the server that was found.
    pub(super) fn open(reached: &Reached, options: &Options) -> Result<Self, OutsideError> {
        let patience = &options.patience;
        let mut config = reached.config.clone();
        // What is tried again, and how often, is decided here.
        config.default_retry = false;
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(patience.answer);
        let server = config.cluster_url.to_string();
        let client = Client::try_from(config).map_err(|error| {
            let told = reached.secrets.without(&chain(&error));
            no_credentials(&reached.source_name(), &told)
        })?;
        Ok(Self {
            client,
            name: reached.source_name(),
            server: reached.secrets.without(server.trim_end_matches('/')),
            secrets: reached.secrets.clone(),
            patience: patience.clone(),
            tell: options.tell_request,
        })
    }

    /// The cluster as a source.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What is at `path`; nothing where nothing is.
    pub(super) async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Failure> {
        match self.ask(path).await? {
            Ok(answer) => self.parsed(path, &answer).map(Some),
            Err((StatusCode::NOT_FOUND, _)) => Ok(None),
            Err((status, said)) => Err(self.refused(status, &said)),
        }
    }

    /// What `make` makes of every object of the list at `path`, page by page. Where the server has
    /// forgotten where it was (410), the list begins again.
    ///
    /// A page is read while the next one is on its way.
    pub(super) async fn list<T: Send + 'static>(
        &self,
        path: &str,
        make: impl Fn(Object) -> Result<T, OutsideError> + Clone + Send + 'static,
    ) -> Result<Vec<T>, Failure> {
        let mut pages: Vec<JoinHandle<Result<Vec<T>, Failure>>> = Vec::new();
        let mut next: Option<String> = None;
        let mut restarts = 0;
        for _ in 0..MOST_PAGES {
            let mut asked = format!("{path}?limit={PAGE}");
            if let Some(token) = &next {
                let _ = write!(asked, "&continue={}", encoded(token));
            }
            let answer = match self.ask(&asked).await? {
                Ok(answer) => answer,
                Err((StatusCode::GONE, _)) if restarts < RESTARTS => {
                    restarts += 1;
                    pages.clear();
                    next = None;
                    continue;
                }
                // A kind that went away since it was asked for.
                Err((StatusCode::NOT_FOUND, _)) => return Ok(Vec::new()),
                Err((status, said)) => return Err(self.refused(status, &said)),
            };
            let page: Page = self.parsed(path, &answer)?;
            next = page.metadata.next.filter(|token| !token.is_empty());
            if next.is_none() {
                let mut all = Vec::new();
                for page in pages {
                    let read = page.await.map_err(|error| {
                        OutsideError::of_source(format!("reading {path} broke off: {error}"))
                    })?;
                    all.extend(read?);
                }
                all.extend(self.made(path, &answer, make)?);
                return Ok(all);
            }
            let (own, path, make) = (self.clone(), path.to_owned(), make.clone());
            pages.push(spawn_blocking(move || own.made(&path, &answer, make)));
        }
        Err(OutsideError::of_source(format!(
            "{} has no end to its list {path}: {MOST_PAGES} pages were read",
            self.name
        ))
        .into())
    }

    /// What `make` makes of the objects of one page.
    fn made<T>(
        &self,
        path: &str,
        answer: &[u8],
        make: impl Fn(Object) -> Result<T, OutsideError>,
    ) -> Result<Vec<T>, Failure> {
        let page: Items = self.parsed(path, answer)?;
        let items = page.items.unwrap_or_default().into_iter();
        Ok(items.map(make).collect::<Result<_, _>>()?)
    }

    fn parsed<T: DeserializeOwned>(&self, path: &str, answer: &[u8]) -> Result<T, Failure> {
        serde_json::from_slice(answer).map_err(|_| {
            OutsideError::Source {
                message: format!(
                    "{} answers {path} with something else than an API server does",
                    self.name
                ),
                hint: Some(format!("is {} a proxy or a login page?", self.server)),
            }
            .into()
        })
    }

    /// Asks for `path`, again where that may help: what is there, or how the server refuses it.
    async fn ask(&self, path: &str) -> Result<Result<Vec<u8>, (StatusCode, String)>, OutsideError> {
        let mut pause = self.patience.pause;
        let mut last = String::new();
        for attempt in 1..=self.patience.attempts.max(1) {
            let began = Instant::now();
            let came = timeout(self.patience.answer, self.once(path)).await;
            self.tell(path, came.as_ref().ok(), began.elapsed());
            let asked_for = match came {
                Err(_) => {
                    let seconds = self.patience.answer.as_secs_f64();
                    last = format!("no answer within {seconds} seconds");
                    None
                }
                Ok(Answer::Body(body)) => return Ok(Ok(body)),
                Ok(Answer::Refused(status, said, wait)) if is_passing(status) => {
                    last = format!("{status}: {said}");
                    wait
                }
                Ok(Answer::Refused(status, said, _)) => return Ok(Err((status, said))),
                Ok(Answer::Broken(why, true)) => {
                    last = why;
                    None
                }
                Ok(Answer::Broken(why, false)) => return Err(self.unreachable(&why)),
                Ok(Answer::NoCredentials(why)) => return Err(no_credentials(&self.name, &why)),
            };
            if attempt < self.patience.attempts {
                sleep(asked_for.unwrap_or(pause).min(LONGEST_PAUSE)).await;
                pause = pause.saturating_mul(2);
            }
        }
        Err(OutsideError::of_source(format!(
            "{} ({}) did not answer {} in {} tries; the last time: {last}",
            self.name,
            self.server,
            path.split('?').next().unwrap_or(path),
            self.patience.attempts
        )))
    }

    /// Tells of a request, where somebody listens.
    fn tell(&self, path: &str, answer: Option<&Answer>, took: Duration) {
        let Some(tell) = self.tell else {
            return;
        };
        let path = path.split("&continue=").next().unwrap_or(path);
        tell(&Exchange {
            url: format!("{}{path}", self.server),
            outcome: match answer {
                Some(Answer::Body(body)) => format!("200 OK, {} bytes", body.len()),
                Some(Answer::Refused(status, said, _)) => format!("{status}: {said}"),
                Some(Answer::Broken(why, _) | Answer::NoCredentials(why)) => why.clone(),
                None => "no answer in time".to_owned(),
            },
            took,
        });
    }

    async fn once(&self, path: &str) -> Answer {
        let request = Request::get(path)
            .header(http::header::ACCEPT, "application/json")
            .body(Body::empty());
        let request = match request {
            Ok(request) => request,
            Err(error) => return Answer::Broken(error.to_string(), false),
        };
        let response = match self.client.send(request).await {
            Ok(response) => response,
            Err(error) => {
                let (why, came_up) = match &error {
                    kube::Error::HyperError(error) => (chain(error), true),
                    kube::Error::Service(error) => (chain(&**error), true),
                    error => (chain(error), false),
                };
                let why = self.secrets.without(&why);
                if is_of_credentials(&error) {
                    return Answer::NoCredentials(why);
                }
                // Nobody behind an address, or somebody else, stays so for a while.
                return match why.strip_prefix(NO_CONNECTION) {
                    Some(why) => Answer::Broken(why.to_owned(), false),
                    None => Answer::Broken(why, came_up),
                };
            }
        };
        let status = response.status();
        let wait = response
            .headers()
            .get(http::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let body = Limited::new(response.into_body(), MOST_BYTES)
            .collect()
            .await;
        let body = match body {
            Ok(body) => Vec::from(body.to_bytes()),
            Err(error) => {
                let why = format!("the answer broke off: {}", chain(&*error));
                return Answer::Broken(self.secrets.without(&why), true);
            }
        };
        if status.is_success() {
            return Answer::Body(body);
        }
        let said = match serde_json::from_slice::<Status>(&body) {
            Ok(status) => status.message,
            Err(_) => String::from_utf8_lossy(&body).into_owned(),
        };
        let said: String = self
            .secrets
            .without(said.trim())
            .chars()
            .take(SHOWN)
            .collect();
        Answer::Refused(status, said.replace('\n', " "), wait)
    }

    /// What a refusal comes to.
    fn refused(&self, status: StatusCode, said: &str) -> Failure {
        match status {
            StatusCode::FORBIDDEN => Failure::Forbidden,
            StatusCode::UNAUTHORIZED => OutsideError::Source {
                message: format!(
                    "{} ({}) does not take the credentials of the kubeconfig: {said}",
                    self.name, self.server
                ),
                hint: Some(
                    "they may have expired; `ibmcloud ks cluster config --cluster NAME` gets new ones"
                        .to_owned(),
                ),
            }
            .into(),
            _ => OutsideError::of_source(format!(
                "{} ({}) refuses the request, {status}: {said}",
                self.name, self.server
            ))
            .into(),
        }
    }

    fn unreachable(&self, why: &str) -> OutsideError {
        let hint = if why.contains("invalid peer certificate") {
            Some("the certificate authority of the kubeconfig is not the one of this server")
        } else {
            None
        };
        OutsideError::Source {
            message: format!("cannot reach {} ({}): {why}", self.name, self.server),
            hint: hint.map(str::to_owned),
        }
    }
}

fn no_credentials(name: &str, why: &str) -> OutsideError {
    OutsideError::of_source(format!(
        "{name}: the credentials or certificates of the kubeconfig cannot be used: {why}"
    ))
}

/// Whether it is for want of credentials that nothing was asked.
fn is_of_credentials(error: &kube::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<AuthError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether a server that answers so may answer otherwise soon.
fn is_passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// An error with its causes, each said once.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            let _ = write!(text, ": {next}");
        }
        cause = error.source();
    }
    text
}

/// `text` as a value of a query.
fn encoded(text: &str) -> String {
    let mut value = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            // A String takes whatever is written to it.
            let _ = write!(value, "%{byte:02X}");
        }
    }
    value
}

//! Answers over HTTPS: bounded in time and size, tried again where that may help, and from the host
//! that was asked alone.

use std::error::Error as _;
use std::io::{self, ErrorKind, Read};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{CONTENT_TYPE, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};

use crate::finding::OutsideError;
use crate::profile::{Etag, Limits, Url};

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The longest pause that a server is granted before it is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How many bytes of an answer are read at once, at most.
const CHUNK: usize = 16 * 1024;

/// The variables that name a proxy for what is fetched.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// How often an answer may lead elsewhere on the same host.
const MOST_REDIRECTS: usize = 3;

/// Asks over HTTPS. Certificates are verified by what the system trusts (or the file that
/// `SSL_CERT_FILE` names), and the system's proxies are used.
#[derive(Debug, Clone)]
pub struct Https {
    client: Client,
    limits: Limits,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// What the server has.
    Body(Vec<u8>),
    /// What the server has is what the etag stands for.
    Unchanged,
}

/// A body, and the address that it came from in the end.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) body: Vec<u8>,
    pub(super) from: String,
}

/// Why a try failed, and whether another may not.
struct Failure {
    said: String,
    again: Again,
}

/// Whether a request is tried again.
#[derive(PartialEq, Eq)]
enum Again {
    /// It would fail again.
    Never,
    /// After the usual pause.
    Soon,
    /// After the pause that the server asks for.
    After(Duration),
}

impl Https {
    /// A client with these limits.
    ///
    /// # Errors
    /// A system that trusts nobody, or a proxy that is none.
    pub fn new(limits: &Limits) -> Result<Self, OutsideError> {
        check_proxies()?;
        // One provider for the whole process; whoever came first chose the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .https_only(true)
            .connect_timeout(CONNECT.min(limits.patience()))
            .timeout(limits.patience())
            .redirect(Policy::custom(same_host))
            .user_agent(concat!("palisade/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                OutsideError::of_source(format!("nothing can be fetched: {}", chain(&error)))
            })?;
        Ok(Self {
            client,
            limits: limits.clone(),
        })
    }

    /// A list at `url`. Where `etag` names the state that is known, the server may say that it is
    /// still this one.
    ///
    /// # Errors
    /// A server that cannot be reached, that answers something else than what it was asked for,
    /// leads to another host, takes longer than the limits say or sends more.
    pub fn list(&self, url: &Url, etag: Option<&Etag>) -> Result<Answer, OutsideError> {
        let most = self.limits.list_bytes.value;
        let got = self.ask(url.as_str(), most, |client| {
            let request = client.get(url.as_str());
            match etag {
                Some(etag) => request.header(IF_NONE_MATCH, format!("\"{etag}\"")),
                None => request,
            }
        })?;
        match (got, etag) {
            (Some(got), _) => Ok(Answer::Body(got.body)),
            (None, Some(_)) => Ok(Answer::Unchanged),
            (None, None) => Err(OutsideError::of_source(format!(
                "cannot fetch {url}: the server says that nothing changed, and was not asked about a change"
            ))),
        }
    }

    /// What `url` answers to a `GET`, as far as a repository may.
    pub(super) fn get(&self, url: &str) -> Result<Got, OutsideError> {
        self.whole(url, |client| client.get(url))
    }

    /// What `url` answers to `body` of the type `kind`, as far as a repository may.
    pub(super) fn post(&self, url: &str, kind: &str, body: &[u8]) -> Result<Got, OutsideError> {
        self.whole(url, |client| {
            client
                .post(url)
                .header(CONTENT_TYPE, kind)
                .body(body.to_vec())
        })
    }

    fn whole(
        &self,
        url: &str,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Got, OutsideError> {
        let most = self.limits.repository_bytes.value;
        let got = self.ask(url, most, request)?;
        got.ok_or_else(|| OutsideError::of_source(format!("{url} answers nothing")))
    }

    /// What is answered, with a body of at most `most` bytes; nothing where it is unchanged.
    fn ask(
        &self,
        url: &str,
        most: u64,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Option<Got>, OutsideError> {
        let mut pause = self.limits.pause();
        let attempts = self.limits.attempts.value;
        let mut tried = 1;
        loop {
            let failure = match self.once(request(&self.client), most) {
                Ok(got) => return Ok(got),
                Err(failure) => failure,
            };
            if failure.again == Again::Never || tried >= attempts {
                let times = match tried {
                    1 => String::new(),
                    n => format!(" ({n} attempts)"),
                };
                return Err(OutsideError::of_source(format!(
                    "cannot fetch {url}: {}{times}",
                    failure.said
                )));
            }
            let wanted = match failure.again {
                Again::After(asked_for) => asked_for,
                Again::Never | Again::Soon => pause,
            };
            thread::sleep(wanted.min(LONGEST_PAUSE));
            pause *= 2;
            tried += 1;
        }
    }

    fn once(&self, request: RequestBuilder, most: u64) -> Result<Option<Got>, Failure> {
        let begun = Instant::now();
        let mut response = request.send().map_err(|error| self.failed(&error))?;
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        if !status.is_success() {
            return Err(refused(&response));
        }
        let too_long = || Failure {
            said: format!("the answer is longer than {most} bytes, which is the limit"),
            again: Again::Never,
        };
        let announced = response.content_length();
        if announced.is_some_and(|length| length > most) {
            return Err(too_long());
        }
        // One byte more tells what is too long from what just fits.
        let bounded = response.by_ref().take(most.saturating_add(1));
        let body = self.read(bounded, begun)?;
        if u64::try_from(body.len()).unwrap_or(u64::MAX) > most {
            return Err(too_long());
        }
        if body.is_empty() {
            return Err(Failure {
                said: "the answer is empty".to_owned(),
                again: Again::Never,
            });
        }
        Ok(Some(Got {
            body,
            from: response.url().to_string(),
        }))
    }

    /// The whole of an answer to a request that was `begun` then.
    fn read(&self, mut answer: impl Read, begun: Instant) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = match answer.read(&mut chunk) {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.broken(&error)),
            };
            if read == 0 {
                return Ok(body);
            }
            body.extend(chunk.iter().take(read));
            // The client's own limit holds for each read: what trickles would never meet it.
            if begun.elapsed() >= self.limits.patience() {
                return Err(self.late());
            }
        }
    }

    fn broken(&self, error: &io::Error) -> Failure {
        let inner = error
            .get_ref()
            .and_then(|e| e.downcast_ref::<reqwest::Error>());
        inner.map_or_else(
            || Failure {
                said: format!("the answer ends in the middle: {error}"),
                again: Again::Soon,
            },
            |error| self.failed(error),
        )
    }

    fn late(&self) -> Failure {
        Failure {
            said: format!("no whole answer within {} s", self.limits.seconds.value),
            again: Again::Soon,
        }
    }

    fn failed(&self, error: &reqwest::Error) -> Failure {
        if error.is_redirect() {
            return Failure {
                said: chain(error),
                again: Again::Never,
            };
        }
        if error.is_timeout() {
            return self.late();
        }
        let told = chain(error);
        let said = if error.is_body() || error.is_decode() {
            format!("the answer ends in the middle: {told}")
        } else {
            told
        };
        // A certificate does not get better by asking again.
        let is_hopeless = said.contains("certificate") || error.is_builder();
        Failure {
            said,
            again: if is_hopeless {
                Again::Never
            } else {
                Again::Soon
            },
        }
    }
}

/// Refuses a proxy that is none: the client would pass it over and go out by itself, where that may not
/// be wanted. Its address may hold a password, so it is not shown.
fn check_proxies() -> Result<(), OutsideError> {
    for name in PROXIES {
        let Some(address) = std::env::var_os(name).filter(|address| !address.is_empty()) else {
            continue;
        };
        // Without a scheme it is one of HTTP; the client knows no others than these.
        let is_known = |address: &str| {
            let scheme = address
                .split_once("://")
                .map_or("http", |(scheme, _)| scheme);
            ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str())
        };
        let is_one = address
            .to_str()
            .is_some_and(|a| is_known(a) && reqwest::Proxy::https(a).is_ok());
        if !is_one {
            return Err(OutsideError::of_source(format!(
                "nothing can be fetched: the variable {name} does not hold the address of a proxy"
            )));
        }
    }
    Ok(())
}

/// What a server says that has something else than an answer.
fn refused(response: &Response) -> Failure {
    let status = response.status();
    let passes = status.is_server_error()
        || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status);
    let later = response.headers().get(RETRY_AFTER);
    let later = later.and_then(|later| later.to_str().ok()?.parse().ok());
    Failure {
        said: format!("the server answers {status}"),
        again: match later.map(Duration::from_secs) {
            _ if !passes => Again::Never,
            Some(pause) => Again::After(pause),
            None => Again::Soon,
        },
    }
}

/// Follows an answer that leads elsewhere on the same host, and no other.
fn same_host(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let asked = attempt.previous().first();
    let origin = asked.map(reqwest::Url::origin);
    if origin != Some(attempt.url().origin()) {
        let host = attempt.url().host_str().unwrap_or_default().to_owned();
        return attempt.error(format!("the answer leads to another host, {host}"));
    }
    if attempt.previous().len() > MOST_REDIRECTS {
        return attempt.error("the answers lead round and round");
    }
    attempt.follow()
}

/// An error with what led to it. The address is told by whoever tells the error.
fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        source = inner.source();
    }
    if parts.is_empty() {
        return error.to_string();
    }
    parts.join(": ")
}

//! Repositories over HTTPS: git's smart protocol, carried by the same client as everything else that
//! is fetched.

use std::cell::RefCell;
use std::io::{self, Cursor, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport, register};
use git2::{AutotagOption, Error, FetchOptions, Oid, Remote, Repository};
use tempfile::TempDir;

use crate::finding::{Error as Failed, InputError, OutsideError};
use crate::profile::Url;

use super::Snapshot;
use super::git::{HEAD, find_commit, snapshot_of};
use super::https::{Got, Https};

/// What git calls the service that sends.
const SERVICE: &str = "git-upload-pack";

/// Where the tip is put that the remote's HEAD names.
const TIP: &str = "refs/heads/tip";

/// What of a remote has a name that a revision may be.
const EVERYTHING: [&str; 2] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

thread_local! {
    /// The client of the fetch that runs on this thread: libgit2 hands nothing through.
    static RUNNING: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// What a fetch goes by.
#[derive(Clone)]
struct Session {
    https: Https,
    /// What failed, which libgit2 keeps the text of alone.
    failed: Arc<Mutex<Option<OutsideError>>>,
}

/// The commit that the remote's HEAD names.
///
/// # Errors
/// A remote that cannot be reached or is no repository.
pub fn tip(url: &Url, https: &Https) -> Result<String, Failed> {
    with_remote(url, https, |remote, _| {
        remote.connect(git2::Direction::Fetch)?;
        let heads = remote.list()?;
        let head = heads.iter().find(|head| head.name() == HEAD);
        Ok(head.map(git2::RemoteHead::oid))
    })?
    .map(|oid: Oid| oid.to_string())
    .ok_or_else(|| no_commit(url))
}

/// The texts of `revision`, those whose path `wanted` picks; of what the remote's HEAD names where
/// no revision is given, and then nothing that came before it is fetched.
///
/// # Errors
/// A remote that cannot be reached or is no repository, or has no such revision.
pub fn snapshot(
    url: &Url,
    revision: Option<&str>,
    https: &Https,
    wanted: impl Fn(&str) -> bool,
) -> Result<Snapshot, Failed> {
    with_remote(url, https, |remote, repository| {
        let mut options = FetchOptions::new();
        options.download_tags(AutotagOption::None);
        if revision.is_some() {
            remote.fetch(&EVERYTHING, Some(&mut options), None)?;
        } else {
            options.depth(1);
            remote.fetch(&[format!("+{HEAD}:{TIP}")], Some(&mut options), None)?;
        }
        let commit = find_commit(url.as_str(), repository, revision.unwrap_or(TIP));
        Ok(commit.and_then(|commit| {
            snapshot_of(url.as_str(), url.to_string(), repository, &commit, &wanted)
        }))
    })?
}

fn no_commit(url: &Url) -> Failed {
    InputError::new(format!("`{url}` has no commit yet")).into()
}

/// Does something with the remote at `url`, in a repository that is gone afterwards.
fn with_remote<T>(
    url: &Url,
    https: &Https,
    act: impl FnOnce(&mut Remote<'_>, &Repository) -> Result<T, Error>,
) -> Result<T, Failed> {
    carry_https();
    let folder = TempDir::new()
        .map_err(|error| OutsideError::file("make a folder in", &std::env::temp_dir(), error))?;
    let session = Session {
        https: https.clone(),
        failed: Arc::default(),
    };
    RUNNING.replace(Some(session.clone()));
    let done = Repository::init_bare(folder.path()).and_then(|repository| {
        let mut remote = repository.remote_anonymous(url.as_str())?;
        act(&mut remote, &repository)
    });
    RUNNING.replace(None);
    done.map_err(|error| {
        let mut failed = session
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let failed = failed.take();
        failed
            .unwrap_or_else(|| super::git::git_failed(url.as_str(), &error))
            .into()
    })
}

/// Says once that `https` goes this way; the library as it is built here has no other.
fn carry_https() {
    static REGISTERED: std::sync::Once = std::sync::Once::new();
    REGISTERED.call_once(|| {
        #[expect(
            unsafe_code,
            reason = "the library asks that nobody opens a transport meanwhile: this runs once, \
                      before the first one, and nothing else here uses remotes"
        )]
        let registered = unsafe {
            register("https", |remote| {
                let session = RUNNING.with_borrow(Clone::clone);
                let session = session.ok_or_else(|| Error::from_str("nothing is being fetched"))?;
                let carrier = Carrier {
                    session,
                    base: Arc::default(),
                };
                Transport::smart(remote, true, carrier)
            })
        };
        // Without it the library says of each fetch that it knows no such scheme.
        drop(registered);
    });
}

/// Carries what git says to one remote.
struct Carrier {
    session: Session,
    /// The address of the remote, once it has said where it really is.
    base: Arc<Mutex<Option<String>>>,
}

impl SmartSubtransport for Carrier {
    fn action(
        &self,
        url: &str,
        action: Service,
    ) -> Result<Box<dyn SmartSubtransportStream>, Error> {
        let mut base = self.base.lock().unwrap_or_else(PoisonError::into_inner);
        let url = base.as_deref().unwrap_or(url).trim_end_matches('/');
        match action {
            Service::UploadPackLs => {
                let path = format!("/info/refs?service={SERVICE}");
                let answer = self.session.https.get(&format!("{url}{path}"));
                let Got { body, from } = self.session.told(answer).map_err(|e| of_io(&e))?;
                if let Some(moved) = from.strip_suffix(&path) {
                    *base = Some(moved.to_owned());
                }
                Ok(Box::new(Cursor::new(body)))
            }
            Service::UploadPack => Ok(Box::new(Exchange {
                session: self.session.clone(),
                url: format!("{url}/{SERVICE}"),
                said: Vec::new(),
                answer: None,
            })),
            Service::ReceivePackLs | Service::ReceivePack => {
                Err(Error::from_str("nothing is ever sent to a repository"))
            }
        }
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn of_io(error: &io::Error) -> Error {
    Error::from_str(&error.to_string())
}

impl Session {
    /// The answer; a failure is kept, and told to libgit2 as a text.
    fn told(&self, answer: Result<Got, OutsideError>) -> io::Result<Got> {
        answer.map_err(|error| {
            let text = error.to_string();
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            io::Error::other(text)
        })
    }
}

/// One question and its answer: sent when the answer is first read.
struct Exchange {
    session: Session,
    url: String,
    said: Vec<u8>,
    answer: Option<Cursor<Vec<u8>>>,
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.said.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.answer.is_none() {
            let kind = format!("application/x-{SERVICE}-request");
            let answer = self.session.https.post(&self.url, &kind, &self.said);
            self.answer = Some(Cursor::new(self.session.told(answer)?.body));
        }
        self.answer
            .as_mut()
            .map_or(Ok(0), |answer| answer.read(buffer))
    }
}

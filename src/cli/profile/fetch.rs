//! What those who publish facts have now, over HTTPS.

use crate::finding::{Error, OutsideError};
use crate::profile::{Etag, PublishedRanges, Sources, Url};
use crate::source::https::{Answer, Https};
use crate::source::text::text_of;
use crate::source::{Snapshot, smart};
use crate::upstream::cloudflare::{Published, read_answer, read_texts};
use crate::upstream::kube_samples::is_wanted;

/// Ranges as they were fetched.
pub(super) struct Fetched {
    /// The ranges.
    pub(super) published: Published,
    /// The addresses that were read: one, or one of each family.
    pub(super) from: Vec<String>,
}

/// What the sources are asked with.
pub(super) struct Fetcher<'a> {
    sources: &'a Sources,
    https: Https,
}

impl<'a> Fetcher<'a> {
    /// One client for all sources.
    pub(super) fn new(sources: &'a Sources) -> Result<Self, Error> {
        let https = Https::new(&sources.limits)?;
        Ok(Self { sources, https })
    }

    /// The texts of the repository at `revision`, at its tip where there is none.
    pub(super) fn snapshot(&self, revision: Option<&str>) -> Result<Snapshot, Error> {
        let url = &self.sources.kube_samples.repository;
        smart::snapshot(url, revision, &self.https, is_wanted)
    }

    /// The commit at the tip of the repository.
    pub(super) fn tip(&self) -> Result<String, Error> {
        smart::tip(&self.sources.kube_samples.repository, &self.https)
    }

    /// Whether the ranges are first asked for at the address that these are.
    pub(super) fn asks_for_ranges_at(&self, from: &[String]) -> bool {
        from == [self.sources.cloudflare.api.as_str()]
    }

    /// The ranges; nothing where they are still those that `etag` stands for. Where the API does
    /// not answer as it should, the texts are read, and `tell` hears why.
    pub(super) fn ranges(
        &self,
        etag: Option<&Etag>,
        tell: impl Fn(&str),
    ) -> Result<Option<Fetched>, Error> {
        let source = &self.sources.cloudflare;
        let failed = match self.by_api(source, etag) {
            Ok(fetched) => return Ok(fetched),
            Err(failed) => failed,
        };
        match self.by_texts(source) {
            Ok(fetched) => {
                tell(&format!("{failed}; the texts are read instead"));
                Ok(Some(fetched))
            }
            Err(texts) => Err(OutsideError::Source {
                message: format!("{failed}; and of the texts that could stand in: {texts}"),
                hint: Some("nothing was changed; try again later".to_owned()),
            }
            .into()),
        }
    }

    fn by_api(
        &self,
        source: &PublishedRanges,
        etag: Option<&Etag>,
    ) -> Result<Option<Fetched>, Error> {
        let body = match self.https.list(&source.api, etag)? {
            Answer::Unchanged => return Ok(None),
            Answer::Body(body) => body,
        };
        let input = text_of(source.api.as_str(), body)?;
        Ok(Some(Fetched {
            published: read_answer(&input)?,
            from: vec![source.api.to_string()],
        }))
    }

    fn by_texts(&self, source: &PublishedRanges) -> Result<Fetched, Error> {
        let text = |url: &Url| match self.https.list(url, None)? {
            Answer::Body(body) => text_of(url.as_str(), body),
            Answer::Unchanged => text_of(url.as_str(), Vec::new()),
        };
        let published = read_texts(&text(&source.ipv4)?, &text(&source.ipv6)?)?;
        Ok(Fetched {
            published,
            from: vec![source.ipv4.to_string(), source.ipv6.to_string()],
        })
    }
}

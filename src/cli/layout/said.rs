//! What is said of a layout, by arguments and by a cluster profile: an argument beats the key of the
//! same name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Input, InputError, Place, has_credentials};
use crate::profile::{ApplyWord, GITOPS_KEYS, Gitops, GitopsKey, LayoutWord, secret_in};

/// What to do about a secret in the address of a repository, which is written into Git.
const BARE: &str =
    "it is written into Git: give Argo CD the credentials, and here the bare address";

/// The section of a cluster profile, and the text that it stands in.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Section {
    /// The text.
    pub(in crate::cli) input: Arc<Input>,
    /// The section.
    pub(in crate::cli) gitops: Gitops,
}

/// A value, and where it was said.
#[derive(Debug, Clone)]
pub(super) struct Said {
    key: &'static str,
    /// The value.
    pub(super) text: String,
    /// Where in the cluster profile; nothing of an argument.
    place: Option<Place>,
}

/// All that was said.
pub(super) struct All {
    /// The layout.
    pub(super) layout: LayoutWord,
    /// Where in the cluster profile; nothing of an argument.
    place: Option<Place>,
    /// What applies the objects.
    pub(super) apply: ApplyWord,
    /// Whether what is no longer rendered is removed.
    pub(super) prune: bool,
    texts: BTreeMap<&'static str, Said>,
}

/// What arguments say.
pub(super) struct Arguments<'a> {
    pub(super) layout: Option<LayoutWord>,
    pub(super) apply: Option<ApplyWord>,
    pub(super) prune: Option<bool>,
    /// Each by the key of its name.
    pub(super) texts: Vec<(&'static str, &'a str)>,
}

impl All {
    /// What arguments and the section of a profile say together. The section counts where its layout
    /// is the one.
    pub(super) fn new(
        arguments: &Arguments<'_>,
        section: Option<&Section>,
    ) -> Result<Self, InputError> {
        let own = section.map(|section| section.gitops.layout.value);
        let layout = arguments.layout.or(own).unwrap_or_default();
        let section = section.filter(|_| own == Some(layout));
        let place = section.filter(|_| arguments.layout.is_none());
        let mut all = Self {
            layout,
            place: place.map(|section| Place::new(&section.input, section.gitops.layout.span)),
            apply: ApplyWord::default(),
            prune: false,
            texts: BTreeMap::new(),
        };
        if let Some(Section { input, gitops }) = section {
            all.apply = gitops
                .apply
                .as_ref()
                .map(|word| word.value)
                .unwrap_or_default();
            all.prune = gitops.prune.as_ref().is_some_and(|prune| prune.value);
            for (key, value) in gitops.texts() {
                let text = value.value.clone();
                let place = Some(Place::new(input, value.span));
                all.texts.insert(key, Said { key, text, place });
            }
        }
        if let Some(apply) = arguments.apply {
            all.apply = apply;
            // What the section says for another one is of no use then.
            let is_useless = |key: &GitopsKey| key.apply.is_some_and(|wanted| wanted != apply);
            for key in GITOPS_KEYS.iter().filter(|key| is_useless(key)) {
                all.texts.remove(key.name);
                all.prune &= key.name != "prune";
            }
        }
        all.refuse_strangers(arguments)?;
        if let Some(prune) = arguments.prune {
            all.prune = prune;
        }
        for (key, text) in &arguments.texts {
            let said = Said {
                key,
                text: (*text).to_owned(),
                place: None,
            };
            all.texts.insert(key, said);
        }
        Ok(all)
    }

    /// Refuses arguments that the layout, or what applies the objects, has no use for.
    fn refuse_strangers(&self, arguments: &Arguments<'_>) -> Result<(), InputError> {
        let is_given = |key: &GitopsKey| match key.name {
            "prune" => arguments.prune == Some(true),
            "apply" => arguments.apply == Some(ApplyWord::Calicoctl),
            name => arguments.texts.iter().any(|(given, _)| *given == name),
        };
        for key in GITOPS_KEYS.iter().filter(|key| is_given(key)) {
            let flag = flag_of(key.name);
            if !key.layouts.contains(&self.layout) {
                let words = key
                    .layouts
                    .iter()
                    .map(|word| format!("`--layout {}`", word.word()));
                let words: Vec<String> = words.collect();
                let error = InputError::new(format!(
                    "`{flag}` goes with {}, and the layout is {}",
                    words.join(" and "),
                    self.layout.word()
                ));
                return Err(if key.name == "apply" {
                    error.hint("`calicoctl apply -f FOLDER` takes plain files as they are")
                } else {
                    error
                });
            }
            if let Some(wanted) = key.apply.filter(|wanted| *wanted != self.apply) {
                return Err(InputError::new(format!(
                    "`{flag}` goes with `--apply {}`, and it is {}",
                    wanted.word(),
                    self.apply.word()
                )));
            }
        }
        Ok(())
    }

    /// The value of `key`, if it was said.
    pub(super) fn get(&self, key: &'static str) -> Result<Option<Said>, InputError> {
        let Some(said) = self.texts.get(key) else {
            return Ok(None);
        };
        let text = &said.text;
        // First of all: the other sentences show the value.
        if let Some(secret) = said.secret() {
            // The address is not shown: it holds what nobody should read.
            let error = said.error(format!("`{}` holds {secret}", said.name()));
            return Err(if key == "repoUrl" {
                error.hint(BARE)
            } else {
                error
            });
        }
        if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            let shown = if text.contains('@') {
                String::new()
            } else {
                format!(": {text:?}")
            };
            return Err(said.error(format!("`{}` is empty or holds spaces{shown}", said.name())));
        }
        Ok(Some(said.clone()))
    }

    /// The value of `key`, which must be there.
    pub(super) fn want(&self, key: &'static str) -> Result<Said, InputError> {
        let wants =
            |layout: String, key: String| InputError::new(format!("{layout} wants `{key}`"));
        let layout = self.layout.word();
        self.get(key)?.ok_or_else(|| match &self.place {
            Some(place) => wants(format!("`layout: {layout}`"), key.to_owned())
                .at(place.clone())
                .hint(format!("write it there, or give `{}`", flag_of(key))),
            None => wants(format!("`--layout {layout}`"), flag_of(key)),
        })
    }
}

impl Said {
    /// What it holds that nobody should read.
    fn secret(&self) -> Option<&'static str> {
        match self.key {
            "repoUrl" | "destination" => secret_in(&self.text),
            _ => has_credentials(&self.text).then_some("a user or a password"),
        }
    }

    /// What it is called where it was said: `--repo-url`, `repoUrl`.
    pub(super) fn name(&self) -> String {
        match self.place {
            Some(_) => self.key.to_owned(),
            None => flag_of(self.key),
        }
    }

    /// Name and value, as they were written.
    pub(super) fn shown(&self) -> String {
        match self.place {
            Some(_) => format!("{}: {}", self.key, self.text),
            None => format!("{} {}", flag_of(self.key), self.text),
        }
    }

    /// The error that `message` tells of it.
    pub(super) fn error(&self, message: impl Into<String>) -> InputError {
        let error = InputError::new(message);
        match &self.place {
            Some(place) => error.at(place.clone()),
            None => error,
        }
    }
}

/// The argument of the name of a key: `--repo-url` of `repoUrl`.
fn flag_of(key: &str) -> String {
    let mut flag = "--".to_owned();
    for character in key.chars() {
        if character.is_ascii_uppercase() {
            flag.push('-');
        }
        flag.push(character.to_ascii_lowercase());
    }
    flag
}

//! Templates: those in the binary, and a folder's that stand in for them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};

use crate::finding::{Input, InputError, Place, Span};
use crate::profile::Network;
use crate::yaml::is_plain_safe;

use super::facts::View;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// How template files end.
pub(super) const ENDING: &str = ".yaml.j2";

/// How many steps a template may take. The longest of the set takes some thousands.
const FUEL: u64 = 20_000_000;

/// A character of private use that no template has: it marks line ends when a rendered line's
/// template line is looked for.
const MARK: char = '\u{f8ff}';

/// Templates by path below `templates/`.
pub struct Templates {
    texts: Arc<BTreeMap<String, Arc<Input>>>,
    /// Compiles a template when it is first rendered or included.
    engine: Environment<'static>,
}

impl Templates {
    /// The templates in the binary.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn embedded() -> Result<Self, InputError> {
        Self::with(std::iter::empty())
    }

    /// The templates in the binary, with `texts` (path below `templates/`, text) in the place of
    /// those of the same path.
    ///
    /// # Errors
    /// A template that cannot be read, or whose path is that of no template of the set.
    pub fn with(texts: impl IntoIterator<Item = (String, Arc<Input>)>) -> Result<Self, InputError> {
        let mut all = BTreeMap::new();
        collect(&EMBEDDED, &mut all);
        let mut own = BTreeSet::new();
        for (path, input) in texts {
            if !all.contains_key(&path) {
                let known = all.keys().map(String::as_str);
                return Err(InputError::new(format!(
                    "{} stands in for no template: there is no `{path}`",
                    input.name
                ))
                .suggest(&path, known));
            }
            own.insert(path.clone());
            all.insert(path, input);
        }
        let texts = Arc::new(all);
        let mut engine = engine()?;
        let known = Arc::clone(&texts);
        engine.set_loader(move |path| {
            Ok(known.get(path).map(|input| input.text.as_str().to_owned()))
        });
        // What is wrong with a user's own is told whether or not it is rendered.
        for path in own {
            if let (Some(input), Err(error)) = (texts.get(&path), engine.get_template(&path)) {
                return Err(explain(input, &error));
            }
        }
        Ok(Self { texts, engine })
    }

    /// The text of the template at `path`, if there is one.
    pub fn text(&self, path: &str) -> Option<&Arc<Input>> {
        self.texts.get(path)
    }

    /// The names of the policies that there are templates for on `network`, wanted or not: a
    /// template's file is called as its policy is.
    pub fn policy_names(&self, network: Network) -> BTreeSet<String> {
        let folder = format!("{network}/");
        let names = self.texts.keys().filter_map(|path| {
            let name = path.strip_prefix(&folder)?.strip_suffix(ENDING)?;
            Some(name.to_owned())
        });
        names.collect()
    }

    /// Renders the template at `path`.
    ///
    /// # Errors
    /// No such template, or what is wrong with it, with its line.
    pub(super) fn render(&self, path: &str, view: &Arc<View>) -> Result<String, InputError> {
        let input = self
            .text(path)
            .ok_or_else(|| InputError::new(format!("there is no template `{path}`")))?;
        self.engine
            .get_template(path)
            .and_then(|template| template.render(Value::from_dyn_object(Arc::clone(view))))
            .map_err(|error| explain(input, &error))
    }

    /// The line of the template at `path` that made line `line` of what it rendered, if it can
    /// be told.
    pub(super) fn line_behind(&self, path: &str, view: &Arc<View>, line: u32) -> Option<Place> {
        let input = self.text(path)?;
        let mut marked = String::with_capacity(input.text.len() * 2);
        for (index, text) in input.text.lines().enumerate() {
            marked.push_str(text);
            // A block's own line vanishes when rendered; a mark would make it stay.
            if !text.trim_start().starts_with("{%") {
                let _ = write!(marked, "{MARK}{}", index + 1);
            }
            marked.push('\n');
        }
        let mut engine = engine().ok()?;
        engine.add_template_owned(path.to_owned(), marked).ok()?;
        let rendered = engine
            .get_template(path)
            .ok()?
            .render(Value::from_dyn_object(Arc::clone(view)))
            .ok()?;
        let (_, number) = rendered
            .lines()
            .nth(line.checked_sub(1)? as usize)?
            .rsplit_once(MARK)?;
        Some(line_of(input, number.parse().ok()?))
    }
}

fn collect(dir: &Dir<'_>, texts: &mut BTreeMap<String, Arc<Input>>) {
    for file in dir.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8())
            && path.ends_with(ENDING)
        {
            texts.insert(
                path.to_owned(),
                Input::new(format!("templates/{path}"), text),
            );
        }
    }
    for inner in dir.dirs() {
        collect(inner, texts);
    }
}

fn engine() -> Result<Environment<'static>, InputError> {
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .map_err(|error| InputError::new(error.to_string()))?;
    let mut engine = Environment::new();
    engine.set_syntax(syntax);
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_formatter(|out, state, value| {
        if value.is_undefined() {
            return Err(minijinja::Error::from(ErrorKind::UndefinedError));
        }
        match value.as_str() {
            // Whatever a value is, it stays one YAML scalar: no value can add a line or a key.
            Some(text) if !value.is_safe() && !is_plain_safe(text) => {
                let quoted = serde_json::Value::from(text).to_string();
                out.write_str(&quoted).map_err(minijinja::Error::from)
            }
            _ if value.as_str().is_none() && !value.is_number() => Err(minijinja::Error::new(
                ErrorKind::BadSerialization,
                format!(
                    "only a text or a number can be printed, not {}",
                    value.kind()
                ),
            )),
            _ => minijinja::escape_formatter(out, state, value),
        }
    });
    engine.set_fuel(Some(FUEL));
    Ok(engine)
}

fn line_of(input: &Arc<Input>, line: usize) -> Place {
    let mut start = 0;
    for (index, text) in input.text.split_inclusive('\n').enumerate() {
        if index + 1 == line {
            let end = start + text.trim_end().len();
            return Place::new(input, Span::in_text(&input.text, start..end));
        }
        start += text.len();
    }
    Place::new(input, Span::in_text(&input.text, start..start))
}

fn explain(input: &Arc<Input>, error: &minijinja::Error) -> InputError {
    let message = match error.detail() {
        Some(detail) => format!("the template fails: {}: {detail}", error.kind()),
        None => format!("the template fails: {}", error.kind()),
    };
    let place = match (error.range(), error.line()) {
        (Some(range), _) if input.text.get(range.clone()).is_some() => {
            Place::new(input, Span::in_text(&input.text, range))
        }
        (_, Some(line)) => line_of(input, line),
        _ => line_of(input, 1),
    };
    InputError::new(message).at(place)
}

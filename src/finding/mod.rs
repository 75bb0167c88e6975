//! What there is to tell a user: where, how grave, what, and what would be right.
//!
//! Nothing here formats for a terminal or a machine: that is `report`.

mod code;
mod conceal;
mod error;
mod nearest;
mod place;

pub use code::{Code, Severity};
pub use conceal::has_credentials;
pub use error::{Error, InputError, OutsideError};
pub use nearest::nearest;
pub use place::{Input, Origin, Place, Span};

/// One thing to tell a user about an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub code: Code,
    /// How grave.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What, in one sentence.
    pub message: String,
    /// What would be right, if that is known.
    pub hint: Option<String>,
    /// Further places that belong to it, each with what is there.
    pub related: Vec<(Place, String)>,
}

impl Finding {
    /// A finding of the code's own severity.
    pub fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            place,
            message: message.into(),
            hint: None,
            related: Vec::new(),
        }
    }

    /// Says what would be right.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a further place.
    pub fn related(mut self, place: Place, what: impl Into<String>) -> Self {
        self.related.push((place, what.into()));
        self
    }

    /// The finding as an error that ends a command.
    pub fn into_error(self) -> InputError {
        let error = InputError::new(self.message).at(self.place);
        let error = match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        };
        self.related
            .into_iter()
            .fold(error, |error, (place, what)| {
                error.also(InputError::new(what).at(place))
            })
    }
}

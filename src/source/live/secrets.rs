//! Texts that are shown to nobody.

/// What stands in a secret's place.
const SHOWN: &str = "***";

/// Shorter texts are no secrets, and taking them out would garble sentences.
const SHORTEST: usize = 6;

/// The secrets of one connection: whatever is told of it passes through here.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Keeps `secret` out of what is told.
    pub(super) fn keep(&mut self, secret: impl Into<String>) {
        let secret = secret.into();
        if secret.len() >= SHORTEST {
            self.0.push(secret);
            // A short secret may be part of a longer one, which goes first.
            self.0.sort_by_key(|known| std::cmp::Reverse(known.len()));
        }
    }

    /// `text` without the secrets, and without what only terminals understand.
    pub(super) fn without(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = text.replace(secret.as_str(), SHOWN);
        }
        let printable = |c: char| !c.is_control() || c == '\n';
        text.chars().filter(|c| printable(*c)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_secret_goes_first() {
        let mut secrets = Secrets::default();
        secrets.keep("token-abc");
        secrets.keep("token-abc-and-more");
        secrets.keep("a");
        let told = secrets.without("a token-abc-and-more, token-abc\u{1b}[31m");
        assert_eq!(told, "a ***, ***[31m");
    }
}

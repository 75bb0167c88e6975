//! Texts that are shown to nobody.

/// What stands in a secret's place.
const SHOWN: &str = "***";

/// Longer texts are taken out wherever they stand. Shorter ones may well be a part of ordinary words,
/// and are taken out where they are a word of their own.
const LONG: usize = 6;

/// How every token begins that is made of JSON: those that a server or an issuer makes are.
const TOKEN: &str = "eyJ";

/// The secrets of one connection: whatever is told of it passes through here.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Keeps `secret` out of what is told.
    pub(super) fn keep(&mut self, secret: impl Into<String>) {
        let secret = secret.into();
        if !secret.trim().is_empty() {
            self.0.push(secret);
            // A short secret may be part of a longer one, which goes first.
            self.0.sort_by_key(|known| std::cmp::Reverse(known.len()));
        }
    }

    /// `text` without the secrets, without tokens whoever's they are, and without what only terminals
    /// understand.
    pub(super) fn without(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = if secret.chars().count() < LONG {
                without_word(&text, secret)
            } else {
                text.replace(secret.as_str(), SHOWN)
            };
        }
        let printable = |c: char| !c.is_control() || c == '\n';
        without_tokens(&text)
            .chars()
            .filter(|c| printable(*c))
            .collect()
    }
}

/// `text` without `word` where letters and digits do not go on before or behind it.
fn without_word(text: &str, word: &str) -> String {
    let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once(word) {
        let left = head.chars().next_back().or(before);
        let goes_on = in_word(left) && in_word(word.chars().next())
            || in_word(tail.chars().next()) && in_word(word.chars().next_back());
        out.push_str(head);
        out.push_str(if goes_on { word } else { SHOWN });
        before = word.chars().next_back();
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// `text` without words that look like a JSON web token.
fn without_tokens(text: &str) -> String {
    let of_token = |c: char| c.is_ascii_alphanumeric() || "-_.=".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once(TOKEN) {
        let end = tail.find(|c| !of_token(c)).unwrap_or(tail.len());
        let (token, behind) = tail.split_at(end);
        out.push_str(head);
        if token.contains('.') {
            out.push_str(SHOWN);
        } else {
            out.push_str(TOKEN);
            out.push_str(token);
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_and_ordinary_words_stay() {
        // The secrets, what is to be told, and what is told.
        let cases: [(&[&str], &str, &str); 9] = [
            (
                &["token-abc", "token-abc-and-more"],
                "a token-abc-and-more, token-abc\u{1b}[31m",
                "a ***, ***[31m",
            ),
            // A short one as a word, and within words.
            (
                &["pass"],
                "bad password pass: \"pass\" (user:pass@host) pass_1 pass",
                "bad password ***: \"***\" (user:***@host) pass_1 ***",
            ),
            (&["x"], "x=x, next", "***=***, next"),
            (&["p@ss!"], "xp@ss! is p@ss!x", "xp@ss! is ***x"),
            (&["ab"], "abab ab", "abab ***"),
            (&["äö"], "äö, säö", "***, säö"),
            // Nothing is no secret.
            (&["", " "], "a b", "a b"),
            // A token that nobody knew of.
            (
                &[],
                "got eyJhbGciOi.eyJzdWIi.c2ln-_=, and eyJust words",
                "got ***, and eyJust words",
            ),
            (&[], "eyJa.b", "***"),
        ];
        for (known, text, expected) in cases {
            let mut secrets = Secrets::default();
            for secret in known {
                secrets.keep(*secret);
            }
            assert_eq!(secrets.without(text), expected, "{known:?}");
        }
    }
}

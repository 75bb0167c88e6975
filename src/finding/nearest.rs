//! The nearest right spelling of a wrong name.

use similar::TextDiff;

/// The names among `known` that a person who typed `wrong` may have meant, best first, at most
/// three. A difference of case alone always counts.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    const ALIKE: f32 = 0.6;
    const MOST: usize = 3;

    let lower = wrong.to_lowercase();
    let mut scored: Vec<(f32, &str)> = known
        .into_iter()
        .map(|name| (likeness(&lower, &name.to_lowercase()), name))
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.truncate(MOST);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// How alike two texts are, 0 to 1. A text that begins with the other is alike, because people
/// leave the end off.
fn likeness(a: &str, b: &str) -> f32 {
    let ratio = TextDiff::from_chars(a, b).ratio();
    let prefix = a.len().min(b.len()) >= 3 && (a.starts_with(b) || b.starts_with(a));
    if prefix { ratio.max(0.7) } else { ratio }
}

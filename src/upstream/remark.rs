//! What is worth telling of an upstream and keeps nothing from being imported.

use crate::finding::Place;

/// Something of an upstream that is worth telling and keeps nothing from being imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it is, in one sentence.
    pub text: String,
    /// Where it was seen.
    pub place: Option<Place>,
}

/// The remarks as sentences, each once, with the first place and the number of further ones: the
/// same thing is seen in every region.
pub fn summed(remarks: &[Remark]) -> Vec<String> {
    let mut sums: Vec<(&Remark, usize)> = Vec::new();
    for remark in remarks {
        match sums.iter_mut().find(|(first, _)| first.text == remark.text) {
            Some((_, count)) => *count += 1,
            None => sums.push((remark, 1)),
        }
    }
    sums.into_iter()
        .map(|(remark, count)| {
            let more = match count - 1 {
                0 => String::new(),
                1 => " and once more".to_owned(),
                more => format!(" and {more} times more"),
            };
            match &remark.place {
                Some(place) => format!("{} ({place}{more})", remark.text),
                None if count > 1 => format!("{} ({count} times)", remark.text),
                None => remark.text.clone(),
            }
        })
        .collect()
}

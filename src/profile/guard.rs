//! What speaks against a change of a list until a person says that it is meant: the same for what
//! upstream publishes and for what a user corrects.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::Cidr;

use super::{Network, PlatformProfile};

/// By how many bits a block is shorter than every other one of its list where it is much wider: it
/// holds 256 times as many addresses.
const MUCH: u8 = 8;

/// What may speak against a change of a list.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Doubt {
    /// Blocks come that have no place in a list on its network.
    Astray,
    /// Blocks come that are much wider than any which the list held.
    Wide,
    /// More than a third goes.
    Loss,
}

/// Blocks that are not expected in the list that they come into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// What speaks against them.
    pub doubt: Doubt,
    /// The blocks, in the order in which they came.
    pub blocks: Vec<Cidr>,
    /// Why, in a sentence.
    pub why: String,
}

impl Doubt {
    /// The word for it, as overlays write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Astray => "astray",
            Self::Wide => "wide",
            Self::Loss => "loss",
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Stray {
    /// What would come into the list of this name, and what speaks against it.
    pub fn told(&self, list: &str) -> String {
        let blocks: Vec<String> = self.blocks.iter().map(ToString::to_string).collect();
        format!("{list} would get {}: {}", blocks.join(", "), self.why)
    }
}

/// What would be lost of the list of this name, which had `before` entries.
pub fn told_loss(list: &str, lost: &[String], before: usize) -> String {
    format!(
        "{list} would lose {} of its {before}: {}",
        lost.len(),
        lost.join(", ")
    )
}

/// Whether a list that had `before` entries and has `after` is emptied, or loses more than a third
/// where it loses `lost`.
pub fn is_great_loss(lost: usize, before: usize, after: usize) -> bool {
    lost > 0 && (after == 0 || 3 * lost > before)
}

/// What of `coming` is not expected in a list on `network` that held `held`: blocks that have no place
/// there, and blocks that are much wider than any of these. What is alike stands together.
pub fn strays(
    platform: &PlatformProfile,
    network: Network,
    held: &[Cidr],
    coming: &[Cidr],
) -> Vec<Stray> {
    let mut strays: Vec<Stray> = Vec::new();
    let mut add = |doubt, block, why: String| {
        let mut known = strays.iter_mut();
        match known.find(|stray| stray.doubt == doubt && stray.why == why) {
            Some(stray) => stray.blocks.push(block),
            None => strays.push(Stray {
                doubt,
                blocks: vec![block],
                why,
            }),
        }
    };
    for block in coming {
        if let Some(why) = platform.astray(*block, network) {
            add(Doubt::Astray, *block, why);
        }
    }
    for block in coming.iter().filter(|block| is_much_wider(**block, held)) {
        let why = "that is much wider than any block which the list held";
        add(Doubt::Wide, *block, why.to_owned());
    }
    strays
}

/// Whether a block is much wider than any of its family that the list held. Where it held none, there
/// is only the whole family to compare with.
fn is_much_wider(block: Cidr, held: &[Cidr]) -> bool {
    let alike = held.iter().filter(|held| held.is_ipv4() == block.is_ipv4());
    match alike.map(Cidr::prefix_len).min() {
        Some(widest) => block.prefix_len().saturating_add(MUCH) <= widest,
        None => block.prefix_len() <= MUCH,
    }
}

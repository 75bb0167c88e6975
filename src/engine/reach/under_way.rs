//! A tier in which policies are under way: each is there as it was or as it will be.
//!
//! Every combination of the forms is followed at once, and for one packet this is exact. Let a
//! packet come to the form `k` of a policy. It is decided there in some combination if and only if
//! no policy before `k` surely decides on it: none that is settled, and none of which both forms do
//! and stand before `k`. For then each other policy has a form, or is absent in one, that lets the
//! packet by, and they are chosen apart from each other. Likewise at the end of the tier: a packet
//! gets there in some combination if and only if nothing surely decided on it. There the end
//! applies if some policy of the combination governs the direction (EVAL-6, EVAL-9); where none is
//! settled, one form that does not decide on the packet is enough.
//!
//! A policy of which the two forms stand in different tiers is followed in each as if it could be
//! absent or there apart from the other: more combinations than there are.

use std::collections::BTreeMap;

use crate::engine::answer::Doubt;
use crate::engine::chain::ChainTier;
use crate::engine::space::{Space, SpaceError};

use super::Work;
use super::chain::Split;
use super::view::Seen;

/// What of a tier was followed so far.
struct Followed {
    /// The packets that may be undecided.
    live: Space,
    /// Those that may be passed on.
    passed: Space,
}

impl Work<'_> {
    /// What a tier does with the packets of `here`, and which of them the next may be asked about.
    pub(super) fn tier_under_way(
        &mut self,
        tier: &ChainTier,
        here: Space,
        seen: &Seen<'_>,
        split: &mut Split,
    ) -> Result<Space, SpaceError> {
        let mut followed = Followed {
            live: here,
            passed: Space::EMPTY,
        };
        // What each form surely decides on.
        let mut decided: Vec<Space> = Vec::with_capacity(tier.forms.len());
        let mut other: BTreeMap<u32, Space> = BTreeMap::new();
        let mut next = 0;
        for form in &tier.forms {
            self.lines(tier, next..form.lines.start, &mut followed, seen, split)?;
            next = form.lines.end;
            let live = followed.live;
            self.lines(tier, form.lines.clone(), &mut followed, seen, split)?;
            let own = self.spaces.difference(live, followed.live)?;
            self.note(&mut split.notes, Doubt::UnderWay, own)?;
            decided.push(own);
            // The form need not be there: only what the other one decides on too is decided.
            followed.live = match other.insert(form.step, own) {
                None => live,
                Some(first) => {
                    let both = self.spaces.intersection(first, own)?;
                    self.spaces.difference(live, both)?
                }
            };
        }
        self.lines(tier, next..tier.lines.len(), &mut followed, seen, split)?;
        let Followed { live, passed } = followed;
        if tier.passes {
            return self.spaces.union(passed, live);
        }
        let ends = if tier.certain || tier.settled {
            live
        } else {
            let mut ends = Space::EMPTY;
            for own in decided {
                let by = self.spaces.difference(live, own)?;
                ends = self.spaces.union(ends, by)?;
            }
            ends
        };
        split.deny.0 = self.spaces.union(split.deny.0, ends)?;
        self.note(&mut split.notes, Doubt::UnderWay, live)?;
        if tier.certain {
            return Ok(passed);
        }
        self.spaces.union(passed, live)
    }

    /// Some lines of a tier, one after the other.
    fn lines(
        &mut self,
        tier: &ChainTier,
        range: std::ops::Range<usize>,
        followed: &mut Followed,
        seen: &Seen<'_>,
        split: &mut Split,
    ) -> Result<(), SpaceError> {
        let lines = tier.lines.get(range).unwrap_or_default();
        if lines.is_empty() {
            return Ok(());
        }
        let known = self.known_lines(lines, seen)?;
        let (live, passed) = self.doubtful_lines(&known, followed.live, split)?;
        followed.live = live;
        followed.passed = self.spaces.union(followed.passed, passed)?;
        Ok(())
    }
}

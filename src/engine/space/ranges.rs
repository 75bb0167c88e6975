//! Sets of numbers and of addresses, as sorted ranges.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::address::{AddressSet, Family};

/// A set of numbers: sorted inclusive ranges that neither touch nor overlap, so that equal sets
/// are equal values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Ranges(Box<[(u128, u128)]>);

impl Ranges {
    /// Every number from `first` to `last` of any of the pairs. A pair that runs backwards holds
    /// nothing.
    pub fn of<T: Into<u128>>(pairs: impl IntoIterator<Item = (T, T)>) -> Self {
        let mut pairs: Vec<(u128, u128)> = pairs
            .into_iter()
            .map(|(first, last)| (first.into(), last.into()))
            .filter(|(first, last)| first <= last)
            .collect();
        pairs.sort_unstable();
        let mut joined: Vec<(u128, u128)> = Vec::with_capacity(pairs.len());
        for (first, last) in pairs {
            match joined.last_mut() {
                Some((_, end)) if end.checked_add(1).is_none_or(|next| first <= next) => {
                    *end = last.max(*end);
                }
                _ => joined.push((first, last)),
            }
        }
        Self(joined.into_boxed_slice())
    }

    /// The set of some numbers.
    pub fn singles<T: Into<u128> + Copy>(numbers: impl IntoIterator<Item = T>) -> Self {
        Self::of(numbers.into_iter().map(|number| (number, number)))
    }

    /// First and last number of each range, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u128, u128)> {
        self.0.iter().copied()
    }

    /// Whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every number from 0 to `max` is in the set.
    pub fn is_full(&self, max: u128) -> bool {
        matches!(*self.0, [(0, last), ..] if last >= max)
    }

    /// What is in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::of(self.iter().chain(other.iter()))
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        for (first, last) in self.iter() {
            both.extend(other.within(first, last));
        }
        Self::of(both)
    }

    /// The numbers from 0 to `max` that are not in the set.
    #[must_use]
    pub fn complement(&self, max: u128) -> Self {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut next = Some(0_u128);
        for (first, last) in self.iter() {
            if let Some(start) = next
                && let Some(end) = first.checked_sub(1)
            {
                gaps.push((start, end.min(max)));
            }
            next = last.checked_add(1);
        }
        if let Some(start) = next {
            gaps.push((start, max));
        }
        Self::of(gaps)
    }

    /// The parts of the set that lie from `first` to `last`, in order.
    pub(super) fn within(&self, first: u128, last: u128) -> impl Iterator<Item = (u128, u128)> {
        let begin = self.0.partition_point(|(_, end)| *end < first);
        let rest = self.0.get(begin..).unwrap_or_default();
        rest.iter()
            .copied()
            .take_while(move |(start, _)| *start <= last)
            .map(move |(start, end)| (start.max(first), end.min(last)))
    }
}

/// A set of addresses of both families.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Addresses {
    v4: Ranges,
    v6: Ranges,
}

impl Addresses {
    /// Every address of any of the blocks.
    pub fn of(nets: impl IntoIterator<Item = IpNet>) -> Self {
        Self::between(nets.into_iter().map(|net| (net.network(), net.broadcast())))
    }

    /// Every address from the first to the last of any of the pairs. A pair that runs backwards,
    /// or from one family to the other, holds nothing.
    pub fn between(pairs: impl IntoIterator<Item = (IpAddr, IpAddr)>) -> Self {
        let mut v4 = Vec::new();
        let mut v6 = Vec::new();
        for pair in pairs {
            match pair {
                (IpAddr::V4(first), IpAddr::V4(last)) => v4.push((first.to_bits(), last.to_bits())),
                (IpAddr::V6(first), IpAddr::V6(last)) => v6.push((first.to_bits(), last.to_bits())),
                _ => {}
            }
        }
        Self {
            v4: Ranges::of(v4),
            v6: Ranges::of(v6),
        }
    }

    /// The addresses of one family whose bits are in `ranges`.
    pub fn of_family(family: Family, ranges: Ranges) -> Self {
        match family {
            Family::V4 => Self {
                v4: ranges,
                v6: Ranges::default(),
            },
            Family::V6 => Self {
                v4: Ranges::default(),
                v6: ranges,
            },
        }
    }

    /// The bits of the set's addresses of one family.
    pub fn ranges(&self, family: Family) -> &Ranges {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// What is in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.union(&other.v4),
            v6: self.v6.union(&other.v6),
        }
    }

    /// The addresses of both families that are not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self {
            v4: self.v4.complement(u128::from(u32::MAX)),
            v6: self.v6.complement(u128::MAX),
        }
    }
}

impl From<&AddressSet> for Addresses {
    fn from(set: &AddressSet) -> Self {
        Self::between(set.ranges())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_and_their_gaps_are_their_complement() {
        let set = Ranges::of([(5_u16, 7), (8, 9), (20, 10), (65_535, 65_535)]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [(5, 9), (65_535, 65_535)]);
        let rest = set.complement(65_535);
        assert_eq!(rest.iter().collect::<Vec<_>>(), [(0, 4), (10, 65_534)]);
        assert!(rest.union(&set).is_full(65_535));
        assert_eq!(rest.complement(65_535), set);
        assert!(Ranges::default().complement(u128::MAX).is_full(u128::MAX));
        assert!(
            Ranges::of([(0, u128::MAX)])
                .complement(u128::MAX)
                .is_empty()
        );
    }

    #[test]
    fn addresses_reach_both_ends_of_both_families() {
        let ends = Addresses::between([
            ("0.0.0.0".parse().unwrap(), "0.0.0.0".parse().unwrap()),
            ("::".parse().unwrap(), "10.0.0.0".parse().unwrap()),
        ]);
        assert_eq!(ends.ranges(Family::V4), &Ranges::singles([0_u8]));
        assert!(ends.ranges(Family::V6).is_empty());
        let all = ends.union(&ends.complement());
        assert!(all.ranges(Family::V4).is_full(u128::from(u32::MAX)));
        assert!(all.ranges(Family::V6).is_full(u128::MAX));
    }
}

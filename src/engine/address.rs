//! Sets of addresses that answer quickly whether one is in them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// IPv4 or IPv6: policy is evaluated for each by itself (RES-21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Family {
    /// IPv4.
    #[default]
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// How much of some addresses a set holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cover {
    /// None.
    Nothing,
    /// Some, or it cannot be told.
    Part,
    /// All.
    All,
}

/// A set of addresses of both families: sorted ranges that neither touch nor overlap.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct AddressSet {
    v4: Box<[(u32, u32)]>,
    v6: Box<[(u128, u128)]>,
}

impl AddressSet {
    /// Every address of every one of `nets`.
    pub fn of(nets: impl IntoIterator<Item = IpNet>) -> Self {
        let mut v4 = Vec::new();
        let mut v6 = Vec::new();
        for net in nets {
            match net {
                IpNet::V4(net) => v4.push((net.network().to_bits(), net.broadcast().to_bits())),
                IpNet::V6(net) => v6.push((net.network().to_bits(), net.broadcast().to_bits())),
            }
        }
        Self {
            v4: joined(v4, |last| last.checked_add(1)),
            v6: joined(v6, |last| last.checked_add(1)),
        }
    }

    /// Whether `address` is in the set.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => holds(&self.v4, address.to_bits()),
            IpAddr::V6(address) => holds(&self.v6, address.to_bits()),
        }
    }

    /// Whether the set holds no address of `family`.
    pub fn is_empty(&self, family: Family) -> bool {
        match family {
            Family::V4 => self.v4.is_empty(),
            Family::V6 => self.v6.is_empty(),
        }
    }

    /// Whether the set holds every address of `family`.
    pub fn is_everything(&self, family: Family) -> bool {
        match family {
            Family::V4 => matches!(*self.v4, [(0, u32::MAX)]),
            Family::V6 => matches!(*self.v6, [(0, u128::MAX)]),
        }
    }

    /// How much of `other` the set holds, as far as `family` goes.
    pub fn covers(&self, other: &Self, family: Family) -> Cover {
        match family {
            Family::V4 => cover(&self.v4, &other.v4),
            Family::V6 => cover(&self.v6, &other.v6),
        }
    }

    /// What is in one of the sets or in both.
    pub(super) fn union(&self, other: &Self) -> Self {
        Self {
            v4: joined([&*self.v4, &*other.v4].concat(), |last| last.checked_add(1)),
            v6: joined([&*self.v6, &*other.v6].concat(), |last| last.checked_add(1)),
        }
    }

    /// What is in both sets.
    pub(super) fn intersection(&self, other: &Self) -> Self {
        Self {
            v4: common(&self.v4, &other.v4),
            v6: common(&self.v6, &other.v6),
        }
    }

    /// The ranges of the set, first and last address of each, IPv4 before IPv6.
    pub fn ranges(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> {
        let v4 = self.v4.iter().map(|(first, last)| {
            (
                IpAddr::V4(Ipv4Addr::from_bits(*first)),
                IpAddr::V4(Ipv4Addr::from_bits(*last)),
            )
        });
        let v6 = self.v6.iter().map(|(first, last)| {
            (
                IpAddr::V6(Ipv6Addr::from_bits(*first)),
                IpAddr::V6(Ipv6Addr::from_bits(*last)),
            )
        });
        v4.chain(v6)
    }
}

fn joined<T: Ord + Copy>(mut ranges: Vec<(T, T)>, next: impl Fn(T) -> Option<T>) -> Box<[(T, T)]> {
    ranges.sort_unstable();
    let mut joined: Vec<(T, T)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match joined.last_mut() {
            Some((_, end)) if next(*end).is_none_or(|next| first <= next) => {
                *end = last.max(*end);
            }
            _ => joined.push((first, last)),
        }
    }
    joined.into_boxed_slice()
}

fn common<T: Ord + Copy>(one: &[(T, T)], other: &[(T, T)]) -> Box<[(T, T)]> {
    let mut common = Vec::new();
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    while let (Some((first, last)), Some((begin, end))) = (one.peek(), other.peek()) {
        let (from, to) = (*first.max(begin), *last.min(end));
        if from <= to {
            common.push((from, to));
        }
        if last <= end {
            one.next();
        } else {
            other.next();
        }
    }
    common.into_boxed_slice()
}

fn holds<T: Ord + Copy>(ranges: &[(T, T)], address: T) -> bool {
    let behind = ranges.partition_point(|(first, _)| *first <= address);
    behind
        .checked_sub(1)
        .and_then(|index| ranges.get(index))
        .is_some_and(|(_, last)| address <= *last)
}

fn cover<T: Ord + Copy>(ranges: &[(T, T)], of: &[(T, T)]) -> Cover {
    let inside = |(first, last): &(T, T)| {
        let behind = ranges.partition_point(|(start, _)| start <= first);
        let range = behind.checked_sub(1).and_then(|index| ranges.get(index));
        range.is_some_and(|(_, end)| last <= end)
    };
    let apart = |(first, last): &(T, T)| {
        let behind = ranges.partition_point(|(_, end)| end < first);
        ranges.get(behind).is_none_or(|(start, _)| start > last)
    };
    if of.iter().all(apart) {
        Cover::Nothing
    } else if of.iter().all(inside) {
        Cover::All
    } else {
        Cover::Part
    }
}

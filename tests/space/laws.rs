//! Spaces are the sets that they are made as, and obey the laws of sets.

use palisade::engine::space::{Space, Spaces};
use proptest::prelude::*;

use crate::universe::{cells, set};

/// Infix operations that cannot fail here.
struct Algebra(Spaces);

impl Algebra {
    fn or(&mut self, a: Space, b: Space) -> Space {
        self.0.union(a, b).unwrap()
    }
    fn and(&mut self, a: Space, b: Space) -> Space {
        self.0.intersection(a, b).unwrap()
    }
    fn minus(&mut self, a: Space, b: Space) -> Space {
        self.0.difference(a, b).unwrap()
    }
    fn not(&mut self, a: Space) -> Space {
        self.0.complement(a).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_space_holds_what_its_bitmap_holds_and_counts_it(set in set()) {
        let cells = cells();
        let mut spaces = Spaces::new();
        let space = set.space(&mut spaces);
        let bitmap = set.bitmap(&cells);
        let mut about = 0.0;
        let mut v4 = 0;
        for (cell, is) in cells.iter().zip(&bitmap) {
            for header in cell.ends() {
                prop_assert_eq!(spaces.contains(space, &header), *is, "{}", header);
            }
            if *is {
                about += cell.size();
                if cell.ends()[0].source.is_ipv4() {
                    v4 += cell.exact();
                }
            }
        }
        let count = spaces.count(space);
        prop_assert!((count.about() - about).abs() <= about * 1e-9);
        let only_v4 = palisade::engine::space::Cube::any().family(palisade::engine::Family::V4);
        let only_v4 = spaces.cube(&only_v4).unwrap();
        let space_v4 = spaces.intersection(space, only_v4).unwrap();
        prop_assert_eq!(spaces.count(space_v4).exact(), Some(v4));
        prop_assert_eq!(space.is_empty(), bitmap.iter().all(|is| !is));
        prop_assert_eq!(space.is_everything(), bitmap.iter().all(|is| *is));
    }

    #[test]
    fn a_witness_is_in_the_space_and_there_is_one_unless_it_is_empty(set in set()) {
        let mut spaces = Spaces::new();
        let space = set.space(&mut spaces);
        match spaces.witness(space) {
            None => prop_assert!(space.is_empty()),
            Some(header) => {
                prop_assert!(header.is_sound());
                prop_assert!(spaces.contains(space, &header), "{}", header);
                // The same set made by another keeper has the same witness.
                let mut others = Spaces::new();
                others.cube(&palisade::engine::space::Cube::any().protocols([47])).unwrap();
                let other = set.space(&mut others);
                prop_assert_eq!(others.witness(other), Some(header));
            }
        }
    }

    #[test]
    fn equal_sets_are_one_handle_however_they_are_made(
        set in set(),
        other in set(),
        order in Just((0..cells().len()).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let cells = cells();
        let mut spaces = Spaces::new();
        let space = set.space(&mut spaces);
        let bitmap = set.bitmap(&cells);
        // Cell by cell, in any order.
        let mut again = Space::EMPTY;
        for index in order.into_iter().filter(|index| bitmap[*index]) {
            let cell = spaces.cube(&cells[index].cube()).unwrap();
            again = spaces.union(again, cell).unwrap();
        }
        prop_assert_eq!(again, space);
        spaces.forget();
        prop_assert_eq!(set.space(&mut spaces), space);
        let other_space = other.space(&mut spaces);
        prop_assert_eq!(other_space == space, other.bitmap(&cells) == bitmap);
    }

    #[test]
    fn subset_and_overlap_are_those_of_the_bitmaps(a in set(), b in set()) {
        let cells = cells();
        let mut spaces = Spaces::new();
        let (x, y) = (a.space(&mut spaces), b.space(&mut spaces));
        let (a, b) = (a.bitmap(&cells), b.bitmap(&cells));
        let nodes = spaces.nodes();
        let subset = a.iter().zip(&b).all(|(a, b)| !a || *b);
        let overlap = a.iter().zip(&b).any(|(a, b)| *a && *b);
        prop_assert_eq!(spaces.is_subset(x, y), subset);
        prop_assert_eq!(spaces.overlap(x, y), overlap);
        prop_assert_eq!(spaces.nodes(), nodes);
        // And once more, now that the answers are known another way.
        spaces.difference(x, y).unwrap();
        spaces.intersection(x, y).unwrap();
        prop_assert_eq!(spaces.is_subset(x, y), subset);
        prop_assert_eq!(spaces.overlap(x, y), overlap);
        prop_assert!(spaces.is_subset(x, x));
    }

    #[test]
    fn the_laws_of_sets_hold(a in set(), b in set(), c in set()) {
        let mut s = Algebra(Spaces::new());
        let (a, b, c) = (a.space(&mut s.0), b.space(&mut s.0), c.space(&mut s.0));
        let (none, all) = (Space::EMPTY, Space::EVERYTHING);
        let (a_or_b, a_and_b) = (s.or(a, b), s.and(a, b));
        let (b_or_c, b_and_c) = (s.or(b, c), s.and(b, c));
        let (not_a, not_b) = (s.not(a), s.not(b));
        // Commutative, associative.
        prop_assert_eq!(a_or_b, s.or(b, a));
        prop_assert_eq!(a_and_b, s.and(b, a));
        prop_assert_eq!(s.or(a_or_b, c), s.or(a, b_or_c));
        prop_assert_eq!(s.and(a_and_b, c), s.and(a, b_and_c));
        // Distributive, both ways.
        let (a_or_c, a_and_c) = (s.or(a, c), s.and(a, c));
        prop_assert_eq!(s.and(a, b_or_c), s.or(a_and_b, a_and_c));
        prop_assert_eq!(s.or(a, b_and_c), s.and(a_or_b, a_or_c));
        // De Morgan, double complement.
        prop_assert_eq!(s.not(a_or_b), s.and(not_a, not_b));
        prop_assert_eq!(s.not(a_and_b), s.or(not_a, not_b));
        prop_assert_eq!(s.not(not_a), a);
        // Absorption, idempotence, neutral elements, complements.
        prop_assert_eq!(s.or(a, a_and_b), a);
        prop_assert_eq!(s.and(a, a_or_b), a);
        prop_assert_eq!(s.or(a, a), a);
        prop_assert_eq!(s.and(a, a), a);
        prop_assert_eq!(s.or(a, none), a);
        prop_assert_eq!(s.and(a, all), a);
        prop_assert_eq!(s.or(a, all), all);
        prop_assert_eq!(s.and(a, none), none);
        prop_assert_eq!(s.or(a, not_a), all);
        prop_assert_eq!(s.and(a, not_a), none);
        // Difference.
        let a_minus_b = s.minus(a, b);
        prop_assert_eq!(a_minus_b, s.and(a, not_b));
        prop_assert_eq!(s.minus(a, a), none);
        prop_assert_eq!(s.minus(a, none), a);
        prop_assert_eq!(s.minus(none, a), none);
        prop_assert_eq!(s.minus(all, a), not_a);
        prop_assert_eq!(s.or(a_minus_b, a_and_b), a);
        prop_assert_eq!(s.or(a_minus_b, b), a_or_b);
        prop_assert_eq!(s.and(a_minus_b, b), none);
        let a_minus_c = s.minus(a, c);
        prop_assert_eq!(s.minus(a, b_or_c), s.and(a_minus_b, a_minus_c));
        prop_assert_eq!(s.minus(a, b_and_c), s.or(a_minus_b, a_minus_c));
        prop_assert_eq!(s.minus(a_minus_b, c), s.minus(a, b_or_c));
    }
}

#[test]
fn everything_is_counted_about_and_ipv4_to_the_last_packet() {
    let mut spaces = Spaces::new();
    let count = spaces.count(Space::EVERYTHING);
    assert_eq!(count.exact(), None);
    insta::assert_snapshot!(count, @"about 1.492e87");
    let v4 = palisade::engine::space::Cube::any().family(palisade::engine::Family::V4);
    let v4 = spaces.cube(&v4).unwrap();
    let per_pair = 3 * (1_u128 << 32) + 2 * (1 << 16) + 251;
    assert_eq!(spaces.count(v4).exact(), Some(per_pair << 64));
    assert_eq!(spaces.count(Space::EMPTY).exact(), Some(0));
}

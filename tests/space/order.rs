//! First match by halves is first match.

use palisade::engine::space::{Space, SpaceError, Spaces};
use proptest::prelude::*;

use crate::universe::{Set, parts};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn each_entry_owns_what_none_before_it_holds(
        list in prop::collection::vec((parts().prop_map(Set::Cube), 0_usize..3), 0..20),
    ) {
        let mut spaces = Spaces::new();
        let list: Vec<(Space, usize)> = list
            .iter()
            .map(|(set, decision)| (set.space(&mut spaces), *decision))
            .collect();
        let only: Vec<Space> = list.iter().map(|(space, _)| *space).collect();
        let owned = spaces.first_match(&only).unwrap();
        // Two of the three decisions are asked for.
        let decided = spaces.decide(&list, 2).unwrap();

        let mut before = Space::EMPTY;
        let mut by_decision = [Space::EMPTY; 3];
        for (index, (space, decision)) in list.iter().enumerate() {
            let own = spaces.difference(*space, before).unwrap();
            prop_assert_eq!(owned.parts[index], own);
            by_decision[*decision] = spaces.union(by_decision[*decision], own).unwrap();
            before = spaces.union(before, *space).unwrap();
        }
        let rest = spaces.complement(before).unwrap();
        prop_assert_eq!(owned.parts.len(), list.len());
        prop_assert_eq!(owned.rest, rest);
        prop_assert_eq!(decided.rest, rest);
        prop_assert_eq!(&decided.parts[..], &by_decision[..2]);
        prop_assert_eq!(spaces.union_of(&only).unwrap(), before);
    }
}

#[test]
fn an_empty_list_decides_nothing() {
    let mut spaces = Spaces::new();
    let owned = spaces.first_match(&[]).unwrap();
    assert_eq!((owned.parts.len(), owned.rest), (0, Space::EVERYTHING));
    let decided = spaces.decide(&[], 2).unwrap();
    assert_eq!(decided.parts, [Space::EMPTY; 2]);
    assert_eq!(decided.rest, Space::EVERYTHING);
}

#[test]
fn the_limit_is_an_error_and_what_was_made_stays_usable() {
    let mut spaces = Spaces::with_limit(40);
    let mut all = Space::EMPTY;
    let mut failed = None;
    for port in 0_u16..100 {
        let cube = palisade::engine::space::Cube::any()
            .protocols([6])
            .to_ports([(port * 3, port * 3)]);
        match spaces.cube(&cube).and_then(|cube| spaces.union(all, cube)) {
            Ok(more) => all = more,
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    assert_eq!(failed, Some(SpaceError::TooLarge { limit: 40 }));
    assert!(spaces.ranges() <= 40);
    assert!(spaces.witness(all).is_some());
    assert!(spaces.is_subset(all, all));
}

//! The built-in intents of every region are proven of what is rendered for it.

use palisade::bundle::Templates;
use palisade::profile::{Library, Network};

use crate::place::{proven, region_plan, rendered};

/// How many built-in intents there are of each choice of networks, with the platform's own policies
/// and without: as many in every region that has the same service groups.
fn all_are_proven(regions: &[&str]) {
    let library = Library::embedded();
    let templates = Templates::embedded().unwrap();
    for region in regions {
        let counts = [
            &[Network::Private][..],
            &[Network::Public],
            &[Network::Private, Network::Public],
        ]
        .map(|networks| {
            let plan = region_plan(&library, region, networks);
            let set = rendered(&plan, &templates);
            [true, false].map(|baseline| proven(&library, &plan, &set, baseline))
        });
        assert_eq!(counts, [[46, 44], [45, 38], [78, 71]], "{region}");
    }
}

#[test]
fn there_are_ten() {
    let library = Library::embedded();
    let mut asked: Vec<&str> = FIRST.into_iter().chain(SECOND).collect();
    asked.sort_unstable();
    assert_eq!(library.regions(), asked);
}

const FIRST: [&str; 5] = ["au-syd", "br-sao", "ca-tor", "eu-de", "eu-es"];
const SECOND: [&str; 5] = ["eu-gb", "jp-osa", "jp-tok", "us-east", "us-south"];

#[test]
fn the_sets_of_the_first_half_are_proven() {
    all_are_proven(&FIRST);
}

#[test]
fn the_sets_of_the_second_half_are_proven() {
    all_are_proven(&SECOND);
}

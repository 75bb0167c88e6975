//! Input of the size that large clusters have. How long it takes is measured in `benches/growth.rs`.

use std::fmt::Write as _;

use palisade::engine::{Settings, compile};
use palisade::finding::Input;
use palisade::resource::ResourceSet;

#[test]
fn thousands_of_policies_with_many_blocks_are_read_and_compiled() {
    let mut text = String::new();
    for n in 0..2_000 {
        write!(
            text,
            "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  \
             name: p{n}\nspec:\n  order: {n}\n  selector: app == 'app{}'\n  types: [Egress]\n  \
             egress:\n  - action: Allow\n    destination:\n      nets:\n",
            n % 100
        )
        .unwrap();
        for block in 0..50 {
            writeln!(text, "      - {}.{}.{block}.0/24", 1 + n % 200, n / 200).unwrap();
        }
    }
    let set = ResourceSet::read([&Input::new("many.yaml", text)]);
    assert_eq!((set.len(), set.findings()), (2_000, &[][..]));
    let program = compile(&set, &Settings::default());
    assert_eq!(
        (program.policies().len(), program.vanished().len()),
        (2_000, 0)
    );
}

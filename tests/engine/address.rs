//! Sets of addresses.

use ipnet::IpNet;
use palisade::engine::{AddressSet, Cover, Family};

fn set(nets: &[&str]) -> AddressSet {
    AddressSet::of(nets.iter().map(|net| net.parse::<IpNet>().unwrap()))
}

#[test]
fn touching_and_nested_blocks_become_one_range() {
    let one = set(&[
        "10.0.0.0/9",
        "10.128.0.0/9",
        "10.1.0.0/16",
        "::/1",
        "8000::/1",
    ]);
    assert_eq!(one.ranges().count(), 2);
    assert!(one.is_everything(Family::V6));
    assert!(one.contains("10.255.255.255".parse().unwrap()));
    assert!(!one.contains("11.0.0.0".parse().unwrap()));
    assert!(!one.contains("9.255.255.255".parse().unwrap()));
}

#[test]
fn cover_tells_all_some_and_nothing() {
    let pods = set(&["172.30.0.0/16"]);
    let covers = |nets: &[&str]| set(nets).covers(&pods, Family::V4);
    assert_eq!(covers(&["172.0.0.0/8"]), Cover::All);
    assert_eq!(covers(&["172.30.1.0/24"]), Cover::Part);
    assert_eq!(covers(&["10.0.0.0/8", "192.0.2.0/24"]), Cover::Nothing);
    assert_eq!(covers(&[]), Cover::Nothing);
}

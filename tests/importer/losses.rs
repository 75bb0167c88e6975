//! A change that empties a list or takes more than a third of it needs a person's word.

use std::collections::BTreeSet;

use palisade::finding::{Input, InputError};
use palisade::profile::{PlatformProfile, RegionProfile};
use palisade::upstream::{Accepted, Change, check_accepted, check_guards, compare, keep};

use crate::upstream::{Upstream, made_up_platform, shown};

/// A region whose masters answer at `count` private addresses.
fn with_masters(count: usize) -> RegionProfile {
    let nets: Vec<String> = (1..=count)
        .map(|n| format!("      - 192.0.2.{n}/32\n"))
        .collect();
    let list = nets.concat();
    Upstream::of(&["aa-one"])
        .without("-ips.md")
        .with_all(
            "private",
            "      - 192.0.2.9/32\n      - 192.0.2.10/32\n      - 192.0.2.64/26\n",
            &list,
        )
        .profile()
}

fn change(old: &RegionProfile, new: &RegionProfile) -> Change {
    compare(Some(old), new)
}

/// What the guards say of the facts of made-up regions.
fn check_losses(changes: &[Change], accepted: &[Accepted]) -> Result<(), InputError> {
    let platform = PlatformProfile::read(&Input::new("platform.yaml", made_up_platform()));
    check_guards(changes, &platform.expect("a profile"), accepted)
}

fn accepted(names: &[&str]) -> Vec<Accepted> {
    names
        .iter()
        .map(|name| name.parse().expect("REGION/LIST"))
        .collect()
}

#[test]
fn a_third_may_go_and_no_more() {
    for (before, after, is_right) in [
        (9, 9, true),
        (9, 8, true),
        (9, 6, true),
        (9, 5, false),
        (3, 2, true),
        (3, 1, false),
        (2, 1, false),
        (2, 9, true),
        (1, 1, true),
    ] {
        let changes = [change(&with_masters(before), &with_masters(after))];
        assert_eq!(
            check_losses(&changes, &[]).is_ok(),
            is_right,
            "{before} to {after}"
        );
    }
}

/// Nothing goes where everything is replaced by as much: but every old entry is lost.
#[test]
fn what_comes_does_not_make_up_for_what_goes() {
    let old = with_masters(3);
    let mut new = old.clone();
    new.control_plane.private.nets = Upstream::of(&["aa-one"])
        .profile()
        .control_plane
        .private
        .nets;
    let error = check_losses(&[change(&old, &new)], &[]).expect_err("all three are lost");
    insta::assert_snapshot!(shown(&error), @r#"
    error: upstream takes away more than a third of a list
     |
     = note: aa-one/control-plane-private would lose 3 of its 3: 192.0.2.1/32, 192.0.2.2/32, 192.0.2.3/32
     = help: if that is right, say so with `--accept aa-one/control-plane-private`
    "#);
}

/// A list that is there no more is emptied.
#[test]
fn a_list_that_vanishes() {
    let old = Upstream::of(&["aa-one"]).profile();
    let mut new = old.clone();
    new.services
        .retain(|group| group.name.as_str() != "logging");
    let changes = [change(&old, &new)];
    let error = check_losses(&changes, &[]).expect_err("two lists vanish");
    insta::assert_snapshot!(shown(&error), @r#"
    error: upstream takes away more than a third of 2 lists
     |
     = note: aa-one/services-private-logging would lose 2 of its 2: 203.0.113.40/32, 203.0.113.41/32
     = note: aa-one/services-public-logging would lose 2 of its 2: 203.0.113.40/32, 203.0.113.41/32
     = help: if that is right, say so with `--accept aa-one/services-private-logging --accept aa-one/services-public-logging`
    "#);
    let half = accepted(&["aa-one/services-public-logging"]);
    let error = check_losses(&changes, &half).expect_err("one list vanishes");
    insta::assert_snapshot!(shown(&error), @r#"
    error: upstream takes away more than a third of a list
     |
     = note: aa-one/services-private-logging would lose 2 of its 2: 203.0.113.40/32, 203.0.113.41/32
     = help: if that is right, say so with `--accept aa-one/services-private-logging`
    "#);
    let both = accepted(&[
        "aa-one/services-public-logging",
        "aa-one/services-private-logging",
    ]);
    assert_eq!(check_losses(&changes, &both), Ok(()));
}

/// A group's ports are lost as its addresses are, unless the group goes as a whole.
#[test]
fn ports_and_zones_are_guarded() {
    let old = Upstream::of(&["aa-one"]).profile();
    let mut new = old.clone();
    new.services[0].ports.value.truncate(1);
    new.zones.value.truncate(1);
    let error = check_losses(&[change(&old, &new)], &[]).expect_err("half of two lists");
    insta::assert_snapshot!(shown(&error), @r#"
    error: upstream takes away more than a third of 2 lists
     |
     = note: aa-one/services-private-registry.ports would lose 1 of its 2: TCP 443
     = note: aa-one/zones would lose 1 of its 2: abc02
     = help: if that is right, say so with `--accept aa-one/services-private-registry.ports --accept aa-one/zones`
    "#);
    let both = accepted(&["aa-one/services-private-registry.ports", "aa-one/zones"]);
    assert_eq!(check_losses(&[change(&old, &new)], &both), Ok(()));

    // Other ports in their place do not make up for them, nor does another protocol.
    let mut other = old.clone();
    other.services[0].protocol = palisade::net::Protocol::Udp;
    let error = check_losses(&[change(&old, &other)], &[]).expect_err("both ports");
    insta::assert_snapshot!(shown(&error), @r#"
    error: upstream takes away more than a third of a list
     |
     = note: aa-one/services-private-registry.ports would lose 2 of its 2: TCP 443, TCP 8443
     = help: if that is right, say so with `--accept aa-one/services-private-registry.ports`
    "#);
}

#[test]
fn what_is_accepted_must_be_there() {
    let profile = Upstream::of(&["aa-one"]).profile();
    let changes = [change(&profile, &profile)];
    let policies = BTreeSet::from(["allow-icmp-private".to_owned()]);
    let check = |name: &str| check_accepted(&changes, &policies, &accepted(&[name]));
    for name in [
        "aa-one/kubernetes-api",
        "aa-one/zones",
        "aa-one/services-public-registry.ports",
        "aa-one/allow-icmp-private",
        "*/allow-icmp-private",
    ] {
        assert_eq!(check(name), Ok(()), "{name}");
    }
    let wrong = [
        "aa-one/control-plane-privat",
        "aa-one/allow-icmp",
        "bb-two/kubernetes-api",
        "*/kubernetes-api",
        "*/allow-icmp",
    ];
    let told = wrong.map(|name| shown(&check(name).expect_err(name)));
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    error: `--accept aa-one/control-plane-privat` names no list and no policy of the region
     |
     = help: did you mean `control-plane-private` or `control-plane-public`?

    error: `--accept aa-one/allow-icmp` names no list and no policy of the region
     |
     = help: did you mean `allow-icmp-private`?

    error: `--accept bb-two/kubernetes-api` names no region that is read
     |
     = help: known are `aa-one`

    error: `--accept */kubernetes-api` names a list without its region
     |
     = help: lists are accepted region by region

    error: `--accept */allow-icmp` names no policy of the regions that are read
     |
     = help: did you mean `allow-icmp-private`?
    "#);
    for wrong in ["aa-one", "aa-one/", "/kubernetes-api", "aa-one/a/b", ""] {
        assert!(wrong.parse::<Accepted>().is_err(), "{wrong}");
    }
}

/// A subnet that goes to another zone is a change, but no address is lost by it.
#[test]
fn a_subnet_of_another_zone_is_no_loss() {
    let old = Upstream::of(&["aa-one"]).profile();
    let new = Upstream::of(&["aa-one"])
        .with_all("sys-mgmt", "# abc02", "# abc04")
        .with_all("sys-mgmt", "# abc01", "# abc03")
        .profile();
    let change = change(&old, &new);
    let [list] = change.lists.as_slice() else {
        panic!("{change:?}")
    };
    assert_eq!(
        list.removed,
        ["192.0.2.160/28 (abc01)", "192.0.2.176/28 (abc02)"]
    );
    assert_eq!(
        list.added,
        ["192.0.2.160/28 (abc03)", "192.0.2.176/28 (abc04)"]
    );
    assert_eq!(list.lost, [""; 0]);
    assert_eq!(check_losses(std::slice::from_ref(&change), &[]), Ok(()));
}

#[test]
fn what_upstream_does_not_say_is_kept() {
    let mut old = Upstream::of(&["aa-one"]).profile();
    old.display_name = "Example City".to_owned();
    old.single_zone = vec![crate::upstream::name("abc09")];
    old.control_plane.public.status = Some(palisade::profile::Status::Supported);
    old.services[1].status = Some(palisade::profile::Status::Deprecated);
    old.services[1].valid_until = Some(palisade::yaml::Located::nowhere(
        "2030-01-01".parse().expect("a day"),
    ));
    old.infrastructure.required[0].status = Some(palisade::profile::Status::Undocumented);
    let mut new = Upstream::of(&["aa-one"]).profile();
    assert_ne!(new, old);
    keep(&mut new, &old);
    assert_eq!(new, old);
    assert!(compare(Some(&old), &new).is_empty());
}

/// The order of services is that of the rules; the commit is no fact.
#[test]
fn order_is_a_fact_and_the_commit_is_none() {
    let old = Upstream::of(&["aa-one"]).profile();
    let mut new = old.clone();
    new.control_plane.public.source.commit = Some("other".to_owned());
    new.control_plane.public.date = "2024-05-07".parse().expect("a day");
    assert!(change(&old, &new).is_empty());
    new.services.swap(0, 1);
    let change = change(&old, &new);
    assert!(change.is_reordered && change.lists.is_empty());
}

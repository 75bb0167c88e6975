//! Files of intents.

use std::fs;
use std::path::Path;

use palisade::engine::Family;
use palisade::engine::space::{Cube, Space, Spaces};
use palisade::finding::Input;
use palisade::net::{Cidr, PortRange, Protocol};
use palisade::profile::Network;
use palisade::question::intent::{
    Expect, Group, Icmp, Intent, Named, Part, PartSpaces, read, schema,
};

fn intents(text: &str) -> Vec<Intent> {
    read(&Input::new("intents.yaml", text)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn net(text: &str) -> Cidr {
    text.parse().unwrap()
}

fn port(text: &str) -> PortRange {
    text.parse().unwrap()
}

#[test]
fn a_file_says_between_whom_and_which_packets() {
    let read = intents(
        "\
intents:
- name: the shop reaches its database
  why: Orders are kept there.
  expect: allow
  from: {pods: {namespace: web, selector: app == 'front'}}
  to: {pods: {namespace: data}}
  protocol: TCP
  ports: [5432, \"6000:6010\"]
- name: the office reaches workers, and nothing else does
  expect: exactly
  from: {outside: {network: public}}
  to: {workers: {network: public, selector: ibm.role == 'worker_public'}}
  flows:
  - {protocol: TCP, ports: [443], sources: [192.0.2.0/24]}
  - {protocol: ICMP, icmp: {type: 8}}
  except:
  - {protocol: 112}
- name: pods do not ask for metadata
  expect: deny
  from: {pods: {}}
  to: {nets: [169.254.169.254/32, 10.0.0.0/8]}
",
    );
    let [allow, exactly, deny] = &read[..] else {
        panic!("{read:?}");
    };
    assert_eq!(allow.name, "the shop reaches its database");
    assert_eq!(allow.why, "Orders are kept there.");
    assert_eq!(allow.expect, Expect::Allow);
    assert_eq!(allow.from.to_string(), "pods of web with app == \"front\"");
    assert_eq!(allow.to.to_string(), "pods of data");
    let ports = [port("5432"), port("6000:6010")];
    assert_eq!(allow.parts, [Part::of(Protocol::Tcp).to_ports(ports)]);
    assert_eq!(
        allow.place.as_ref().unwrap().to_string(),
        "intents.yaml:2:9"
    );

    assert_eq!(exactly.expect, Expect::Exactly);
    assert_eq!(
        exactly.from,
        Group::Outside {
            network: Some(Network::Public)
        }
    );
    assert_eq!(
        exactly.to.to_string(),
        "workers on the public network with ibm.role == \"worker_public\""
    );
    let office = Part::of(Protocol::Tcp)
        .to_ports([port("443")])
        .from([net("192.0.2.0/24")]);
    let echo = Part {
        icmp: Some(Icmp {
            kind: 8,
            code: None,
        }),
        ..Part::of(Protocol::Icmp)
    };
    assert_eq!(exactly.parts, [office, echo]);
    assert_eq!(exactly.except, [Part::of(Protocol::Number(112))]);

    assert_eq!(deny.expect, Expect::Deny);
    // Lists have no order.
    let nets = vec![net("10.0.0.0/8"), net("169.254.169.254/32")];
    assert_eq!(deny.to, Group::Nets(nets));
    assert_eq!(deny.parts, [Part::any()]);
    assert_eq!(deny.why, "");
}

#[test]
fn the_packets_of_an_intent_are_its_parts_without_the_excepted_at_the_listed_ends() {
    let read = intents(
        "\
intents:
- name: one
  expect: deny
  from: {pods: {}}
  to: {nets: [10.0.0.0/8]}
  flows:
  - {protocol: TCP, ports: [80]}
  - {protocol: UDP}
  except:
  - {protocol: UDP, ports: [53], destinations: [10.1.0.0/16]}
",
    );
    let mut spaces = Spaces::new();
    let mut known = PartSpaces::default();
    let space = read[0]
        .space(&mut spaces, &mut known, &Named::new())
        .unwrap();
    let to = |text: &str| palisade::engine::space::Addresses::of([net(text).to_net()]);
    let ten = Cube::any().family(Family::V4).to(to("10.0.0.0/8"));
    let tcp = ten.clone().protocols([6]).to_ports([(80, 80)]);
    let udp = ten.protocols([17]);
    let dns = Cube::any()
        .protocols([17])
        .to_ports([(53, 53)])
        .to(to("10.1.0.0/16"));
    let wanted = spaces.union_of_cubes([&tcp, &udp]).unwrap();
    let dns = spaces.cube(&dns).unwrap();
    let wanted = spaces.difference(wanted, dns).unwrap();
    assert_eq!(space, wanted);
    assert_ne!(space, Space::EMPTY);
}

#[test]
fn a_part_has_the_families_of_what_it_names() {
    let v4 = net("10.0.0.0/8");
    let v6 = net("2001:db8::/32");
    // The part, and whether it has packets of IPv4 and of IPv6.
    let cases = [
        (Part::any(), [true, true]),
        (Part::of(Protocol::Icmp), [true, false]),
        (Part::of(Protocol::Icmpv6), [false, true]),
        (Part::of(Protocol::Number(1)), [true, true]),
        (Part::any().to([v4]), [true, false]),
        (Part::any().from([v6]), [false, true]),
        (Part::any().to([v4, v6]), [true, true]),
        (Part::any().to([v4]).from([v6]), [false, false]),
    ];
    for (part, wanted) in cases {
        let cubes = part.cubes();
        let has = [Family::V4, Family::V6]
            .map(|family| cubes.iter().any(|cube| cube.family == Some(family)));
        assert_eq!(cubes.len(), wanted.into_iter().filter(|has| *has).count());
        assert_eq!(has, wanted, "{part:?}");
    }
}

/// What stands in an intent between `expect: allow` and its end, and how it is refused.
const ENDS: &str = "from: {pods: {}}\n  to: {outside: {}}";

fn refused(text: &str) -> String {
    match read(&Input::new("i.yaml", text)) {
        Ok(intents) => panic!("{intents:?}\n{text}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let one = |rest: &str| format!("intents:\n- name: a\n  expect: allow\n  {rest}\n");
    let with = |rest: &str| one(&format!("{ENDS}\n  {rest}"));
    let two = |first: &str, second: &str| {
        format!("intents:\n- name: a\n  {ENDS}\n  {first}\n- name: b\n  {ENDS}\n  {second}\n")
    };
    let cases = [
        ("nothing at all", "{}\n".to_owned()),
        ("no intents", "intents: []\n".to_owned()),
        ("unknown key", with("port: [443]")),
        ("unknown word", one(ENDS).replace("allow", "alow")),
        ("unknown group", one("from: {pod: {}}\n  to: {outside: {}}")),
        (
            "a service that begins something",
            one("from: {services: {}}\n  to: {outside: {}}"),
        ),
        (
            "pods that call a service",
            one("from: {pods: {}}\n  to: {services: {network: public}}"),
        ),
        (
            "two groups",
            one("from: {pods: {}, nets: [10.0.0.0/8]}\n  to: {outside: {}}"),
        ),
        (
            "unknown key of a group",
            one("from: {pods: {namespaces: web}}\n  to: {outside: {}}"),
        ),
        (
            "unknown network",
            one("from: {pods: {}}\n  to: {workers: {network: pubic}}"),
        ),
        ("no name", one(ENDS).replace("name: a", "name: ' '")),
        (
            "no namespace's name",
            one("from: {pods: {namespace: Web}}\n  to: {outside: {}}"),
        ),
        ("missing end", one("from: {pods: {}}")),
        (
            "selector",
            one("from: {pods: {selector: app = 'x'}}\n  to: {outside: {}}"),
        ),
        (
            "quoted selector",
            one("from: {pods: {selector: \"app == x\"}}\n  to: {outside: {}}"),
        ),
        (
            "no cluster",
            one("from: {outside: {}}\n  to: {nets: [10.0.0.0/8]}"),
        ),
        ("no nets", one("from: {pods: {}}\n  to: {nets: []}")),
        (
            "one net twice",
            one("from: {pods: {}}\n  to: {nets: [10.0.0.0/8, 10.0.0.0/8]}"),
        ),
        (
            "host bits",
            one("from: {pods: {}}\n  to: {nets: [10.0.0.1/8]}"),
        ),
        ("no flows", with("flows: []")),
        ("an empty flow", with("flows: [{}]")),
        (
            "flows and more",
            with("protocol: TCP\n  flows: [{protocol: UDP}]"),
        ),
        ("no ports", with("protocol: TCP\n  ports: []")),
        ("no sources", with("sources: []")),
        ("port 0", with("protocol: TCP\n  ports: [0]")),
        ("ports alone", with("ports: [443]")),
        ("ports of ICMP", with("protocol: ICMP\n  ports: [443]")),
        (
            "ports of a number",
            with("flows: [{protocol: 112, ports: [1]}]"),
        ),
        ("ICMP alone", with("icmp: {type: 8}")),
        ("ICMP of TCP", with("protocol: TCP\n  icmp: {type: 8}")),
        ("no ICMP type", with("protocol: ICMP\n  icmp: {type: 256}")),
        (
            "two families",
            with("sources: [10.0.0.0/8]\n  destinations: ['2001:db8::/32']"),
        ),
        (
            "a family that ICMP has not",
            with("protocol: ICMP\n  destinations: ['2001:db8::/32']"),
        ),
        (
            "not of the end",
            one(
                "from: {nets: [10.0.0.0/8]}\n  to: {pods: {}}\n  sources: [10.1.0.0/16, 192.0.2.0/24]",
            ),
        ),
        (
            "all excepted",
            with("protocol: TCP\n  ports: [1, 2]\n  except: [{protocol: TCP, ports: ['1:9']}]"),
        ),
        (
            "two of one name",
            two("expect: allow", "expect: allow").replace("name: b", "name: a"),
        ),
        (
            "allow and deny",
            two("expect: allow", "expect: deny\n  protocol: TCP"),
        ),
        (
            "allow and exactly",
            two(
                "expect: exactly\n  protocol: TCP",
                "expect: allow\n  protocol: UDP",
            ),
        ),
        (
            "deny and exactly",
            two(
                "expect: deny\n  protocol: TCP",
                "expect: exactly\n  protocol: TCP\n  ports: [443]",
            ),
        ),
        (
            "exactly twice",
            two(
                "expect: exactly\n  protocol: TCP",
                "expect: exactly\n  flows: [{protocol: TCP}, {protocol: UDP}]",
            ),
        ),
    ];
    let mut told = String::new();
    for (name, text) in cases {
        told += &format!("{name}\n  {}\n", refused(&text));
    }
    insta::assert_snapshot!(told, @r#"
    nothing at all
      i.yaml:1:1: the key `intents` is missing
    no intents
      i.yaml:1:10: the list is empty (a file without intents would always hold)
    unknown key
      i.yaml:6:3: unknown key `port` (did you mean `ports`?)
    unknown word
      i.yaml:3:11: unknown value `alow` (did you mean `allow`?)
    unknown group
      i.yaml:4:10: unknown value `pod` (did you mean `pods`?)
    a service that begins something
      i.yaml:4:9: no connection begins at a service (`services` is where packets from outside go)
    pods that call a service
      i.yaml:4:9: what reaches services comes from outside (write `from: {outside: {}}` or `from: {nets: […]}`); i.yaml:5:7: the services
    two groups
      i.yaml:4:20: a second key stands here, and one is wanted
    unknown key of a group
      i.yaml:4:17: unknown key `namespaces` (did you mean `namespace`?)
    unknown network
      i.yaml:5:27: unknown value `pubic` (did you mean `public`?)
    no name
      i.yaml:2:9: an intent has no name
    no namespace's name
      i.yaml:4:28: `Web` is not a name: use lower-case letters, digits and dashes, a letter or digit at both ends
    missing end
      i.yaml:4:3: the key `to` is missing
    selector
      i.yaml:4:31: expected an operator after `app`, found `=` (equality is written `==`)
    quoted selector
      i.yaml:4:35: expected a quoted value, found `x` (a value stands in quotes: `"x"`)
    no cluster
      i.yaml:4:9: both ends are outside the cluster (one end is `workers` or `pods`); i.yaml:5:7: the packets go here
    no nets
      i.yaml:5:14: the list is empty (an intent that means no packet would always hold; leave the key out to mean all there are)
    one net twice
      i.yaml:5:27: `10.0.0.0/8` stands here a second time; i.yaml:5:15: it stood here first
    host bits
      i.yaml:5:15: `10.0.0.1/8` has host bits set: the block is `10.0.0.0/8`
    no flows
      i.yaml:6:10: the list is empty (an intent that means no packet would always hold; leave the key out to mean all there are)
    an empty flow
      i.yaml:6:11: this flow says nothing (every packet is meant where neither `flows` nor anything beside is written)
    flows and more
      i.yaml:6:13: `flows` and packets beside them (write it into each of the flows); i.yaml:7:10: the flows
    no ports
      i.yaml:7:10: the list is empty (an intent that means no packet would always hold; leave the key out to mean all there are)
    no sources
      i.yaml:6:12: the list is empty (an intent that means no packet would always hold; leave the key out to mean all there are)
    port 0
      i.yaml:7:11: integer `0` is not a port (1 to 65535) or a range such as `30000:32767`
    ports alone
      i.yaml:6:10: ports without a protocol (TCP, UDP and SCTP have ports; write a flow for each)
    ports of ICMP
      i.yaml:7:10: `ICMP` has no ports, but some are listed (TCP, UDP and SCTP have ports; write a flow for each)
    ports of a number
      i.yaml:6:34: `112` has no ports, but some are listed (TCP, UDP and SCTP have ports; write a flow for each)
    ICMP alone
      i.yaml:6:9: an ICMP type without a protocol (`protocol` is ICMP or ICMPv6 there)
    ICMP of TCP
      i.yaml:7:9: `TCP` has no ICMP type (`protocol` is ICMP or ICMPv6 there)
    no ICMP type
      i.yaml:7:16: this is no number from 0 to 255
    two families
      i.yaml:6:12: no packet goes from one family to another (an intent that means no packet would always hold); i.yaml:7:17: the destinations
    a family that ICMP has not
      i.yaml:2:9: the intent `a` means no packet (an intent that means no packet would always hold)
    not of the end
      i.yaml:6:26: 192.0.2.0/24 has no address of `from`, 10.0.0.0/8 (an intent that means no packet would always hold)
    all excepted
      i.yaml:2:9: the intent `a` means no packet (an intent that means no packet would always hold)
    two of one name
      i.yaml:6:9: a second intent `a`; i.yaml:2:9: the first one
    allow and deny
      i.yaml:6:9: the intents `a` (allow) and `b` (deny) cannot both hold, for one of TCP 192.0.2.1:40000 -> 198.51.100.1:80; i.yaml:2:9: the first one
    allow and exactly
      i.yaml:7:9: the intents `a` (exactly) and `b` (allow) cannot both hold, for one of UDP 192.0.2.1:40000 -> 198.51.100.1:80; i.yaml:2:9: the first one
    deny and exactly
      i.yaml:7:9: the intents `a` (deny) and `b` (exactly) cannot both hold, for one of TCP 192.0.2.1:40000 -> 198.51.100.1:443; i.yaml:2:9: the first one
    exactly twice
      i.yaml:7:9: the intents `a` (exactly) and `b` (exactly) cannot both hold, for one of UDP 192.0.2.1:40000 -> 198.51.100.1:80; i.yaml:2:9: the first one
    "#);
}

#[test]
fn intents_that_can_hold_together_are_taken() {
    let ends = [
        // The same groups: within what passes, beside what is dropped, and the same once more.
        (
            "expect: exactly\n  protocol: TCP",
            "expect: allow\n  protocol: TCP\n  ports: [443]",
        ),
        (
            "expect: deny\n  protocol: TCP",
            "expect: allow\n  protocol: UDP",
        ),
        (
            "expect: deny\n  protocol: TCP",
            "expect: exactly\n  protocol: UDP",
        ),
        (
            "expect: exactly\n  protocol: 6",
            "expect: exactly\n  protocol: TCP",
        ),
        (
            "expect: deny\n  protocol: TCP\n  except: [{protocol: TCP, ports: [443]}]",
            "expect: allow\n  protocol: TCP\n  ports: [443]",
        ),
    ];
    for (first, second) in ends {
        let text =
            format!("intents:\n- name: a\n  {ENDS}\n  {first}\n- name: b\n  {ENDS}\n  {second}\n");
        assert_eq!(intents(&text).len(), 2, "{text}");
    }
    // Other groups: whether they share an end is not known here.
    let apart = format!(
        "intents:\n- name: a\n  {ENDS}\n  expect: allow\n- name: b\n  from: {{pods: {{namespace: \
         web}}}}\n  to: {{outside: {{}}}}\n  expect: deny\n"
    );
    assert_eq!(intents(&apart).len(), 2);
}

/// With `PALISADE_UPDATE` set, writes the schema instead of comparing it.
#[test]
fn the_schema_is_current() {
    let (name, text) = schema();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/schema")
        .join(name);
    if std::env::var_os("PALISADE_UPDATE").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == text,
        "{name} is not current: run the tests with PALISADE_UPDATE=1"
    );
}

#[test]
fn the_documents_example_is_a_file_of_intents() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/intents.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once("```yaml\n").unwrap();
    let (example, _) = rest.split_once("```\n").unwrap();
    let expected = [Expect::Allow, Expect::Exactly, Expect::Deny];
    let found: Vec<Expect> = intents(example).iter().map(|i| i.expect).collect();
    assert_eq!(found, expected);
}

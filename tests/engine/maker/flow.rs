//! Flows.

use std::net::IpAddr;

use crate::naive::{End, NaiveFlow};

use super::{Dice, Maker, PODS};

impl Maker<'_> {
    pub fn flow(&mut self) -> NaiveFlow {
        let v6 = self.dice.one_in(4);
        let outside = |dice: &mut Dice| -> IpAddr {
            let all = if v6 {
                ["2001:db8:ffff::7", "fd00:99::7"]
            } else {
                dice.of(&[["203.0.113.7", "10.99.0.7"], ["203.0.113.200", "10.99.0.8"]])
            };
            dice.of(&all).parse().expect("an address")
        };
        let inside = |dice: &mut Dice| {
            if dice.one_in(3) {
                End::Host(dice.of(&["n1", "n2"]).to_owned())
            } else {
                let (namespace, name, ..) = dice.of(&PODS);
                End::Pod(namespace.to_owned(), name.to_owned())
            }
        };
        let (from, to) = match self.dice.below(4) {
            0 | 1 => (End::Ext(outside(self.dice)), inside(self.dice)),
            2 => (inside(self.dice), End::Ext(outside(self.dice))),
            _ => (inside(self.dice), inside(self.dice)),
        };
        let protocol = self
            .dice
            .of(&[6, 6, 6, 17, 132, if v6 { 58 } else { 1 }, 47, 136, 4]);
        let has_ports = [6, 17, 132].contains(&protocol);
        let port = self.dice.of(&[22, 53, 80, 443, 8080, 10250, 30080, 4789]);
        let mut flow = NaiveFlow {
            v6,
            protocol,
            sport: has_ports.then_some(self.dice.of(&[40000, 53, 80])),
            dport: has_ports.then_some(port),
            icmp: [1, 58]
                .contains(&protocol)
                .then(|| self.dice.of(&[(8, 0), (8, 1), (3, 1), (135, 0), (128, 0)])),
            node_port: None,
            service: None,
            local: self.dice.one_in(4),
            from,
            to,
        };
        if has_ports && !matches!(flow.to, End::Ext(_)) {
            match self.dice.below(4) {
                0 => {
                    flow.node_port = Some((
                        self.dice.of(&["n1", "n2"]).to_owned(),
                        self.dice.of(&[30080, 22]),
                    ));
                }
                1 => {
                    let address = if v6 { "fd00:21::10" } else { "172.21.0.10" };
                    flow.service = Some((
                        address.parse().expect("an address"),
                        self.dice.of(&[80, 443]),
                    ));
                }
                _ => {}
            }
        }
        // Nobody knows the IPv6 address of a tunnel device, nor that of a source behind one.
        let carried = v6 && self.facts.overlay == Some("vxlan");
        if carried && !matches!(flow.to, End::Ext(_)) {
            flow.to = End::Host("n1".into());
        }
        flow
    }
}

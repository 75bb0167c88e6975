//! What recorded packets were denied by: lines of system logs counted by flow, and each flow
//! followed through the evaluator.

mod decided;
mod line;
mod service;

use std::cmp::Reverse;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::engine::{PolicyKind, Program};
use crate::net::Protocol;

pub use decided::{Decided, Explained, Passage, Way, explain};
pub use line::{Line, PREFIX, Packet, read_line};

/// How many broken lines are told of one by one.
const MOST_MALFORMED: usize = 20;

/// A flow of which packets were recorded: packets that no policy tells apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoggedFlow {
    /// Where it comes from.
    pub source: IpAddr,
    /// The port it comes from, where policies may ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_port: Option<u16>,
    /// Where it goes.
    pub destination: IpAddr,
    /// The protocol's number.
    pub protocol: u8,
    /// The port it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// ICMP type and code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp: Option<(u8, u8)>,
    /// The interface by which it came in.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub input: Option<Box<str>>,
    /// The interface by which it went out.
    #[serde(rename = "out", skip_serializing_if = "Option::is_none")]
    pub output: Option<Box<str>>,
}

impl fmt::Display for LoggedFlow {
    /// `TCP 198.51.100.7 -> 203.0.113.130:22`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |address, port: Option<u16>| match port {
            Some(port) => SocketAddr::new(address, port).to_string(),
            None => address.to_string(),
        };
        let protocol = match Protocol::of_number(self.protocol) {
            Protocol::Number(number) => format!("protocol {number}"),
            named => named.to_string(),
        };
        let from = at(self.source, self.source_port);
        let to = at(self.destination, self.port);
        write!(f, "{protocol} {from} -> {to}")?;
        match self.icmp {
            Some((kind, code)) => write!(f, " type {kind} code {code}"),
            None => Ok(()),
        }
    }
}

/// How often a flow was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// How many lines.
    pub count: u64,
    /// The number of the first line, from 1.
    pub first_line: u64,
}

/// A line that should be of a packet and is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Malformed {
    /// The line's number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// What was read so far. It grows with the flows, not with the lines.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    keeps_source_ports: bool,
    flows: FxHashMap<LoggedFlow, Seen>,
    /// How many lines there were.
    pub lines: u64,
    /// How many of them were of packets.
    pub packets: u64,
    /// How many should have been and were not.
    pub malformed: u64,
    /// The first of these.
    pub told: Vec<Malformed>,
}

impl Counted {
    /// Nothing yet, of packets that `program` judges. The port that a packet comes from is chosen
    /// anew for each connection; it makes a flow another one only where a rule asks for it.
    pub fn new(program: &Program) -> Self {
        let mut rules = program.rules().iter();
        let asks = rules.any(|rule| {
            let source = &rule.source;
            source.ports.is_some() || source.not_ports.is_some()
        });
        let mut policies = program.policies().iter();
        // EVAL-35: before connection tracking, failsafes look at source ports too.
        let untracked = policies.any(|policy| policy.kind == PolicyKind::Untracked);
        Self {
            keeps_source_ports: asks || untracked,
            ..Self::default()
        }
    }

    /// Takes one line, without its end.
    pub fn take(&mut self, line: &str) {
        self.lines += 1;
        match read_line(line) {
            Line::Other => {}
            Line::Packet(packet) => self.packet(&packet),
            Line::Malformed(reason) => self.broken(reason),
        }
    }

    /// Takes a line of which only the beginning is known: it is longer than any that is of a packet.
    pub fn take_overlong(&mut self, beginning: &str) {
        self.lines += 1;
        if beginning.contains(PREFIX) {
            self.broken("it is too long".to_owned());
        }
    }

    fn broken(&mut self, reason: String) {
        self.malformed += 1;
        if self.told.len() < MOST_MALFORMED {
            self.told.push(Malformed {
                line: self.lines,
                reason,
            });
        }
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        self.packets += 1;
        let flow = LoggedFlow {
            input: packet.input.map(Box::from),
            output: packet.output.map(Box::from),
            source: packet.source,
            destination: packet.destination,
            protocol: packet.protocol,
            source_port: packet.source_port.filter(|_| self.keeps_source_ports),
            port: packet.port,
            icmp: packet.icmp,
        };
        let first_line = self.lines;
        let seen = self.flows.entry(flow).or_insert(Seen {
            count: 0,
            first_line,
        });
        seen.count += 1;
    }

    /// How many lines were of something else.
    pub fn skipped(&self) -> u64 {
        self.lines - self.packets - self.malformed
    }

    /// The flows, those with most packets first.
    pub fn flows(&self) -> Vec<(&LoggedFlow, Seen)> {
        let mut flows: Vec<_> = self
            .flows
            .iter()
            .map(|(flow, seen)| (flow, *seen))
            .collect();
        flows.sort_by(|a, b| (Reverse(a.1.count), a.0).cmp(&(Reverse(b.1.count), b.0)));
        flows
    }
}

//! One line of a system log, if it is of a packet that a Log rule recorded.
//!
//! The form is that of the kernel's `nf_log_syslog` (`net/netfilter/nf_log_syslog.c`): words
//! `KEY=value` and words without a value, one packet in brackets inside another for ICMP errors.
//! Before Felix' prefix stands what the daemon or `dmesg` puts there: times, host names, levels.

use std::net::IpAddr;

/// What Felix puts before a packet, where `logPrefix` does not say otherwise.
pub const PREFIX: &str = "calico-packet: ";

/// Words of the kernel's for protocols, with their numbers. Others it prints as numbers.
const PROTOCOLS: [(&str, u8); 8] = [
    ("ICMP", 1),
    ("TCP", 6),
    ("UDP", 17),
    ("ESP", 50),
    ("AH", 51),
    ("ICMPv6", 58),
    ("SCTP", 132),
    ("UDPLITE", 136),
];

/// A packet as a line tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Packet<'l> {
    /// The interface by which it came in; nothing for what a worker sends itself.
    pub input: Option<&'l str>,
    /// The interface by which it goes out; nothing for what goes to the worker itself, or where
    /// that is not known yet.
    pub output: Option<&'l str>,
    /// Where it comes from.
    pub source: IpAddr,
    /// Where it goes.
    pub destination: IpAddr,
    /// The protocol's number.
    pub protocol: u8,
    /// The port it comes from.
    pub source_port: Option<u16>,
    /// The port it goes to.
    pub port: Option<u16>,
    /// ICMP type and code.
    pub icmp: Option<(u8, u8)>,
}

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<'l> {
    /// Of something else.
    Other,
    /// A packet.
    Packet(Packet<'l>),
    /// One that should be of a packet and is not: why.
    Malformed(String),
}

/// Reads one line, without its end. What stands before the prefix does not matter.
pub fn read_line(line: &str) -> Line<'_> {
    let Some((_, rest)) = line.split_once(PREFIX) else {
        return Line::Other;
    };
    match packet(rest) {
        Ok(packet) => Line::Packet(packet),
        Err(reason) => Line::Malformed(reason),
    }
}

/// What of a packet was read so far.
#[derive(Default)]
struct Words<'l> {
    input: Option<&'l str>,
    output: Option<&'l str>,
    source: Option<&'l str>,
    destination: Option<&'l str>,
    protocol: Option<&'l str>,
    ports: [Option<&'l str>; 2],
    icmp: [Option<&'l str>; 2],
    /// A later part of a packet: it has no ports.
    is_fragment: bool,
}

fn packet(text: &str) -> Result<Packet<'_>, String> {
    let words = words(text);
    let (Some(input), Some(output)) = (words.input, words.output) else {
        return Err("it has no `IN=` and `OUT=`".to_owned());
    };
    let interface = |name: &'_ str| !name.is_empty();
    let source = address(words.source, "SRC")?;
    let destination = address(words.destination, "DST")?;
    if source.is_ipv4() != destination.is_ipv4() {
        return Err(format!("{source} and {destination} are of two families"));
    }
    let protocol = protocol(words.protocol)?;
    let mut packet = Packet {
        input: Some(input).filter(|name| interface(name)),
        output: Some(output).filter(|name| interface(name)),
        source,
        destination,
        protocol,
        source_port: None,
        port: None,
        icmp: None,
    };
    if words.is_fragment {
        return Ok(packet);
    }
    match protocol {
        6 | 17 | 136 => {
            packet.source_port = Some(number(words.ports[0], "SPT")?);
            packet.port = Some(number(words.ports[1], "DPT")?);
        }
        1 | 58 => {
            let kind = number(words.icmp[0], "TYPE")?;
            packet.icmp = Some((kind, number(words.icmp[1], "CODE")?));
        }
        // The kernel tells nothing more of other protocols; some tell ports all the same.
        132 => {
            let port = |word: Option<&str>, key| word.map(|word| number(Some(word), key));
            packet.source_port = port(words.ports[0], "SPT").transpose()?;
            packet.port = port(words.ports[1], "DPT").transpose()?;
        }
        _ => {}
    }
    Ok(packet)
}

/// The words of the outer packet: what stands in brackets is of another one.
fn words(text: &str) -> Words<'_> {
    let mut words = Words::default();
    let mut depth = 0_usize;
    for word in text.split_ascii_whitespace() {
        let inside = depth > 0;
        let opens = word.matches(['[', '(']).count();
        let closes = word.matches([']', ')']).count();
        depth = (depth + opens).saturating_sub(closes);
        if inside || opens > 0 {
            continue;
        }
        // `FRAG:0` is the first part, which has all that is asked for.
        if let Some(offset) = word.strip_prefix("FRAG:") {
            words.is_fragment |= offset != "0";
        }
        let Some((key, value)) = word.split_once('=') else {
            continue;
        };
        let slot = match key {
            "IN" => &mut words.input,
            "OUT" => &mut words.output,
            "SRC" => &mut words.source,
            "DST" => &mut words.destination,
            "PROTO" => &mut words.protocol,
            "SPT" => &mut words.ports[0],
            "DPT" => &mut words.ports[1],
            "TYPE" => &mut words.icmp[0],
            "CODE" => &mut words.icmp[1],
            _ => continue,
        };
        slot.get_or_insert(value);
    }
    words
}

fn address(word: Option<&str>, key: &str) -> Result<IpAddr, String> {
    let word = word.ok_or_else(|| format!("it has no `{key}=`"))?;
    word.parse()
        .map_err(|_| format!("`{key}={}` is no address", shown(word)))
}

fn protocol(word: Option<&str>) -> Result<u8, String> {
    let word = word.ok_or_else(|| "it has no `PROTO=`".to_owned())?;
    let known = PROTOCOLS.iter().find(|(name, _)| *name == word);
    match known {
        Some((_, number)) => Ok(*number),
        None => number(Some(word), "PROTO"),
    }
}

fn number<N: std::str::FromStr>(word: Option<&str>, key: &str) -> Result<N, String> {
    let word = word.ok_or_else(|| format!("it has no `{key}=`: it may be cut off"))?;
    word.parse()
        .map_err(|_| format!("`{key}={}` is no such number", shown(word)))
}

/// As much of a word as fits a message, without what a terminal would obey.
fn shown(word: &str) -> String {
    const MOST: usize = 60;
    let shown: String = word
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    shown
}

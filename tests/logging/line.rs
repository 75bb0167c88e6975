//! Lines of system logs: what is of a packet, what is broken, and what is something else.

use palisade::question::explain::{Line, Packet, read_line};

const HEAD: &str = "Sep  5 14:34:40 w1 kernel: [158271.044316] calico-packet: ";

/// The packet in words: `in>out source:port>destination:port protocol icmp`.
fn told(line: &str) -> String {
    let Packet {
        input,
        output,
        source,
        destination,
        protocol,
        source_port,
        port,
        icmp,
    } = match read_line(line) {
        Line::Other => return "other".to_owned(),
        Line::Malformed(reason) => return reason,
        Line::Packet(packet) => packet,
    };
    let at = |port: Option<u16>| port.map_or_else(String::new, |port| format!(" {port}"));
    let icmp = icmp.map_or_else(String::new, |(kind, code)| format!(" {kind}/{code}"));
    format!(
        "{}>{} {source}{} {destination}{} {protocol}{icmp}",
        input.unwrap_or("-"),
        output.unwrap_or("-"),
        at(source_port),
        at(port)
    )
}

#[test]
fn packets() {
    let mac = "MAC=08:00:27:d5:4e:57:0a:00:27:00:00:00:08:00";
    let cases = [
        (
            format!("{HEAD}IN=eth1 OUT= {mac} SRC=198.51.100.7 DST=203.0.113.130 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=52866 DF PROTO=TCP SPT=42962 DPT=22 WINDOW=29200 RES=0x00 SYN URGP=0"),
            "eth1>- 198.51.100.7 42962 203.0.113.130 22 6",
        ),
        (
            // dmesg, and journald with a time of its own.
            "[158271.044316] calico-packet: IN= OUT=eth0 SRC=10.0.0.1 DST=10.0.0.2 LEN=28 PROTO=UDP SPT=1 DPT=53 LEN=8 UID=0 GID=0 MARK=0x1000000".to_owned(),
            "->eth0 10.0.0.1 1 10.0.0.2 53 17",
        ),
        (
            "2026-02-03T04:05:06.789012+0000 w1 kernel: calico-packet: IN=cali0123456789a OUT=eth0 PHYSIN=x SRC=172.30.0.7 DST=203.0.113.9 LEN=84 PROTO=ICMP TYPE=8 CODE=0 ID=7 SEQ=1".to_owned(),
            "cali0123456789a>eth0 172.30.0.7 203.0.113.9 1 8/0",
        ),
        (
            // An ICMP error has the packet that it is about in brackets.
            format!("{HEAD}IN=eth1 OUT= SRC=198.51.100.7 DST=203.0.113.130 LEN=56 PROTO=ICMP TYPE=3 CODE=4 [SRC=203.0.113.130 DST=192.0.2.9 LEN=1500 PROTO=TCP INCOMPLETE [8 bytes] ] MTU=1400"),
            "eth1>- 198.51.100.7 203.0.113.130 1 3/4",
        ),
        (
            format!("{HEAD}IN=eth1 OUT= SRC=2001:0db8:0000:0000:0000:0000:0000:0001 DST=2001:0db8:0000:0000:0000:0000:0000:0002 LEN=80 TC=0 HOPLIMIT=64 FLOWLBL=7 PROTO=TCP SPT=5 DPT=443 WINDOW=1 RES=0x00 SYN URGP=0"),
            "eth1>- 2001:db8::1 5 2001:db8::2 443 6",
        ),
        (
            format!("{HEAD}IN=eth1 OUT= SRC=2001:db8::1 DST=2001:db8::2 LEN=72 PROTO=ICMPv6 TYPE=128 CODE=0 ID=1 SEQ=1"),
            "eth1>- 2001:db8::1 2001:db8::2 58 128/0",
        ),
        (
            format!("{HEAD}IN=eth1 OUT= SRC=10.0.0.1 DST=224.0.0.18 LEN=40 PROTO=112"),
            "eth1>- 10.0.0.1 224.0.0.18 112",
        ),
        (
            format!("{HEAD}IN=eth1 OUT= SRC=10.0.0.1 DST=10.0.0.2 LEN=40 PROTO=ESP SPI=0x1"),
            "eth1>- 10.0.0.1 10.0.0.2 50",
        ),
        (
            // A later part of a packet has no ports (EVAL-42).
            format!("{HEAD}IN=eth1 OUT= SRC=10.0.0.1 DST=10.0.0.2 LEN=40 FRAG:185 PROTO=UDP"),
            "eth1>- 10.0.0.1 10.0.0.2 17",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(told(&line), expected, "{line}");
    }
}

#[test]
fn broken_lines() {
    let ends = "SRC=10.0.0.1 DST=10.0.0.2";
    let cases = [
        ("", "it has no `IN=` and `OUT=`".to_owned()),
        (
            "IN=eth1 SRC=10.0.0.1",
            "it has no `IN=` and `OUT=`".to_owned(),
        ),
        (
            "IN=eth1 OUT= DST=10.0.0.2 PROTO=TCP",
            "it has no `SRC=`".to_owned(),
        ),
        (
            "IN=eth1 OUT= SRC=10.0.0.1 PROTO=TCP",
            "it has no `DST=`".to_owned(),
        ),
        (
            "IN=eth1 OUT= SRC=10.0.0.256 DST=10.0.0.2",
            "`SRC=10.0.0.256` is no address".to_owned(),
        ),
        (
            "IN=eth1 OUT= SRC=10.0.0.1 DST=2001:db8::1 PROTO=TCP",
            "10.0.0.1 and 2001:db8::1 are of two families".to_owned(),
        ),
        (
            &format!("IN=eth1 OUT= {ends}"),
            "it has no `PROTO=`".to_owned(),
        ),
        (
            &format!("IN=eth1 OUT= {ends} PROTO=256"),
            "`PROTO=256` is no such number".to_owned(),
        ),
        (
            &format!("IN=eth1 OUT= {ends} PROTO=TCP SPT=1"),
            "it has no `DPT=`: it may be cut off".to_owned(),
        ),
        (
            &format!("IN=eth1 OUT= {ends} PROTO=UDP SPT=1 DPT=65536"),
            "`DPT=65536` is no such number".to_owned(),
        ),
        (
            &format!("IN=eth1 OUT= {ends} PROTO=ICMP TYPE=8"),
            "it has no `CODE=`: it may be cut off".to_owned(),
        ),
        (
            // Nothing that a terminal obeys is printed.
            "IN=eth1 OUT= SRC=\u{1b}[31m DST=10.0.0.2",
            "it has no `SRC=`".to_owned(),
        ),
        (
            "IN=eth1 OUT= SRC=\u{1b}x DST=10.0.0.2",
            "`SRC=\\u{1b}x` is no address".to_owned(),
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(told(&format!("{HEAD}{line}")), expected, "{line}");
    }
    for other in [
        "",
        "Sep  5 14:34:40 w1 kernel: eth1: link up",
        "calico-packet:IN=eth1",
        "IN=eth1 OUT=",
    ] {
        assert_eq!(told(other), "other", "{other}");
    }
}

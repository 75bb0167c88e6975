//! The way of a flow for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::engine::{
    Answer, Criterion, Effect, EndpointTrace, Hook, Outcome, PeerTrace, Remarks, RuleTrace,
    StageDecision, StageTrace, TierEnd, WayTrace, Why,
};
use crate::finding::Place;
use crate::question::trace::Answered;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const UNSURE: Style = AnsiColor::Yellow.on_default().bold();

/// What is told where something hangs on what the input does not have.
const ASSUMED: &str =
    "an object of the platform that is only assumed to be there had a part in this";

/// What happens to the flow, the way it takes, and under each hook every policy and rule that was
/// looked at. `leaving_out` says how to leave out what is only assumed, where that can be done.
pub fn text(answered: &Answered, leaving_out: Option<&str>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{}  {} -> {}  {}",
        verdict(answered.outcome),
        answered.from,
        answered.to,
        answered.port
    );
    let many = answered.to_each.len() > 1;
    for each in &answered.to_each {
        if let Some(backend) = &each.backend {
            let outcome = if many {
                format!(": {}", verdict(each.trace.verdict.outcome))
            } else {
                String::new()
            };
            let _ = writeln!(out, "\nbehind {} is {backend}{outcome}", answered.to);
        }
        for way in &each.trace.ways {
            write_way(&mut out, way);
        }
        let verdict = each.trace.verdict;
        let mut said = verdict.remarks;
        // What is dropped is not left to anybody else.
        said.no_explicit_accept &= verdict.outcome != Outcome::Deny;
        for remark in remarks(said) {
            let _ = match leaving_out.filter(|_| remark == ASSUMED) {
                Some(how) => writeln!(out, "note: {remark} ({how})"),
                None => writeln!(out, "note: {remark}"),
            };
        }
    }
    out
}

/// The same as data: the fields of [`Answered`], in `camelCase`.
///
/// # Errors
/// The answer cannot be written as JSON.
pub fn json(answered: &Answered) -> Result<String, String> {
    let text = serde_json::to_string_pretty(answered).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

fn verdict(outcome: Outcome) -> String {
    match outcome {
        Outcome::Allow => format!("{GOOD}allow{GOOD:#}"),
        Outcome::Deny => format!("{BAD}deny{BAD:#}"),
        Outcome::Unknown(doubt) => format!("{UNSURE}unknown{UNSURE:#} ({doubt})"),
    }
}

fn remarks(remarks: Remarks) -> Vec<&'static str> {
    let told = [
        (remarks.assumed, ASSUMED),
        (
            remarks.no_explicit_accept,
            "Calico drops it nowhere and accepts it nowhere: the host's own packet filter has the \
             last word",
        ),
        (
            remarks.untracked,
            "the connection is not tracked: answers need rules of their own",
        ),
        (remarks.reply, "it is the answer that is dropped"),
        (
            remarks.not_local,
            "the service keeps to the node that is addressed, and has no endpoint there",
        ),
    ];
    let holds = told.into_iter().filter(|(holds, _)| *holds);
    holds.map(|(_, text)| text).collect()
}

fn write_way(out: &mut String, way: &WayTrace) {
    if let Some(together) = way.together {
        let placed = if together {
            "if both ends are on one node"
        } else {
            "if the ends are on different nodes"
        };
        let _ = writeln!(out, "\n{placed}: {}", verdict(way.verdict.outcome));
    }
    if way.stages.is_empty() {
        let _ = writeln!(out, "\nno hook: Calico does not see it");
    }
    for (index, stage) in way.stages.iter().enumerate() {
        write_stage(out, index + 1, stage);
    }
}

fn write_stage(out: &mut String, number: usize, stage: &StageTrace) {
    let at = match (&stage.host, &stage.interface) {
        (Some(host), Some(interface)) => format!(" at {host} {interface}"),
        (Some(host), None) => format!(" at {host}"),
        (None, Some(interface)) => format!(" by {interface}"),
        (None, None) => String::new(),
    };
    let outer = if stage.outer {
        ", the packet around it"
    } else {
        ""
    };
    let _ = writeln!(out, "\n{number}. {}{at}{outer}", stage.hook.word());
    let _ = writeln!(
        out,
        "   {} -> {}",
        peer(&stage.source),
        peer(&stage.destination)
    );
    for asked in &stage.asked {
        write_endpoint(out, asked);
    }
    let reason = match (stage.hook, &stage.why) {
        (Hook::Tunnel(_), Why::NoEndpoint) => "it is no packet of an overlay".to_owned(),
        (_, why) => reason(why),
    };
    let _ = writeln!(out, "   {}: {reason}", decision(stage.decision));
}

fn peer(peer: &PeerTrace) -> String {
    let address = match (peer.address, peer.port) {
        (Some(address), Some(port)) => std::net::SocketAddr::new(address, port).to_string(),
        (Some(address), None) => address.to_string(),
        (None, Some(port)) => format!("?:{port}"),
        (None, None) => "?".to_owned(),
    };
    match &peer.name {
        Some(name) => format!("{address} ({name})"),
        None => address,
    }
}

fn write_endpoint(out: &mut String, asked: &EndpointTrace) {
    if let Some(endpoint) = &asked.endpoint {
        let assumed = if asked.assumed { " (assumed)" } else { "" };
        let _ = writeln!(out, "   {endpoint}{assumed}");
    }
    for tier in &asked.tiers {
        let end = match tier.end {
            Some(TierEnd::Deny) => ", its end denies",
            Some(TierEnd::Pass) => ", its end passes on",
            None => "",
        };
        let _ = writeln!(out, "   tier {}{end}", tier.name);
        for policy in &tier.policies {
            let order = policy
                .order
                .map_or_else(|| "last".to_owned(), |order| order.to_string());
            let mut remarks = String::new();
            for (holds, word) in [
                (policy.staged, ", staged"),
                (policy.assumed, ", assumed"),
                (!policy.certain, ", may apply"),
            ] {
                if holds {
                    remarks.push_str(word);
                }
            }
            let looked_at = if policy.rules.is_empty() {
                ", not asked"
            } else {
                ""
            };
            let _ = writeln!(
                out,
                "     {} (order {order}{remarks}{looked_at})  {}",
                policy.key,
                line(&policy.place)
            );
            for rule in &policy.rules {
                write_rule(out, rule);
            }
        }
    }
    if !asked.profiles.is_empty() {
        let _ = writeln!(out, "   profiles {}", asked.profiles.join(", "));
    }
}

fn write_rule(out: &mut String, rule: &RuleTrace) {
    let matched = match rule.matched {
        Answer::Yes => "matches".to_owned(),
        Answer::No => rule.fails_at.map_or_else(
            || "does not match".to_owned(),
            |criterion| format!("does not match: {}", asks(criterion)),
        ),
        Answer::Maybe(doubt) => format!("may match: {doubt}"),
    };
    let _ = writeln!(
        out,
        "       {} {} {} {matched}  {}",
        rule.direction.word().to_lowercase(),
        rule.index + 1,
        effect(rule.effect),
        line(&rule.place)
    );
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
        Effect::Log => "Log",
        Effect::Pass => "Pass",
        Effect::Unclear => "?",
    }
}

/// What of a rule the packet does not have.
fn asks(criterion: Criterion) -> &'static str {
    match criterion {
        Criterion::Family => "another IP family",
        Criterion::Protocol => "another protocol",
        Criterion::Icmp => "another ICMP type",
        Criterion::SourcePorts => "another source port",
        Criterion::DestinationPorts => "another port",
        Criterion::Source => "another source",
        Criterion::Destination => "another destination",
        Criterion::Http => "HTTP",
    }
}

fn line(place: &Place) -> String {
    format!("{}:{}", place.input.name, place.span.line)
}

fn decision(decision: StageDecision) -> String {
    match decision {
        StageDecision::Pass => format!("{GOOD}passes{GOOD:#}"),
        StageDecision::Accept => format!("{GOOD}accepted{GOOD:#} for the rest of this node"),
        StageDecision::Drop => format!("{BAD}dropped{BAD:#}"),
        StageDecision::Unknown(doubt) => format!("{UNSURE}unknown{UNSURE:#} ({doubt})"),
    }
}

/// What decided at a hook, in words.
pub(super) fn reason(why: &Why) -> String {
    match why {
        Why::NoEndpoint => "no host endpoint governs the interface".to_owned(),
        Why::NoPolicy => "no policy applies here".to_owned(),
        Why::AcceptedBefore => "an earlier hook accepted it".to_owned(),
        Why::Rule {
            policy,
            index,
            effect: does,
            place,
        } => format!(
            "{} by rule {} of {policy}  {}",
            effect(*does),
            index + 1,
            line(place)
        ),
        Why::TierEnd { tier, end } => match end {
            TierEnd::Deny => format!("no rule of tier {tier} matches, and its end denies"),
            TierEnd::Pass => format!("no rule of tier {tier} matches, and its end passes on"),
        },
        Why::Profile { profile } => format!("profile {profile}"),
        Why::NoProfile => "no profile lets it pass".to_owned(),
        Why::Failsafe => "a failsafe port".to_owned(),
        Why::Overlay => "it carries packets of an overlay between nodes".to_owned(),
        Why::StrayOverlay => "it looks like an overlay's, but comes from no node".to_owned(),
        Why::EncapsulationFromPod => "pods may not send packets of an overlay".to_owned(),
        Why::NeighbourDiscovery => "IPv6 neighbour discovery".to_owned(),
        Why::HostAction { action } => {
            format!("what Felix does with packets from pods to their host: {action:?}")
        }
    }
}

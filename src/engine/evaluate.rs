//! The verdict of a flow.

use super::answer::Doubt;
use super::chain::Unwatched;
use super::flow::{ExternalTrafficPolicy, Flow};
use super::judge::Judge;
use super::program::Program;
use super::states::WatchStages;
use super::verdict::{Outcome, Remarks, Verdict};
use super::way::Placement;

impl Program {
    /// What happens to `flow`.
    pub fn evaluate(&self, flow: &Flow<'_>) -> Verdict {
        let mut whole: Option<Verdict> = None;
        for placement in self.placements(flow) {
            let verdict = self.judge(flow, *placement, Unwatched).0;
            whole = Some(match whole {
                None => verdict,
                Some(other) => together(other, verdict),
            });
        }
        whole.unwrap_or(Verdict {
            outcome: Outcome::Unknown(Doubt::Elsewhere),
            remarks: Remarks::default(),
        })
    }

    /// The verdict under one placement, told to `watch`.
    pub(super) fn judge<W: WatchStages>(
        &self,
        flow: &Flow<'_>,
        placement: Placement,
        watch: W,
    ) -> (Verdict, W) {
        let mut judge = Judge::new(self, watch);
        let walked = self.walk(flow, placement, &mut judge);
        if let Err(doubt) = walked {
            return (judge.unknown(doubt), judge.watch);
        }
        let mut verdict = judge.verdict();
        verdict.remarks.not_local = is_not_local(self, flow);
        // EVAL-19: without connection tracking the answer is a flow of its own.
        let is_answered = flow.to.answers_at_node() || flow.from.answers_at_node();
        if !verdict.remarks.untracked || verdict.outcome == Outcome::Deny || !is_answered {
            return (verdict, judge.watch);
        }
        let mut answer = Judge::new(self, judge.watch);
        answer.leg = judge.leg.saturating_add(1);
        let reply = match self.walk(&flow.reply(), placement, &mut answer) {
            Ok(()) => answer.verdict(),
            Err(doubt) => answer.unknown(doubt),
        };
        verdict.remarks.assumed |= reply.remarks.assumed;
        if reply.outcome != Outcome::Allow {
            verdict.remarks.reply = true;
            if verdict.outcome == Outcome::Allow || reply.outcome == Outcome::Deny {
                verdict.outcome = reply.outcome;
            }
        }
        (verdict, answer.watch)
    }
}

fn is_not_local(program: &Program, flow: &Flow<'_>) -> bool {
    let at = flow.original.and_then(|original| original.at);
    flow.external_traffic_policy == ExternalTrafficPolicy::Local
        && at.is_some()
        && at != program.host_of(flow.to)
}

/// One verdict where either of two may be.
pub(super) fn together(one: Verdict, other: Verdict) -> Verdict {
    let outcome = match (one.outcome, other.outcome) {
        (a, b) if a == b => a,
        (Outcome::Unknown(doubt), _) | (_, Outcome::Unknown(doubt)) => Outcome::Unknown(doubt),
        _ => Outcome::Unknown(Doubt::Node),
    };
    let (a, b) = (one.remarks, other.remarks);
    Verdict {
        outcome,
        remarks: Remarks {
            no_explicit_accept: a.no_explicit_accept || b.no_explicit_accept,
            untracked: a.untracked || b.untracked,
            reply: a.reply || b.reply,
            assumed: a.assumed || b.assumed,
            not_local: a.not_local || b.not_local,
        },
    }
}

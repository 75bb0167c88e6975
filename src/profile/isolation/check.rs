//! What is refused of apps and their rules.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::{Input, InputError, Place, Span};
use crate::net::{Cidr, Protocol};
use crate::yaml::Located;

use super::super::fact::check_list;
use super::super::{Name, PlatformProfile, Way};
use super::label::check_labels;
use super::peer::ANYONE;
use super::{App, AppRule, Isolation, IsolationKind, List, Peer, Who};

/// What goes with Calico policies alone.
const CALICO: &str = "write `as: calico`: its policies have an order and rules that deny";

fn word(way: Way) -> &'static str {
    match way {
        Way::Ingress => "ingress",
        Way::Egress => "egress",
    }
}

impl Isolation {
    /// Refuses apps and rules that contradict each other or say nothing.
    ///
    /// # Errors
    /// The first of these, with its place.
    pub(in crate::profile) fn check(&self, input: &Arc<Input>) -> Result<(), InputError> {
        if let Some(ways) = &self.default_deny {
            check_list(input, ways, |way| word(*way))?;
        }
        self.check_kind(input)?;
        self.check_namespaces(input)?;
        self.check_apps(input)?;
        for rule in self.allow.iter().chain(self.denials()) {
            self.check_rule(input, rule)?;
        }
        for rule in &self.allow {
            self.check_allows(input, rule)?;
        }
        for rule in self.denials() {
            self.check_denies(input, rule)?;
        }
        self.check_idle(input)
    }

    fn check_kind(&self, input: &Arc<Input>) -> Result<(), InputError> {
        if self.kind == IsolationKind::Calico {
            return match &self.deny {
                Some(rules) if rules.is_empty() => Err(empty(input, rules.span)),
                _ => Ok(()),
            };
        }
        let refuse = |what: &str, span: Span| {
            let error = InputError::new(format!("policies of Kubernetes have no {what}"));
            Err(error.at(Place::new(input, span)).hint(CALICO))
        };
        match (&self.deny, &self.order) {
            (Some(rules), _) => refuse("rules that deny", rules.span),
            (None, Some(order)) => refuse("order", order.span),
            (None, None) => Ok(()),
        }
    }

    fn check_namespaces(&self, input: &Arc<Input>) -> Result<(), InputError> {
        let names = self.namespaces.iter().map(|own| &own.name);
        check_names(input, "namespace", names)?;
        for namespace in &self.namespaces {
            check_labels(input, &namespace.labels)?;
            // That none is closed may be said of one of them.
            let ways = namespace
                .default_deny
                .iter()
                .filter(|ways| !ways.is_empty());
            for ways in ways {
                check_list(input, ways, |way| word(*way))?;
            }
        }
        Ok(())
    }

    fn check_apps(&self, input: &Arc<Input>) -> Result<(), InputError> {
        if self.apps.is_empty() {
            return Err(empty(input, self.apps.span));
        }
        check_names(input, "app", self.apps.iter().map(|app| &app.name))?;
        for app in self.apps.iter() {
            check_labels(input, &app.labels)?;
            if app.name.as_str() == ANYONE {
                let error = InputError::new(format!("`{ANYONE}` is everybody and no app"));
                return Err(error.at(Place::new(input, app.name.span)));
            }
            self.check_tiers(input, app)?;
        }
        Ok(())
    }

    fn check_tiers(&self, input: &Arc<Input>, app: &App) -> Result<(), InputError> {
        let Some(tiers) = &app.tiers else {
            return Ok(());
        };
        check_list(input, tiers, Name::clone)?;
        match app.labels.get(self.tier_label()) {
            Some(value) => Err(InputError::new(format!(
                "`{}` has tiers, so the label `{}` cannot be one of the app",
                app.name.value,
                self.tier_label()
            ))
            .at(Place::new(input, value.span))),
            None => Ok(()),
        }
    }

    fn check_rule(&self, input: &Arc<Input>, rule: &AppRule) -> Result<(), InputError> {
        for peers in [&rule.from, &rule.to] {
            check_list(input, peers, Peer::to_string)?;
            for peer in peers.iter() {
                self.check_peer(input, peer)?;
            }
        }
        if let Some(ports) = &rule.ports {
            check_list(input, ports, ToString::to_string)?;
        }
        let Some(protocol) = &rule.protocol else {
            return Ok(());
        };
        let at = |error: InputError| Err(error.at(Place::new(input, protocol.span)));
        if rule.ports.is_some() && !protocol.has_ports() {
            return at(InputError::new(format!(
                "`{}` has no ports, but the rule lists some",
                protocol.value
            )));
        }
        let is_known = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp].contains(&protocol.value);
        if self.kind == IsolationKind::Kubernetes && !is_known {
            return at(InputError::new(format!(
                "policies of Kubernetes are about TCP, UDP and SCTP, not about {}",
                protocol.value
            ))
            .hint("write `as: calico`: its policies are about any protocol"));
        }
        Ok(())
    }

    fn check_peer(&self, input: &Arc<Input>, peer: &Located<Peer>) -> Result<(), InputError> {
        match &peer.value {
            Peer::Anyone => Ok(()),
            Peer::App(name) => {
                let at = |error: InputError| error.at(Place::new(input, peer.span));
                let Some(app) = self.app(name) else {
                    let known = self.apps.iter().map(|app| app.name.as_str());
                    let error = InputError::new(format!("there is no app `{}`", name.app));
                    return Err(at(error.suggest(name.app.as_str(), known)));
                };
                let Some(tier) = &name.tier else {
                    return Ok(());
                };
                let tiers: Vec<&str> = app
                    .tiers
                    .iter()
                    .flat_map(|tiers| tiers.iter().map(|tier| tier.as_str()))
                    .collect();
                if tiers.contains(&tier.as_str()) {
                    return Ok(());
                }
                let error = InputError::new(format!("`{}` has no tier `{tier}`", name.app));
                Err(at(if tiers.is_empty() {
                    error.hint("it has no tiers: list them under `tiers`")
                } else {
                    error.suggest(tier.as_str(), tiers)
                }))
            }
            Peer::Pods {
                namespaces, pods, ..
            } => {
                for labels in [namespaces, pods].into_iter().flatten() {
                    if labels.is_empty() && namespaces.is_some() {
                        return Err(empty(input, labels.span));
                    }
                    check_labels(input, labels)?;
                }
                Ok(())
            }
            Peer::Nets { nets, except } => {
                check_list(input, nets, |net: &Cidr| *net)?;
                let Some(except) = except else {
                    return Ok(());
                };
                check_list(input, except, |net: &Cidr| *net)?;
                let inside = |part: &Located<Cidr>| {
                    let mut nets = nets.iter();
                    nets.any(|net| net.covers(&part.value) && net.value != part.value)
                };
                match except.iter().find(|part| !inside(part)) {
                    Some(part) => Err(InputError::new(format!(
                        "{} is no part of any of the `nets`",
                        part.value
                    ))
                    .at(Place::new(input, part.span))),
                    None => Ok(()),
                }
            }
        }
    }

    /// Refuses an end of a rule for which no policy would be written, however many pods there are.
    fn check_allows(&self, input: &Arc<Input>, rule: &AppRule) -> Result<(), InputError> {
        let senders = self.all(&rule.from);
        let is_closed = |who: &Who| match who {
            Who::Pods(pods) => {
                let mut within = self.within(pods).into_iter();
                within.any(|namespace| self.closes(namespace, Way::Egress))
            }
            Who::Anyone | Who::Nets { .. } => false,
        };
        if senders.iter().any(is_closed) {
            return Ok(());
        }
        for peer in rule.to.iter() {
            let (what, hint) = match self.who(peer) {
                Some(Who::Pods(pods)) if !is_foreign(self, &pods) => continue,
                Some(Who::Pods(_)) => (
                    "nobody is kept from these pods: they are of no described namespace",
                    "describe them as an app, or close the senders with `defaultDeny: [egress]`",
                ),
                Some(Who::Nets { .. } | Who::Anyone) | None => (
                    "the senders are not closed, so there is nothing to allow them",
                    "close their namespace with `defaultDeny: [egress]`; addresses that every pod \
                     may reach are `services` of the cluster",
                ),
            };
            return Err(InputError::new(what)
                .at(Place::new(input, peer.span))
                .hint(hint));
        }
        Ok(())
    }

    /// Refuses a denial that would close more than it says: a pod of which only a denial speaks is
    /// closed to everybody (EVAL-9).
    fn check_denies(&self, input: &Arc<Input>, rule: &AppRule) -> Result<(), InputError> {
        let open = self.reached();
        for peer in rule.to.iter() {
            let Some(Who::Pods(pods)) = self.who(peer) else {
                continue;
            };
            for namespace in self.within(&pods) {
                let mut own = open.iter().filter(|own| own.namespace == *namespace);
                let is_closed =
                    self.closes(namespace, Way::Ingress) || own.any(|own| own.covers(&pods.labels));
                if !is_closed {
                    return Err(InputError::new(
                        "nobody is allowed to talk to these pods, so everybody may, and a denial \
                         would close them to all",
                    )
                    .at(Place::new(input, peer.span))
                    .hint(format!(
                        "allow who may, with `from: [{ANYONE}]` where all others may"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Refuses an app of which nothing is said.
    fn check_idle(&self, input: &Arc<Input>) -> Result<(), InputError> {
        for app in self.apps.iter() {
            let is_named = |peers: &List<Peer>| {
                peers.iter().any(|peer| match &peer.value {
                    Peer::App(name) => name.app == app.name.value,
                    _ => false,
                })
            };
            let mut rules = self.allow.iter().chain(self.denials());
            let is_closed = [Way::Ingress, Way::Egress]
                .into_iter()
                .any(|way| self.closes(app.namespace.as_str(), way));
            if !is_closed && !rules.any(|rule| is_named(&rule.from) || is_named(&rule.to)) {
                return Err(InputError::new(format!(
                    "nothing is said of the app `{}`: no rule names it, and its namespace is open",
                    app.name.value
                ))
                .at(Place::new(input, app.name.span))
                .hint(
                    "name it in a rule, close its namespace with `defaultDeny`, or take it out",
                ));
            }
        }
        Ok(())
    }

    /// Refuses what goes against the platform or the cluster: apps where the platform has its own
    /// pods, an order among those of other policies, and addresses that pods have.
    ///
    /// # Errors
    /// The first of these, with its place.
    pub fn check_against(
        &self,
        input: &Arc<Input>,
        platform: &PlatformProfile,
        pods: Cidr,
    ) -> Result<(), InputError> {
        let facts = &platform.isolation;
        let apps = self.apps.iter().map(|app| &app.namespace);
        let listed = self.namespaces.iter().map(|own| &own.name);
        if let Some(name) = apps
            .chain(listed)
            .find(|name| facts.is_reserved(name.as_str()))
        {
            return Err(InputError::new(format!(
                "the platform's own pods are in `{}`, and isolating them would break the cluster",
                name.value
            ))
            .at(Place::new(input, name.span))
            .hint("rules may name pods of it: `{namespace: …, pods: {…}}`"));
        }
        if let Some(order) = &self.order
            && !(facts.denying_order < order.value && order.value < facts.closing_order)
        {
            return Err(InputError::new(format!(
                "the order {} is not between {} and {}",
                order.value, facts.denying_order, facts.closing_order
            ))
            .at(Place::new(input, order.span))
            .hint("denials stand before what is allowed, and behind it what closes the rest"));
        }
        let rules = self.allow.iter().chain(self.denials());
        for peer in rules.flat_map(|rule| rule.from.iter().chain(rule.to.iter())) {
            if let Peer::Nets { nets, except } = &peer.value
                && let Some(net) = nets.iter().find(|net| net.overlaps(&pods))
                && !except
                    .iter()
                    .any(|list| list.iter().any(|net| net.covers(&pods)))
            {
                return Err(InputError::new(format!(
                    "{} overlaps the pod subnet {pods}",
                    net.value
                ))
                .at(Place::new(input, net.span))
                .hint("name pods by their labels, and leave the subnet out with `except`"));
            }
        }
        Ok(())
    }
}

/// Whether pods are certainly of no described namespace.
fn is_foreign(isolation: &Isolation, pods: &super::PodSet) -> bool {
    match &pods.namespace {
        super::InNamespace::Named(name) => !isolation.described().contains(name.as_str()),
        // Labels that no listed namespace has are told of as a finding.
        super::InNamespace::Any | super::InNamespace::Labelled(_) => false,
    }
}

fn empty(input: &Arc<Input>, span: Span) -> InputError {
    InputError::new("the list is empty")
        .at(Place::new(input, span))
        .hint("a list that is there has at least one entry")
}

/// Refuses two things of one name.
fn check_names<'a>(
    input: &Arc<Input>,
    what: &str,
    names: impl Iterator<Item = &'a Located<Name>>,
) -> Result<(), InputError> {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for name in names {
        if let Some(first) = seen.insert(name.as_str(), name.span) {
            return Err(InputError::new(format!("a second {what} `{}`", name.value))
                .at(Place::new(input, name.span))
                .also(InputError::new("the first one").at(Place::new(input, first))));
        }
    }
    Ok(())
}

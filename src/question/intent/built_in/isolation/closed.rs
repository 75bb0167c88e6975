//! That pods which are closed are reached by nobody else, and reach nobody else.

use crate::finding::InputError;
use crate::profile::{Dns, PodSet, Way, Who};

use super::super::super::{Expect, Group, Intent, Part};
use super::super::pods::pods_but;
use super::super::said;
use super::Apart;
use super::cell::{Cell, cells};
use super::name::{text, without};
use super::packets::{Said, classes};

const CLOSED: &str = "The cluster profile closes these pods but for what it allows.";

impl Apart<'_> {
    /// That nobody else talks to pods that are closed.
    pub(super) fn receivers(&self) -> Result<Vec<Intent>, InputError> {
        let subjects = self.isolation.reached();
        let mut intents = Vec::new();
        for namespace in self.isolation.described() {
            for cell in cells(namespace, &subjects)? {
                if cell.is_rest() && !self.isolation.closes(namespace, Way::Ingress) {
                    continue;
                }
                let rules = cell.rules();
                let said: Vec<Said> = rules
                    .map(|rule| Said::of(rule, self.isolation.all(&rule.from)))
                    .collect();
                intents.extend(self.closed_pods(namespace, &cell, &said, Way::Ingress)?);
            }
        }
        Ok(intents)
    }

    /// That closed pods talk to nobody else.
    pub(super) fn senders(&self) -> Result<Vec<Intent>, InputError> {
        let subjects = self.isolation.reaching(false);
        let facts = &self.facts.platform.isolation;
        let dns = facts.dns(self.facts.runs);
        let protocols = match self.isolation.dns {
            Dns::Open => &facts.dns_protocols[..],
            Dns::Closed => &[],
        };
        let mut intents = Vec::new();
        for namespace in self.isolation.closed(Way::Egress) {
            for protocol in protocols {
                let said = Said::of_dns(dns, *protocol);
                let all = PodSet::of_namespace(namespace);
                for to in &said.others {
                    let name = format!("pods of {namespace} resolve names by {protocol}");
                    intents.extend(self.allow(
                        &Who::Pods(all.clone()),
                        to,
                        &said.parts(),
                        &name,
                    )?);
                }
            }
            for cell in cells(namespace, &subjects)? {
                let rules = cell.rules();
                let mut said: Vec<Said> = rules
                    .map(|rule| Said::of(rule, self.isolation.all(&rule.to)))
                    .collect();
                said.extend(
                    protocols
                        .iter()
                        .map(|protocol| Said::of_dns(dns, *protocol)),
                );
                intents.extend(self.closed_pods(namespace, &cell, &said, Way::Egress)?);
            }
        }
        Ok(intents)
    }

    /// That nothing but what is `said` passes to pods that are closed, or from them.
    fn closed_pods(
        &self,
        namespace: &str,
        cell: &Cell<'_>,
        said: &[Said],
        way: Way,
    ) -> Result<Vec<Intent>, InputError> {
        let own = Group::Pods {
            namespace: Some(namespace.to_owned()),
            selector: cell.text().map(|text| said::selector(&text)).transpose()?,
        };
        let called = cell.told(self.isolation, namespace);
        let sentence = |other: &str, how: &str| match way {
            Way::Ingress => format!("no other {other} reach {called}{how}"),
            Way::Egress => format!("{called} reach no other {other}{how}"),
        };
        let between = |other: Group| match way {
            Way::Ingress => self.between(other, own.clone()),
            Way::Egress => self.between(own.clone(), other),
        };
        let deny = |other: Group, name: String, parts: Vec<Part>, except: Vec<Part>| {
            let mut between = between(other);
            between.except.extend(except);
            between.intent(Expect::Deny, name, CLOSED, parts)
        };
        let mut intents = Vec::new();
        for class in classes(said)? {
            if class.others.contains(&Who::Anyone) {
                continue;
            }
            let others = class.others.iter().filter_map(|who| match who {
                Who::Pods(pods) => Some(text(pods)),
                Who::Anyone | Who::Nets { .. } => None,
            });
            let name = sentence("pods", &format!(" {}", class.told));
            intents.push(deny(pods_but(others)?, name, class.parts, class.except));
        }
        let mut except = Vec::new();
        for own in said {
            for who in &own.others {
                match (who, way) {
                    (Who::Pods(_), _) => {}
                    (Who::Anyone, _) => except.extend(own.parts()),
                    (
                        Who::Nets {
                            nets,
                            except: parts,
                        },
                        Way::Ingress,
                    ) => {
                        let from = without(nets, parts);
                        let own = own.parts().into_iter();
                        except.extend(own.map(|part| part.from(from.iter().copied())));
                    }
                    (
                        Who::Nets {
                            nets,
                            except: parts,
                        },
                        Way::Egress,
                    ) => {
                        let to = without(nets, parts);
                        let own = own.parts().into_iter();
                        except.extend(own.map(|part| part.to(to.iter().copied())));
                    }
                }
            }
        }
        if !except.contains(&Part::any()) {
            let any = || vec![Part::any()];
            let outside = Group::Outside { network: None };
            let name = sentence("addresses outside the cluster", "");
            intents.push(deny(outside, name, any(), except.clone()));
            // What a worker sends to its own pods is not for policies to say.
            if way == Way::Egress {
                let workers = Group::Workers {
                    network: None,
                    selector: None,
                };
                intents.push(deny(workers, sentence("workers", ""), any(), except));
            }
        }
        Ok(intents)
    }
}

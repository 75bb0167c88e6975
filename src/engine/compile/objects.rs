//! The objects that are compiled: those that are there, and those that are under way.

use crate::resource::{Body, Resource, ResourceSet};

/// An object on its way: it is there as it was or as it will be, and nobody knows which.
#[derive(Debug, Clone, Copy)]
pub struct UnderWay<'r> {
    /// As it was; nothing where it was not there.
    pub old: Option<&'r Resource>,
    /// As it will be; nothing where it will not be there.
    pub new: Option<&'r Resource>,
}

impl UnderWay<'_> {
    /// Whether [`compile_moment`](super::compile_moment) follows both forms: those of
    /// policies, host endpoints and network sets. A tier that comes or changes moves all of its
    /// policies.
    pub fn is_followed(&self) -> bool {
        let mut forms = [self.old, self.new].into_iter().flatten();
        forms.all(|form| {
            matches!(
                form.body,
                Body::Policy(_)
                    | Body::KubernetesPolicy(_)
                    | Body::ClusterPolicy(_)
                    | Body::HostEndpoint(_)
                    | Body::NetworkSet(_)
            )
        })
    }
}

/// A cluster while objects are under way.
#[derive(Debug, Clone)]
pub struct Moment<'r> {
    /// What is there.
    pub settled: &'r ResourceSet,
    /// Policies, host endpoints, network sets and tiers that are there besides.
    pub there: Vec<&'r Resource>,
    /// What is under way. None of it is among what is there, and of each
    /// [`UnderWay::is_followed`] holds.
    pub under_way: Vec<UnderWay<'r>>,
}

/// An object, and whether it is settled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'r> {
    pub(super) resource: &'r Resource,
    /// The number of the step that the object is one form of; nothing where it is settled.
    pub(super) step: Option<u32>,
}

/// Every object, sorted by key, the old form before the new one.
pub(super) struct Objects<'r> {
    pub(super) all: Vec<Object<'r>>,
}

impl<'r> Objects<'r> {
    pub(super) fn of(moment: &Moment<'r>) -> Self {
        let there = moment.settled.iter().chain(moment.there.iter().copied());
        let there = there.map(|resource| Object {
            resource,
            step: None,
        });
        let mut all: Vec<Object<'r>> = there.collect();
        for (step, under_way) in (0..).zip(&moment.under_way) {
            let forms = [under_way.old, under_way.new].into_iter().flatten();
            all.extend(forms.map(|resource| Object {
                resource,
                step: Some(step),
            }));
        }
        if all.len() > moment.settled.len() {
            all.sort_by(|a, b| a.resource.key.cmp(&b.resource.key));
        }
        Self { all }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'r Resource> {
        self.all.iter().map(|object| object.resource)
    }
}

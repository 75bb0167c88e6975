//! What Calico's storage makes of names (STORE-3 to STORE-7).

use rustc_hash::FxHashMap;

use crate::finding::{Code, Finding};
use crate::resource::{Api, Era, Key, Resource};

use super::super::Rules;
use super::name_place;

/// Names that are stored as they are (STORE-5).
const RESERVED: [&str; 4] = ["knp.", "kanp.", "kbanp.", "ossg."];

pub(super) fn judge(resources: &[&Resource], rules: Rules, findings: &mut Vec<Finding>) {
    storage_form(resources, findings);
    if rules.version.era() == Era::E2 {
        clashes(resources, findings);
    }
}

/// One note for every text that holds objects in storage form.
fn storage_form(resources: &[&Resource], findings: &mut Vec<Finding>) {
    let mut texts: FxHashMap<*const _, (&Resource, usize)> = FxHashMap::default();
    for resource in resources {
        if resource.api == Api::CalicoV1 {
            let text = std::sync::Arc::as_ptr(&resource.input);
            texts.entry(text).or_insert((resource, 0)).1 += 1;
        }
    }
    for (first, count) in texts.into_values() {
        let others = match count - 1 {
            0 => String::new(),
            1 => " and 1 more object".to_owned(),
            more => format!(" and {more} more objects"),
        };
        let message = format!(
            "{}{others} in storage form (`{}`): applied like this, nothing validates or completes \
             them",
            first.key,
            Api::CALICO_V1
        );
        findings.push(
            Finding::new(Code::StorageForm, first.place(), message).hint(format!(
                "write `apiVersion: {}` for the API",
                Api::CALICO_V3
            )),
        );
    }
}

/// STORE-5: `P` and `default.P` are one object in the storage of Calico 3.29 to 3.31.
fn clashes(resources: &[&Resource], findings: &mut Vec<Finding>) {
    let mut stored: FxHashMap<Key, &Resource> = FxHashMap::default();
    for resource in resources {
        if resource.policy().is_none() || resource.api != Api::CalicoV3 {
            continue;
        }
        let name = &resource.key.name;
        let as_is = name.contains('.') || RESERVED.iter().any(|prefix| name.starts_with(prefix));
        let mut key = resource.key.clone();
        if !as_is {
            key.name = format!("default.{name}");
        }
        let slot = key.name.clone();
        let first = stored.entry(key).or_insert(resource);
        if first.key.name == *name {
            continue;
        }
        let message = format!(
            "`{name}` and `{}` are both stored as `{slot}`: each write of one replaces the other",
            first.key.name
        );
        findings.push(
            Finding::new(Code::StoredNameClash, name_place(resource), message)
                .hint("rename one of them")
                .related(name_place(first), "the other one"),
        );
    }
}

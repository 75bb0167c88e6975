//! A set with policies that record what it denies.

use std::sync::Arc;

use crate::finding::{Input, InputError};
use crate::question::logging::{LogPolicy, Recorded, Wanted, log_denied, prove_silent};
use crate::question::subject::{Subject, subject};
use crate::resource::{ResourceSet, read};

use super::proof::{Baseline, known};
use super::{Bundle, Plan, RenderedFile};

/// The bundles of one plan, and beside each policy that is `wanted` and denies anything a file with
/// the policy that records it; with what was recorded of which.
///
/// With the platform's own policies it is proven what is recorded, and with them and without that no
/// verdict changes.
///
/// # Errors
/// As [`log_denied`] says.
pub fn with_logs(
    plan: &Plan,
    bundles: &[Bundle],
    wanted: &Wanted,
    baseline: &Baseline,
) -> Result<(Vec<Bundle>, Recorded), InputError> {
    let facts = &plan.platform_profile;
    let recorded = log_denied(&in_place(plan, bundles, Some(baseline))?, wanted, facts)?;
    prove_silent(&in_place(plan, bundles, None)?, &recorded.policies, facts)?;
    let mut more = bundles.to_vec();
    for policy in &recorded.policies {
        for bundle in &mut more {
            if let Some(beside) = file_of(bundle, policy) {
                let file = file(bundle, beside, policy)?;
                bundle.files.push(file);
                bundle.files.sort_by(|a, b| a.path.cmp(&b.path));
                break;
            }
        }
    }
    Ok((more, recorded))
}

fn in_place(
    plan: &Plan,
    bundles: &[Bundle],
    baseline: Option<&Baseline>,
) -> Result<Subject, InputError> {
    let mut set = ResourceSet::default();
    for file in bundles.iter().flat_map(|bundle| &bundle.files) {
        for resource in &file.resources {
            set.add(resource.clone());
        }
    }
    subject(set, &known(plan, baseline.cloned()))
}

/// The file of the first policy whose denials `policy` records.
fn file_of<'b>(bundle: &'b Bundle, policy: &LogPolicy) -> Option<&'b RenderedFile> {
    let first = policy.of.first()?;
    let mut files = bundle.files.iter();
    files.find(|file| file.resources.iter().any(|own| own.key == *first))
}

/// The file of `policy`, with the first lines of the one that it stands beside: they say what made
/// it.
fn file(
    bundle: &Bundle,
    beside: &RenderedFile,
    policy: &LogPolicy,
) -> Result<RenderedFile, InputError> {
    let mut text = String::new();
    for line in beside.input.text.lines().take(2) {
        text.push_str(line);
        text.push('\n');
    }
    for line in policy.described() {
        text.push_str(&format!("# {line}\n"));
    }
    text.push_str(&policy.resource.input.text);
    let own = format!("{}.yaml", policy.resource.key.name);
    let path = match beside.path.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{own}"),
        None => own,
    };
    let name = format!("{}/{path} (rendered)", bundle.folder);
    let input: Arc<Input> = Input::new(name, text);
    let (resources, findings) = read(&input);
    if let Some(finding) = findings.into_iter().next() {
        return Err(finding.into_error());
    }
    Ok(RenderedFile {
        path,
        input,
        resources,
    })
}

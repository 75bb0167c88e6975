//! Sets without what changes no verdict.

use palisade::bundle::{Bundle, Plan, Templates, known, minimise, render};
use palisade::engine::{Program, compile};
use palisade::profile::Library;
use palisade::question::audit::difference;
use palisade::question::subject::subject;
use palisade::resource::ResourceSet;

use crate::call::{Room, project};

fn plan() -> Plan {
    let library = Library::embedded();
    Plan::whole(
        library.region("us-south").unwrap(),
        library.platform().unwrap(),
    )
}

fn program(plan: &Plan, bundles: &[Bundle], baseline: bool) -> Program {
    let mut set = ResourceSet::default();
    for bundle in bundles {
        for resource in bundle.resources().iter() {
            set.add(resource.clone());
        }
    }
    let texts = baseline.then(|| Library::embedded().baseline());
    let subject = subject(set, &known(plan, texts)).unwrap();
    compile(&subject.resources, &subject.settings)
}

#[test]
fn the_minimised_set_does_the_same_and_a_mutilated_one_is_told() {
    let plan = plan();
    let facts = &plan.platform_profile;
    let (full, _) = render(&plan, &Templates::embedded().unwrap()).unwrap();
    let (less, left_out) = minimise(&plan, &full, &Library::embedded().baseline()).unwrap();
    assert!(left_out.policies > 0 && left_out.rules > left_out.policies);
    for baseline in [true, false] {
        let whole = program(&plan, &full, baseline);
        let thin = program(&plan, &less, baseline);
        assert_eq!(
            difference(&whole, &thin, facts).unwrap(),
            None,
            "{baseline}"
        );
    }
    let whole = program(&plan, &full, true);
    // Each policy that is left counts.
    for file in 0..less[0].files.len() {
        let mut maimed = less.clone();
        let gone = maimed[0].files.remove(file);
        let thin = program(&plan, &maimed, true);
        let told = difference(&whole, &thin, facts).unwrap();
        assert!(told.is_some(), "{}", gone.path);
    }
}

#[test]
fn texts_stay_readable() {
    let room = Room::new();
    let ran = room.run("gen --region us-south --private --minimize");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.stderr,
        "note: us-south: left out and proven to change no verdict: 1 policy, 9 rules and 2 list \
         entries\ngenerated: 9 files written, 0 unchanged, 0 removed\n"
    );
    let full = std::fs::read_to_string(project(
        "generated/us-south/private/allow-private-services.yaml",
    ))
    .unwrap();
    let text = room.read("generated/us-south/private/allow-private-services.yaml");
    // The rule goes with its comment, and all else stays as it was.
    assert!(full.contains("  # monitoring\n") && !text.contains("  # monitoring\n"));
    let kept: Vec<&str> = full.lines().filter(|line| text.contains(line)).collect();
    assert_eq!(
        text.lines().count(),
        kept_lines(&text, &full) + 1,
        "{kept:?}"
    );
    assert!(text.contains("\n# What changes no verdict is left out (`--minimize`).\n"));
    let again = room.run("gen --region us-south --private --minimize --check");
    assert_eq!(again.code, 0, "{again:?}");
    let other = room.run("gen --region us-south --private --check");
    assert_eq!(other.code, 1, "{other:?}");
}

/// How many lines of `text` stand in `full` in the same order.
fn kept_lines(text: &str, full: &str) -> usize {
    let mut rest = full.lines();
    text.lines()
        .filter(|line| {
            let mut ahead = rest.clone();
            let found = ahead.any(|other| other == *line);
            if found {
                rest = ahead;
            }
            found
        })
        .count()
}

#[test]
fn what_is_minimal_has_nothing_left_to_tell() {
    let room = Room::new();
    room.run("gen --region us-south --minimize -o out");
    let told = room.run("audit out -o json").stdout;
    assert!(!told.contains("rule-without-effect"), "{told}");
}

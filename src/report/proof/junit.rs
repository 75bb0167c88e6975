//! What was proven as JUnit XML, for CI servers that show tests: a case is a suite, an intent a
//! test.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::question::intent::Intent;
use crate::question::verify::{Proof, ProofOutcome};

use super::{Proofs, plain, text, uncoloured, wrong};

/// One JUnit document. An intent that means no flow is a test that passed and says so.
pub fn render(proofs: &Proofs) -> String {
    let mut document = quick_junit::Report::new("palisade verify");
    for case in &proofs.cases {
        let heading = case.heading();
        let mut suite = TestSuite::new(heading.as_str());
        for (intent, proof) in case.all() {
            let mut test = test(intent, proof);
            test.set_classname(heading.as_str());
            suite.add_test_case(test);
        }
        document.add_test_suite(suite);
    }
    // INVARIANT: texts always serialize; what XML cannot hold is taken out of them before.
    let mut text = document.to_string().unwrap_or_default();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn test(intent: &Intent, proof: &Proof) -> TestCase {
    let name = plain(&intent.name);
    match proof.outcome {
        ProofOutcome::Proved => TestCase::new(name, TestCaseStatus::success()),
        ProofOutcome::Empty => {
            let mut test = TestCase::new(name, TestCaseStatus::success());
            test.set_system_out("there is no flow that it means");
            test
        }
        ProofOutcome::Unknown | ProofOutcome::Refuted => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(proof.outcome.word());
            let told: Vec<String> = proof.counters.iter().map(|c| wrong(intent, c)).collect();
            status.set_message(told.join("; "));
            status.set_description(uncoloured(&text::failed(intent, proof)));
            TestCase::new(name, status)
        }
    }
}

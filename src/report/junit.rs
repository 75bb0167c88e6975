//! Findings as JUnit XML, for CI servers that show tests: a file is a suite, a finding a test that
//! failed.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::finding::{Finding, Severity};

use super::Report;

/// A report as one JUnit document. A file without findings is a suite of one test that passed; a
/// note is a test that passed and has something to say.
pub fn render(report: &Report) -> String {
    let mut document = quick_junit::Report::new("palisade lint");
    let mut findings = report.findings.iter().peekable();
    for file in &report.files {
        let mut suite = TestSuite::new(file.as_str());
        // Findings are sorted by file, as files are.
        while let Some(finding) = findings.next_if(|finding| finding.place.input.name == *file) {
            suite.add_test_case(case(finding));
        }
        if suite.test_cases.is_empty() {
            let mut case = TestCase::new("lint", TestCaseStatus::success());
            case.set_classname(file.as_str());
            suite.add_test_case(case);
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

fn case(finding: &Finding) -> TestCase {
    let span = finding.place.span;
    let name = format!("{} {}:{}", finding.code.word(), span.line, span.column);
    let told = match &finding.hint {
        Some(hint) => format!("{}: {}\n{hint}", finding.place, finding.message),
        None => format!("{}: {}", finding.place, finding.message),
    };
    let mut case = if finding.severity == Severity::Note {
        let mut case = TestCase::new(name, TestCaseStatus::success());
        case.set_system_out(told);
        case
    } else {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(finding.severity.word());
        status.set_message(finding.message.as_str());
        status.set_description(told);
        TestCase::new(name, status)
    };
    case.set_classname(finding.place.input.name.as_str());
    case
}

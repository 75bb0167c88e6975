//! What a rule asks of HTTP (VAL-36).

use crate::finding::{Code, Span};
use crate::net::Protocol;
use crate::resource::{Action, Direction, HttpPath, Rule, Written};

use super::judge::{Judge, Raw};

/// The most methods or paths, from Calico 3.33.
const MOST: usize = 20;

/// The most characters of a path, from Calico 3.33.
const LONGEST_PATH: usize = 1024;

impl Judge<'_> {
    pub(super) fn http(&mut self, direction: Direction, rule: &Rule) {
        let Some(http) = &rule.http else { return };
        let refused = Raw::TAKEN.refused_since(32);
        let action = rule.action.as_ref().map(|action| &action.value);
        if action.is_some_and(|action| *action != Written::Valid(Action::Allow)) {
            self.http_match(http.span, "only an `Allow` rule may match HTTP", refused);
        }
        if direction == Direction::Egress {
            self.http_match(http.span, "only an ingress rule may match HTTP", Raw::TAKEN);
        }
        let protocol = rule.protocol.as_ref().and_then(|p| p.value.valid());
        let is_tcp = |protocol: &Protocol| {
            *protocol == Protocol::Tcp || (self.since(33) && protocol.number() == 6)
        };
        if protocol.is_some_and(|protocol| !is_tcp(protocol)) {
            self.http_match(http.span, "HTTP needs the protocol TCP, or none", refused);
        }
        let methods = http.value.methods.iter().flat_map(|methods| &methods.value);
        for (index, method) in methods.clone().enumerate() {
            if methods
                .clone()
                .take(index)
                .any(|other| other.value == method.value)
            {
                let message = format!("the method `{}` stands twice", method.value);
                self.http_match(method.span, &message, Raw::TAKEN);
            }
        }
        let paths = http.value.paths.iter().flat_map(|paths| &paths.value);
        for path in paths.clone() {
            self.path(path);
        }
        let counts = [(methods.count(), "methods"), (paths.count(), "paths")];
        for (count, what) in counts {
            if self.since(33) && count > MOST {
                let message = format!("{count} {what} stand here, and at most {MOST} are taken");
                self.limit(http.span, message);
            }
        }
    }

    fn path(&mut self, path: &HttpPath) {
        let ((Some(given), None) | (None, Some(given))) = (&path.exact, &path.prefix) else {
            let message = "a path has either `exact` or `prefix`";
            self.http_match(path.span, message, Raw::TAKEN);
            return;
        };
        let text: &str = &given.value;
        if !text.starts_with('/') || text.contains(['?', '#', ' ']) {
            let message = format!("`{text}` is not a path");
            let finding = self.finding(Code::HttpMatch, given.span, message);
            let hint = "it begins with `/` and holds no `?`, `#` or space";
            self.refuse(finding.hint(hint), Raw::TAKEN);
        }
        let characters = text.chars().count();
        if self.since(33) && characters > LONGEST_PATH {
            let message = format!(
                "this path has {characters} characters, and at most {LONGEST_PATH} are taken"
            );
            self.limit(given.span, message);
        }
    }

    fn http_match(&mut self, span: Span, message: &str, raw: Raw) {
        let finding = self.finding(Code::HttpMatch, span, message);
        self.refuse(finding, raw);
    }

    fn limit(&mut self, span: Span, message: String) {
        let finding = self.finding(Code::LimitExceeded, span, message);
        self.refuse(finding, Raw::TAKEN.refused_since(33));
    }
}

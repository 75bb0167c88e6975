//! Input that is meant to do harm (SEL-14).

use std::thread;

use palisade::resource::selector::{
    CompiledSelector, Interner, MAX_NESTING, Selector, SelectorErrorKind,
};

/// Half of what a spawned thread gets, and an eighth of what the main thread gets.
const STACK: usize = 1 << 20;

fn on_a_small_stack(test: fn()) {
    thread::Builder::new()
        .stack_size(STACK)
        .spawn(test)
        .expect("a thread starts")
        .join()
        .expect("the test holds");
}

fn exercise(text: &str) -> Selector {
    let selector = Selector::parse(text).expect("the selector parses");
    let copy = selector.clone();
    assert_eq!(Selector::parse(copy.as_str()), Ok(selector));
    assert!(copy.expr() == copy.clone().expr());
    assert!(!format!("{:?}", copy.expr()).is_empty());
    copy.map_labels(str::to_owned)
        .expect("names stay as they are");
    let mut interner = Interner::new();
    let labels = [("a", "b")];
    let symbols = interner.labels(labels);
    let compiled = CompiledSelector::compile(&copy, &mut interner);
    assert_eq!(copy.matches(&labels), compiled.matches(&symbols, &interner));
    copy
}

#[test]
fn the_deepest_selectors_leave_the_stack_alone() {
    on_a_small_stack(|| {
        let redundant = format!(
            "{}has(a){}",
            "(".repeat(MAX_NESTING),
            ")".repeat(MAX_NESTING)
        );
        assert_eq!(exercise(&redundant).as_str(), "has(a)");

        let open = "!(has(a) && ".repeat(MAX_NESTING);
        exercise(&format!("{open}has(b){}", ")".repeat(MAX_NESTING)));
    });
}

#[test]
fn nesting_is_bounded_as_typed() {
    for depth in [MAX_NESTING + 1, 1_000_000] {
        let error = Selector::parse(&"(".repeat(depth)).unwrap_err();
        assert_eq!(error.kind(), &SelectorErrorKind::TooDeep);
        assert_eq!(error.range(), MAX_NESTING..MAX_NESTING + 1);
        assert_eq!(
            error.to_string(),
            "this selector nests more than 128 groups"
        );
    }
}

/// SEL-24, SEL-25: precedence turns into groups, which count as well, or the canonical text would
/// not parse.
#[test]
fn nesting_is_bounded_as_printed() {
    let nested = |levels: usize| {
        let open = "has(a) || has(b) && (".repeat(levels);
        format!("{open}has(c){}", ")".repeat(levels))
    };
    exercise(&nested(MAX_NESTING / 2));

    let text = nested(MAX_NESTING / 2 + 1);
    let error = Selector::parse(&text).unwrap_err();
    assert_eq!(error.kind(), &SelectorErrorKind::TooDeep);
    assert_eq!(error.range(), 0..text.len());
}

#[test]
fn length_alone_does_no_harm() {
    on_a_small_stack(|| {
        let many = 100_000;
        exercise(&format!("{}has(a)", "!".repeat(many)));
        exercise(&format!("{}has(a)", "has(b) && ".repeat(many)));
        exercise(&format!("{}has(a)", "!has(b) || ".repeat(many)));
        exercise(&format!(
            "a in {{{}}}",
            "'b', 'c',".repeat(many).trim_end_matches(',')
        ));
        exercise(&format!("a == '{}'", "\"".repeat(many)));
    });
}

/// SEL-4: what a value holds must not forge the terminal's output.
#[test]
fn messages_escape_what_does_not_print() {
    let error = Selector::parse("a == 'b' '\u{202e}\u{1b}[1m'").unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected `&&`, `||` or the end of the selector, found `'\\u{202e}\\u{1b}[1m'`"
    );
}

/// The message stays one short line whatever the text holds.
#[test]
fn messages_are_short_and_single_lined() {
    let error = Selector::parse(&format!("a == '\n' '{}\n'", "\n".repeat(1000))).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "expected `&&`, `||` or the end of the selector, found `'{}…`",
            "\\n".repeat(39)
        )
    );
}

//! Versions of Calico: how they are written, and what hangs on them.

use palisade::resource::{CalicoVersion, Era};

fn version(text: &str) -> CalicoVersion {
    text.parse().unwrap()
}

#[test]
fn reads_what_people_and_clusters_write() {
    for (text, printed) in [
        ("v3.31.2", "3.31.2"),
        ("3.31", "3.31"),
        ("v3.33.0-0.dev-12-gabc", "3.33.0"),
        ("3.29.1_1534", "3.29.1"),
    ] {
        assert_eq!(version(text).to_string(), printed);
    }
    for text in ["", "3", "v", "3.x", "3.+1", "2.6", "3.1.2.3", "latest"] {
        assert!(text.parse::<CalicoVersion>().is_err(), "{text}");
    }
}

#[test]
fn knows_the_eras() {
    for (text, era) in [
        ("3.28.9", Era::E1),
        ("3.29", Era::E2),
        ("3.31.5", Era::E2),
        ("3.32", Era::E3),
        ("4.0", Era::E3),
    ] {
        assert_eq!(version(text).era(), era, "{text}");
    }
}

#[test]
fn val_34_was_carried_back() {
    for text in ["3.28", "3.29.5", "3.30.2"] {
        assert!(!version(text).refuses_all_but_everything(), "{text}");
    }
    for text in ["3.29.6", "3.29", "3.30.3", "3.30", "3.31.0", "3.33"] {
        assert!(version(text).refuses_all_but_everything(), "{text}");
    }
}

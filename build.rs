//! Tells cargo that profiles and templates are part of the binary, new files included.

fn main() {
    println!("cargo::rerun-if-changed=profiles");
    println!("cargo::rerun-if-changed=templates");
}

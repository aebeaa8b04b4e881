//! The shipped packs are part of this crate: it is compiled again when they change.

fn main() {
    // Cargo looks through the whole folder.
    println!("cargo::rerun-if-changed=../../../packs");
}

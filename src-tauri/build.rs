//! Prepares what the window is built from: configuration, permissions, the page.

use std::fs;
use std::path::Path;

/// Stands in for the page until it is built, so that the Rust code can be checked without Node.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Attune Studio</title>\n\
    <body><p>The page is not built yet. Run <code>cargo xtask run</code>.</p></body></html>\n";

fn main() {
    let page = Path::new("../ui/dist/index.html");
    println!("cargo:rerun-if-changed={}", page.display());
    if !page.exists() {
        println!(
            "cargo:warning=ui/dist is not built, so the window shows a note instead; `cargo xtask run` builds it"
        );
        let folder = page.parent().unwrap_or(page);
        if let Err(error) = fs::create_dir_all(folder).and_then(|()| fs::write(page, NOT_BUILT)) {
            println!("cargo:warning={} could not be written: {error}", page.display());
        }
    }
    // WebKit brings the system's SQLite into this process; without this it would bind to the bundled one.
    println!("cargo:rustc-link-arg-bins=-Wl,--exclude-libs,ALL");
    tauri_build::build();
}

//! What the page in the window may do: the whole list, so that a change of it is seen in review.
#![expect(clippy::panic, reason = "a test that cannot read the project fails by saying so")]

use serde_json::{Value, json};

fn read(path: &str) -> Value {
    let full = tidy_tests::root().join(path);
    let text = std::fs::read_to_string(&full).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_page_has_two_commands_and_what_its_title_bar_needs() {
    let folder = std::fs::read_dir(tidy_tests::root().join("src-tauri/capabilities")).expect("capabilities");
    let names: Vec<_> = folder.map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["main.json"]);
    let capability = read("src-tauri/capabilities/main.json");
    assert_eq!(capability["windows"], json!(["main"]));
    assert_eq!(capability.get("remote"), None, "no address but our own page");
    assert_eq!(
        capability["permissions"],
        json!([
            "allow-rpc",
            "allow-subscribe",
            "core:window:allow-minimize",
            "core:window:allow-toggle-maximize",
            "core:window:allow-internal-toggle-maximize",
            "core:window:allow-close",
            "core:window:allow-start-dragging",
            "core:webview:allow-set-webview-zoom"
        ])
    );
}

#[test]
fn the_page_loads_and_reaches_nothing_but_itself() {
    let config = read("src-tauri/tauri.conf.json");
    assert_eq!(
        config["app"]["security"]["csp"],
        json!({
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self' 'unsafe-inline'",
            "connect-src": "'self' ipc: http://ipc.localhost",
            "img-src": "'self' data:",
            "font-src": "'self'",
            "frame-src": "'none'",
            "object-src": "'none'",
            "base-uri": "'none'",
            "form-action": "'none'"
        })
    );
    assert_eq!(config["build"].get("devUrl"), None, "the page is built into the program");
    assert_eq!(config["app"].get("withGlobalTauri"), None);
}

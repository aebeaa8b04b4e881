//! A pack says what it needs; it gets it, once, and not in its own folder.

use crate::kit::{Place, installed, output};
use model::Runner;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A pack whose Python action needs a module, which lies in the pack as a wheel of this version.
fn python_pack(place: &Place, version: &str) {
    let script = "import sys, zipfile\n\
        folder, version = sys.argv[1:]\n\
        with zipfile.ZipFile(f'{folder}/greeting-{version}-py3-none-any.whl', 'w') as wheel:\n    \
            info = f'greeting-{version}.dist-info'\n    \
            wheel.writestr('greeting.py', f'WORDS = \"hello {version}\"\\n')\n    \
            wheel.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\\nName: greeting\\nVersion: {version}\\n')\n    \
            wheel.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n    \
            wheel.writestr(f'{info}/RECORD', '')\n";
    let folder = place.at("pack/wheels");
    fs::create_dir_all(&folder).unwrap();
    let made = output(Path::new("/usr/bin/env"), |command| {
        command.args(["python3", "-c", script]).arg(&folder).arg(version);
    });
    assert!(made.status.success(), "{made:?}");
    needs(place, version);
    place.file("pack/actions/greet.py", "import greeting, sys\nprint(greeting.WORDS, sys.prefix)\n");
}

fn needs(place: &Place, version: &str) {
    let text = format!("# What it says.\n--no-index\n./wheels/greeting-{version}-py3-none-any.whl\n");
    place.file("pack/requirements.txt", &text);
}

/// Every file of the pack and what is in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.insert(entry.path().display().to_string(), fs::read(entry.path()).unwrap());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_python_environment_is_built_once_for_all_who_wait_and_not_in_the_pack() {
    if !installed(&["python3"]) {
        return;
    }
    let mut place = Place::new();
    python_pack(&place, "1.0");
    let before = files(&place.at("pack"));
    let run = || place.run(Runner::Python, "actions/greet.py");
    let (a, b, c) = tokio::join!(run(), run(), run());
    let environments = place.at("environments/mine");
    let said = a.unwrap();
    assert!(said.starts_with(&format!("hello 1.0 {}", environments.display())), "{said}");
    assert_eq!((b.unwrap(), c.unwrap()), (said.clone(), said.clone()));
    assert_eq!(files(&place.at("pack")), before);
    let told = place.told.lock().unwrap().clone();
    assert!(told.iter().any(|line| line == "pip install -r requirements.txt"), "{told:?}");
    let standing = place.runtimes.environments(&"mine".parse().unwrap());
    assert_eq!((standing.len(), standing[0].building.clone(), standing[0].error.clone()), (1, None, None));
    let log = fs::read_to_string(&standing[0].log).unwrap();
    assert_eq!(log.matches("$ python3 -m venv").count(), 1, "{log}");
    assert!(log.contains("Successfully installed greeting-1.0"), "{log}");
    // An engine that is started again finds it.
    place.told.lock().unwrap().clear();
    place.restart();
    assert_eq!(place.run(Runner::Python, "actions/greet.py").await.unwrap(), said);
    assert_eq!(fs::read_to_string(&standing[0].log).unwrap(), log);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_needs_make_another_environment_and_the_old_one_stays_while_it_is_used() {
    if !installed(&["python3"]) {
        return;
    }
    let place = Place::new();
    python_pack(&place, "1.0");
    let in_use = place.command(Runner::Python, "", "actions/greet.py").await.unwrap();
    let [first] = place.names("environments/mine").try_into().unwrap();
    python_pack(&place, "2.0");
    assert!(place.run(Runner::Python, "actions/greet.py").await.unwrap().starts_with("hello 2.0 "));
    let both = place.names("environments/mine");
    assert!(both.len() == 2 && both.contains(&first), "{both:?}");
    assert!(in_use.program.exists());
    drop(in_use);
    python_pack(&place, "3.0");
    assert!(place.run(Runner::Python, "actions/greet.py").await.unwrap().starts_with("hello 3.0 "));
    for _ in 0..2_000 {
        if place.names("environments/mine").len() == 1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the old environments stay: {:?}", place.names("environments/mine"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_fails_says_why_and_is_tried_again_when_asked() {
    if !installed(&["python3"]) {
        return;
    }
    let place = Place::new();
    python_pack(&place, "1.0");
    needs(&place, "1.1");
    let error = place.run(Runner::Python, "actions/greet.py").await.unwrap_err();
    assert!(
        error.contains("The Python environment of the pack `mine` could not be built: `pip install -r requirements.txt` ended with exit code 1: ")
            && error.contains("greeting-1.1-py3-none-any.whl"),
        "{error}"
    );
    let [standing] = place.runtimes.environments(&"mine".parse().unwrap()).try_into().unwrap();
    assert_eq!(standing.error.as_ref(), Some(&error));
    assert!(error.contains(&standing.log.display().to_string()), "{error}");
    assert!(fs::read_to_string(&standing.log).unwrap().contains("greeting-1.1"));
    assert!(!standing.folder.exists(), "what is half built is gone");
    // The next one does not wait for a build that will fail as this one did.
    fs::remove_file(&standing.log).unwrap();
    assert_eq!(place.run(Runner::Python, "actions/greet.py").await.unwrap_err(), error);
    assert!(!standing.log.exists());
    // The missing file is there, and somebody says so.
    python_pack(&place, "1.1");
    place.runtimes.try_again(&"mine".parse().unwrap());
    assert!(place.run(Runner::Python, "actions/greet.py").await.unwrap().starts_with("hello 1.1 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_engine_left_half_built_is_built_anew() {
    if !installed(&["python3"]) {
        return;
    }
    let mut place = Place::new();
    python_pack(&place, "1.0");
    let said = place.run(Runner::Python, "actions/greet.py").await.unwrap();
    let [name] = place.names("environments/mine").try_into().unwrap();
    let folder = place.at("environments/mine").join(name);
    fs::remove_file(folder.join(".ready")).unwrap();
    fs::remove_dir_all(folder.join("lib")).unwrap();
    place.restart();
    assert_eq!(place.run(Runner::Python, "actions/greet.py").await.unwrap(), said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modules_of_node_are_found_by_require_and_by_import_and_lie_outside_of_the_pack() {
    if !installed(&["node", "npm"]) {
        return;
    }
    let place = Place::new();
    place.file(
        "pack/package.json",
        r#"{"private": true, "dependencies": {"greeting": "file:./vendor/greeting"}}"#,
    );
    place.file(
        "pack/vendor/greeting/package.json",
        r#"{"name": "greeting", "version": "1.0.0", "main": "index.js", "bin": "say.sh"}"#,
    );
    place.file("pack/vendor/greeting/index.js", "module.exports = 'hello';\n");
    place.file("pack/vendor/greeting/say.sh", "#!/bin/sh\necho said\n");
    place.file(
        "pack/lib/words.mjs",
        "import greeting from 'greeting';\nexport const words = greeting + ' import';\n",
    );
    place.file("pack/actions/old.js", "console.log(require('greeting'), 'require');\nconsole.log(require('child_process').execSync('greeting').toString().trim());\n");
    place.file("pack/actions/new.mjs", "import { words } from '../lib/words.mjs';\nconsole.log(words);\n");
    let before = files(&place.at("pack"));
    assert_eq!(place.run(Runner::Node, "actions/old.js").await.unwrap(), "hello require\nsaid\n");
    assert_eq!(place.run(Runner::Node, "actions/new.mjs").await.unwrap(), "hello import\n");
    assert_eq!(files(&place.at("pack")), before);
    assert_eq!(place.names("environments/mine").len(), 1);
    // A pack that needs nothing is run where it lies.
    place.file("pack/package.json", r#"{"private": true, "type": "module"}"#);
    place.file("pack/actions/plain.js", "console.log(import.meta.url);\n");
    let url = format!("file://{}/actions/plain.js\n", place.at("pack").canonicalize().unwrap().display());
    assert_eq!(place.run(Runner::Node, "actions/plain.js").await.unwrap(), url);
    place.file("pack/package.json", "{");
    let error = place.run(Runner::Node, "actions/plain.js").await.unwrap_err();
    assert!(error.starts_with("The `package.json` of the pack cannot be read"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_build_that_fails_or_has_no_npm_says_so() {
    if !installed(&["node", "npm"]) {
        return;
    }
    let mut place = Place::new();
    place.file(
        "pack/package.json",
        r#"{"private": true, "dependencies": {"gone": "file:./vendor/gone.tgz"}}"#,
    );
    place.file("pack/actions/a.js", "");
    let error = place.run(Runner::Node, "actions/a.js").await.unwrap_err();
    assert!(
        error.contains("The Node.js environment of the pack `mine` could not be built: `npm install` ended with exit code")
            && error.contains("vendor/gone.tgz"),
        "{error}"
    );
    place.interpreter("node", "v20.1.0");
    place.restart();
    let error = place.run(Runner::Node, "actions/a.js").await.unwrap_err();
    assert!(error.contains("could not be built: `npm` is not on the PATH; install it"), "{error}");
}

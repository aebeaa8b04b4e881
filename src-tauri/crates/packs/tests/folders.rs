//! A person wrote a pack: it loads, or every mistake in it is told with its place.

mod small;

use model::{ParameterFormat, Runner};
use packs::{Loaded, load};
use serde_json::{Value, json};
use small::{put, small_pack, told};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// What is told of the small pack with one file replaced.
fn spoiled(file: &str, text: impl AsRef<[u8]>) -> String {
    let folder = small_pack();
    put(folder.path(), file, text.as_ref());
    told(load(folder.path()))
}

/// The same where the file is the action's.
fn action(text: &str) -> String {
    spoiled("actions/show.yaml", format!("ref: mine.show\nrunner_type: shell\nentry_point: show.sh\n{text}"))
}

#[test]
fn a_good_pack_loads_without_a_word() {
    let folder = small_pack();
    let Loaded { pack, warnings } = load(folder.path()).unwrap();
    assert_eq!(warnings, []);
    assert_eq!((pack.r#ref.as_str(), pack.label.as_str(), pack.version.as_str()), ("mine", "Mine", "1.0.0"));
    assert_eq!(pack.triggers[0].r#ref.as_str(), "mine.file_changed");
    assert_eq!(pack.sensors[0].runner, Runner::Python);
    let show = &pack.actions[0];
    assert_eq!(
        show.path.as_deref(),
        Some(folder.path().canonicalize().unwrap().join("actions/show.sh").as_path())
    );
    assert_eq!((show.label.as_str(), show.parameter_format), ("Show", ParameterFormat::Json));
    assert_eq!(pack.rules[0].body.trigger_params, json!({"path": "/tmp"}).as_object().cloned().unwrap());
}

#[test]
fn both_dialects_mean_the_same() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "pack.yaml", b"ref: mine\nname: Mine\nversion: 1.0.0\nconfig_schema:\n  type: object\n  properties: {url: {type: string, default: x}}\nmetadata: {a: 1}\nkeywords: [a]\n");
    put(folder.path(), "actions/a.sh", b"true\n");
    put(folder.path(), "actions/a.yaml", b"ref: mine.a\nname: A\nruntime: Bash\nentrypoint: a.sh\nparam_schema:\n  type: object\n  properties:\n    n: {type: integer}\n  required: [n]\noutput_schema: {r: {type: string}}\ntimeout_seconds: 5\n");
    let Loaded { pack, warnings } = load(folder.path()).unwrap();
    assert_eq!(warnings, []);
    assert_eq!((pack.label.as_str(), Value::Object(pack.config)), ("Mine", json!({"url": "x"})));
    let action = &pack.actions[0];
    assert_eq!((action.label.as_str(), action.runner, action.timeout_seconds), ("A", Runner::Shell, Some(5)));
    assert!(action.parameters.is_required("n") && action.output.property("r").is_some());
    assert_eq!(
        spoiled("pack.yaml", "ref: mine\nlabel: A\nname: B\nversion: 1.0.0\n"),
        "pack.yaml:3:1: error: `name` says the same as `label`; keep one"
    );
}

#[test]
fn secret_settings_are_not_shown() {
    let folder = small_pack();
    put(folder.path(), "pack.yaml", b"ref: mine\nversion: 1.0.0\nconf_schema: {url: {type: string}, token: {type: string, secret: true}}\nconfig: {url: x, token: y}\n");
    let pack = load(folder.path()).unwrap().pack;
    assert_eq!(Value::Object(pack.shown_config()), json!({"url": "x"}));
    assert_eq!(Value::Object(pack.config), json!({"url": "x", "token": "y"}));
}

#[test]
fn text_stays_the_text_that_was_written() {
    let folder = small_pack();
    put(folder.path(), "pack.yaml", b"ref: mine\nlabel: no\nversion: 1.10\nenv: {LEVEL: 010}\n");
    put(folder.path(), "actions/show.yaml", b"ref: mine.show\nrunner_type: shell\nentry_point: show.sh\nparameters:\n  text: {type: string, default: 1.10, enum: [1.10, no, on, 010]}\n  flag: {type: boolean, default: true}\n");
    put(folder.path(), "rules/show_it.yaml", b"ref: mine.show_it\ntrigger_ref: mine.file_changed\ntrigger_params: {path: 12:30}\naction_ref: mine.show\naction_params: {text: 1.10}\n");
    let Loaded { pack, warnings } = load(folder.path()).unwrap();
    insta::assert_snapshot!(told(Ok(Loaded { pack: pack.clone(), warnings })), @"pack.yaml:3:10: warning: `1.10` is read as text; put it in quotes");
    assert_eq!(
        (pack.label.as_str(), pack.version.as_str(), pack.env["LEVEL"].as_str()),
        ("no", "1.10", "010")
    );
    assert_eq!(
        pack.actions[0].parameters.property("text").unwrap()["enum"],
        json!(["1.10", "no", "on", "010"])
    );
    let body = &pack.rules[0].body;
    assert_eq!(
        (&body.action_params["text"], &body.trigger_params["path"]),
        (&json!("1.10"), &json!("12:30"))
    );
}

#[test]
fn text_that_is_no_yaml_is_told_with_line_and_column() {
    let bomb = (1..9).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, level| {
        text + &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(","))
    });
    let deep_map: String = (0..1_200).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("ref: mine".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let table: Vec<(&str, Vec<u8>)> = vec![
        ("tab", b"ref: mine\nenv:\n\tA: b\n".to_vec()),
        ("two documents", b"ref: mine\n---\nref: other\n".to_vec()),
        ("duplicate key", b"ref: mine\nlabel: a\nref: other\n".to_vec()),
        ("alias bomb", bomb.into_bytes()),
        ("circle", b"a: &a [*a]\n".to_vec()),
        ("unknown alias", b"a: *b\n".to_vec()),
        ("deep list", ("a: ".to_owned() + &"[".repeat(100_000)).into_bytes()),
        ("deep map", deep_map.into_bytes()),
        ("tag", b"ref: !!python/object/apply:os.system x\n".to_vec()),
        ("unclosed", b"ref: [a\nb: c\n".to_vec()),
        ("colon", b"ref: a: b\n".to_vec()),
        ("nul", b"ref: a\0b\n".to_vec()),
        ("list", b"- a\n".to_vec()),
        ("empty", b"".to_vec()),
        ("utf-16", utf16),
        ("latin-1", b"ref: mine\nlabel: caf\xe9\n".to_vec()),
        ("large", vec![b'#'; 1024 * 1024 + 1]),
    ];
    let told: Vec<String> = table
        .into_iter()
        .map(|(name, bytes)| {
            let folder = tempfile::tempdir().unwrap();
            put(folder.path(), "pack.yaml", &bytes);
            format!("{name}: {}", told(load(folder.path())))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    tab: pack.yaml:3:2: error: a tab stands where spaces are needed; indent with spaces
    two documents: pack.yaml:2:1: error: a second document begins here; a file holds one
    duplicate key: pack.yaml:3:1: error: `ref` stands here twice; keep one
    alias bomb: pack.yaml:5:22: error: the document is too large: at most 50000 values and 100 repeated parts are read
    circle: pack.yaml:1:8: error: this part contains itself
    unknown alias: pack.yaml:1:4: error: alias references unknown anchor
    deep list: pack.yaml:1:259: error: this lies deeper than 64 levels
    deep map: pack.yaml:65:65: error: this lies deeper than 64 levels
    tag: pack.yaml:1:38: error: unsupported tag `!!python/object/apply:os.system`
    unclosed: pack.yaml:2:2: error: illegal placement of ':' indicator
    colon: pack.yaml:1:7: error: mapping values are not allowed in this context
    nul: pack.yaml:1:7: error: unexpected character: `\u{0}'
    list: pack.yaml:1:1: error: expected the fields of a pack, found a list
    empty: pack.yaml:1:1: error: expected the fields of a pack, found nothing
    utf-16: pack.yaml:1:1: error: the file is UTF-16; save it as UTF-8
    latin-1: pack.yaml:1:1: error: byte 21 is not UTF-8; save the file as UTF-8
    large: pack.yaml:1:1: error: the file is larger than 1048576 bytes
    "#);
}

#[test]
fn a_byte_order_mark_does_no_harm() {
    assert_eq!(spoiled("pack.yaml", "\u{feff}ref: mine\nlabel: Mine\nversion: 1.0.0\n"), "");
}

#[test]
fn unknown_keys_are_warnings_with_the_nearest_known_one() {
    insta::assert_snapshot!(action("descripton: x\nparamaters: {}\ncolour: red\nx-own: 1\n"), @r#"
    actions/show.yaml:4:1: warning: `descripton` means nothing here; did you mean `description`?
    actions/show.yaml:5:1: warning: `paramaters` means nothing here; did you mean `parameters`?
    actions/show.yaml:6:1: warning: `colour` means nothing here; did you mean `color`?
    "#);
    insta::assert_snapshot!(action("parameters:\n  text:\n    type: string\n    minlength: 1\n"), @r#"actions/show.yaml:7:16: warning: `minlength` means nothing here; did you mean `minLength`?"#);
}

#[test]
fn wrong_values_are_errors_at_their_place() {
    let wrong = [
        action("parameter_format: jsn\n"),
        action("parameter_delivery: env\n"),
        action("timeout: soon\n"),
        action("success_codes: [0, 300]\n"),
        action("label: [a]\n"),
        action("parameters:\n  text: {type: strin}\n"),
        action("parameters:\n  text: {type: integer, default: x}\n"),
        action("parameters:\n  text: {type: string, pattern: '(?=x)'}\n"),
        action("parameters:\n  text:\n    $ref: http://127.0.0.1/x\n"),
        spoiled("actions/show.yaml", "ref: mine.show\nrunner_type: pyhton\nentry_point: show.sh\n"),
        spoiled("actions/show.yaml", "ref: mine.show\n"),
        spoiled("pack.yaml", "label: Mine\n"),
        spoiled("pack.yaml", "ref: default\nversion: 1.0.0\n"),
        spoiled("pack.yaml", "ref: mine\nversion: 1.0.0\nenv: {ATTUNE_TOKEN: x, 1A: y, OK: [z]}\n"),
        spoiled(
            "pack.yaml",
            "ref: mine\nversion: 1.0.0\nconf_schema: {n: {type: integer}, must: {type: string, required: true}}\nconfig: {n: x}\n",
        ),
        spoiled(
            "sensors/file_sensor.yaml",
            "ref: mine.file_sensor\nrunner_type: python\nentry_point: watch.py\ntrigger_types: [mine.file_chnged, other.thing, x]\n",
        ),
    ];
    insta::assert_snapshot!(wrong.join("\n\n"), @r#"
    actions/show.yaml:4:19: error: expected one of json, dotenv, yaml, found the text `jsn`; did you mean `json`?

    actions/show.yaml:4:21: error: expected one of stdin, file, found the text `env`

    actions/show.yaml:4:10: error: expected a whole number of seconds, found the text `soon`

    actions/show.yaml:4:20: error: expected an exit code from 0 to 255, found `300`

    actions/show.yaml:4:8: error: expected text, found a list

    actions/show.yaml:5:16: error: `type`: `strin` is not a type: expected string, number, integer, boolean, array or object; did you mean `string`?

    actions/show.yaml:5:34: error: `default`: expected a whole number, found the text `x`

    actions/show.yaml:5:33: error: `pattern`: the text `(?=x)` is not supported as a regular expression (no look-around, no back-reference, bounded size)

    actions/show.yaml:5:3: error: `$ref`: `http://127.0.0.1/x` lies outside of this schema; only places such as #/$defs/name are read

    actions/show.yaml:2:14: error: expected one of shell, python, node, native, found the text `pyhton`; did you mean `python`?

    actions/show.yaml:1:1: error: `runner_type` is missing: expected shell, python, node or native
    actions/show.yaml:1:1: error: `entry_point` is missing: expected text such as `run.sh`

    pack.yaml:1:1: error: `ref` is missing: expected text such as `my_pack`
    pack.yaml:1:1: error: `version` is missing: expected text such as `1.0.0`

    pack.yaml:1:6: error: `default` is the place of the rules that people make; choose another ref

    pack.yaml:3:21: error: `ATTUNE_TOKEN` cannot be set: expected a name such as LANG, not one of ATTUNE_*
    pack.yaml:3:28: error: `1A` cannot be set: expected a name such as LANG, not one of ATTUNE_*
    pack.yaml:3:35: error: `OK`: expected text without NUL

    pack.yaml:4:13: error: n: expected a whole number, found the text `x`

    sensors/file_sensor.yaml:4:17: error: the pack has no trigger `mine.file_chnged`; did you mean `mine.file_changed`?
    sensors/file_sensor.yaml:4:48: error: `x` has no name: expected pack.name, such as core.echo
    "#);
}

#[test]
fn names_must_be_plain_and_belong_to_the_pack() {
    let named = |name: &str| spoiled("triggers/more.yaml", format!("ref: {name}\n"));
    let long = format!("mine.{}", "x".repeat(300));
    let told: Vec<String> = [
        "mine.Upper",
        "mine.a.b",
        "core.x",
        "mine",
        "'mine.\\0'",
        "\u{441}\u{43e}re.x",
        "mine.файл",
        &long,
        "mine.file_changed",
    ]
    .into_iter()
    .map(named)
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    triggers/more.yaml:1:6: error: `mine.Upper` may not hold `U`: a name is made of a to z, 0 to 9, _ and -
    triggers/more.yaml:1:6: error: `mine.a.b` may not hold `.`: a name is made of a to z, 0 to 9, _ and -
    triggers/more.yaml:1:6: error: `core.x` belongs to the pack `core`; here every ref begins with `mine.`
    triggers/more.yaml:1:6: error: `mine` has no name: expected pack.name, such as core.echo
    triggers/more.yaml:1:6: error: `mine.\0` may not hold `\\`: a name is made of a to z, 0 to 9, _ and -
    triggers/more.yaml:1:6: error: `соre.x` may not hold `\u{441}`: a pack is made of a to z, 0 to 9, _ and -
    triggers/more.yaml:1:6: error: `mine.файл` may not hold `\u{444}`: a name is made of a to z, 0 to 9, _ and -
    triggers/more.yaml:1:6: error: a ref is at most 128 characters long; this one has 305
    triggers/more.yaml:1:6: error: `mine.file_changed` stands in triggers/file_changed.yaml already
    "#);
}

#[test]
fn entry_points_stay_in_the_pack_and_can_be_run() {
    let folder = small_pack();
    let root = folder.path();
    put(root, "actions/native", b"#!/bin/sh\n");
    put(root, "actions/empty.sh", b"");
    put(root, "actions/windows.sh", b"#!/bin/sh\r\ntrue\r\n");
    fs::create_dir(root.join("actions/folder")).unwrap();
    symlink("/bin/sh", root.join("actions/link.sh")).unwrap();
    symlink("nowhere", root.join("actions/dangling.sh")).unwrap();
    symlink("show.sh", root.join("actions/inside.sh")).unwrap();
    let told: Vec<String> = [
        ("shell", "../../bin/sh"),
        ("shell", "/bin/sh"),
        ("shell", "\"a\\0b\""),
        ("shell", "missing.sh"),
        ("shell", "folder"),
        ("shell", "link.sh"),
        ("shell", "dangling.sh"),
        ("shell", "empty.sh"),
        ("shell", "windows.sh"),
        ("native", "native"),
        ("native", "attune-core-timer-sensor"),
        ("shell", "inside.sh"),
    ]
    .into_iter()
    .map(|(runner, entry)| {
        put(
            root,
            "actions/show.yaml",
            format!("ref: mine.show\nrunner_type: {runner}\nentry_point: {entry}\n").as_bytes(),
        );
        format!("{entry}: {}", told(load(root)))
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    ../../bin/sh: actions/show.yaml:3:14: error: `../../bin/sh` leads out of the pack; name a file in its folder `actions`
    /bin/sh: actions/show.yaml:3:14: error: `/bin/sh` leads out of the pack; name a file in its folder `actions`
    "a\0b": actions/show.yaml:3:14: error: text may not hold a NUL
    missing.sh: actions/show.yaml:3:14: error: there is no file `actions/missing.sh` in the pack
    folder: actions/show.yaml:3:14: error: `actions/folder` is not a file
    link.sh: actions/show.yaml:3:14: error: `actions/link.sh` is a link to a place outside of the pack
    dangling.sh: actions/show.yaml:3:14: error: there is no file `actions/dangling.sh` in the pack
    empty.sh: actions/show.yaml:3:14: error: `actions/empty.sh` is empty
    windows.sh: actions/show.yaml:3:14: error: `actions/windows.sh` has Windows line ends, which no shell can run; save it with LF line ends
    native: actions/show.yaml:3:14: error: `actions/native` is not executable; run `chmod +x` on it
    attune-core-timer-sensor: actions/show.yaml:3:14: error: there is no file `actions/attune-core-timer-sensor` in the pack
    inside.sh:
    "#);
}

#[test]
fn a_program_of_the_app_that_is_found_nowhere_is_told() {
    let told = spoiled(
        "sensors/file_sensor.yaml",
        "ref: mine.s\nrunner_type: native\nentry_point: attune-no-such-sensor\ntrigger_types: [mine.file_changed]\n",
    );
    insta::assert_snapshot!(told, @"sensors/file_sensor.yaml:3:14: error: there is no file `sensors/attune-no-such-sensor` in the pack, nor beside the running program");
}

#[test]
fn rules_of_a_pack_are_checked_against_its_triggers_and_actions() {
    let rule = |text: &str| {
        spoiled(
            "rules/show_it.yaml",
            format!(
                "ref: mine.show_it\ntrigger_ref: mine.file_changed\naction_ref: mine.show\ntrigger_params: {{path: x}}\n{text}"
            ),
        )
    };
    let wrong = [
        rule("action_params:\n  count: 0\n  txt: hi\n"),
        rule("action_params:\n  text: 'a {{ evnt.id }}'\n"),
        rule("action_params: {count: '{{ event.payload.n }}'}\n"),
        rule("conditions:\n  all:\n    - {field: event.payload.x, operator: equal, value: 1}\n"),
        rule("enabled: true\n"),
        spoiled(
            "rules/show_it.yaml",
            "ref: mine.show_it\ntrigger_ref: mine.file_change\naction_ref: mine.shw\n",
        ),
        spoiled(
            "rules/show_it.yaml",
            "ref: mine.show_it\ntrigger_ref: mine.file_changed\naction_ref: other.action\n",
        ),
    ];
    insta::assert_snapshot!(wrong.join("\n\n"), @r#"
    rules/show_it.yaml:6:10: error: count: expected at least 1, found 0
    rules/show_it.yaml:7:8: error: txt: is not known; did you mean `text`?

    rules/show_it.yaml:6:9: error: text: column 6: `evnt` is not known; did you mean `event`?



    rules/show_it.yaml:7:42: error: conditions.all.0.operator: there is no operator `equal`; did you mean `equals`?

    rules/show_it.yaml:5:10: warning: rules of a pack arrive disabled; a person enables them

    rules/show_it.yaml:2:14: error: the pack has no trigger `mine.file_change`; did you mean `mine.file_changed`?
    rules/show_it.yaml:3:13: error: the pack has no action `mine.shw`; did you mean `mine.show`?

    rules/show_it.yaml:1:1: error: trigger_params.path: is missing: expected text
    "#);
}

#[test]
fn files_that_are_not_plain_files_of_the_pack_are_not_read() {
    let folder = small_pack();
    symlink("/etc/hostname", folder.path().join("actions/outside.yaml")).unwrap();
    fs::create_dir(folder.path().join("actions/folder.yaml")).unwrap();
    insta::assert_snapshot!(told(load(folder.path())), @r#"
    actions/folder.yaml:1:1: error: this is not a file
    actions/outside.yaml:1:1: error: this is a link to a place outside of the pack
    "#);
    let none = tempfile::tempdir().unwrap();
    assert_eq!(told(load(none.path())), "pack.yaml:1:1: error: the file is missing");
    assert!(told(load(&none.path().join("nowhere"))).contains("cannot be read"));
}

#[test]
fn the_digest_changes_with_every_file_that_matters() {
    let folder = small_pack();
    let digest = || load(folder.path()).unwrap().pack.digest;
    let first = digest();
    put(folder.path(), ".git/HEAD", b"x");
    put(folder.path(), "actions/__pycache__/x.pyc", b"x");
    assert_eq!(digest(), first);
    put(folder.path(), "actions/show.sh", b"#!/bin/sh\nfalse\n");
    let second = digest();
    assert_ne!(second, first);
    fs::set_permissions(folder.path().join("actions/show.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_ne!(digest(), second);
}

#[test]
fn the_versions_of_a_runtime_come_from_the_pack_and_from_the_part() {
    let folder = small_pack();
    for (pack, sensor, wanted) in [
        ("python: '>=3.9'\n", "", ">=3.9"),
        ("runtime_deps: [shell, 'python >=3.9']\n", "runtime_version_constraint: '<3.13'\n", "<3.13,>=3.9"),
        ("runtime_deps: {python: '>=3.9', shell: null}\n", "", ">=3.9"),
        ("runtime_deps: [core.python]\n", "runtime_version: '3.12'\n", "3.12"),
        ("", "", ""),
    ] {
        put(folder.path(), "pack.yaml", format!("ref: mine\nlabel: Mine\nversion: 1.0.0\n{pack}").as_bytes());
        put(
            folder.path(),
            "sensors/file_sensor.yaml",
            format!("ref: mine.file_sensor\nrunner_type: python\nentry_point: watch.py\ntrigger_types: [mine.file_changed]\n{sensor}")
                .as_bytes(),
        );
        let Loaded { pack, warnings } = load(folder.path()).unwrap();
        assert_eq!((pack.sensors[0].runtime_version.to_string().as_str(), warnings.len()), (wanted, 0));
        assert!(pack.actions[0].runtime_version.is_any(), "a shell script is not run by Python");
    }
}

#[test]
fn versions_that_nobody_understands_are_told_with_their_place() {
    assert_eq!(
        spoiled("pack.yaml", "ref: mine\nlabel: Mine\nversion: 1.0.0\npython: newest\n"),
        "pack.yaml:4:9: error: `newest` is not a version; expected versions such as `>=3.9` or `>=3.9,<3.13`"
    );
    assert_eq!(
        spoiled("pack.yaml", "ref: mine\nlabel: Mine\nversion: 1.0.0\nruntime_deps: [shell, pyton, java]\n"),
        "pack.yaml:4:23: warning: this version runs shell, python, node and native programs, found the text `pyton`; did you mean `python`?\n\
         pack.yaml:4:30: warning: this version runs shell, python, node and native programs, found the text `java`"
    );
    assert_eq!(
        action("runtime_version_constraint: '>=5'\n"),
        "actions/show.yaml:4:29: warning: only Python and Node.js are asked for their version"
    );
    assert_eq!(
        action("runtime_version_constraint: [1]\n"),
        "actions/show.yaml:4:29: error: expected text such as `>=3.9`, found a list"
    );
}

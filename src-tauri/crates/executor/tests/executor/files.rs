//! What a run leaves in files: how far it is, and what people shall find.

use crate::kit::{House, installed};
use executor::{Report, artifacts};
use model::{ExecutionStatus as Status, Progress, Runner};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt, symlink};

fn said(percent: Option<u8>, message: &str) -> Progress {
    Progress { percent, message: message.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_says_how_far_it_is_with_one_line_in_any_language() {
    for (runner, program, script) in [
        (Runner::Shell, "sh", "echo \"40 Copying\" > \"$ATTUNE_PROGRESS_FILE\""),
        (
            Runner::Python,
            "python3",
            "import os\nopen(os.environ['ATTUNE_PROGRESS_FILE'], 'w').write('40 Copying')",
        ),
        (
            Runner::Node,
            "node",
            "require('fs').writeFileSync(process.env.ATTUNE_PROGRESS_FILE, '40% Copying')",
        ),
    ] {
        if !installed(program) {
            continue;
        }
        let mut house = House::new();
        let mut action = house.action(script);
        action.runner = runner;
        let launch = house.launch(action);
        let ended = house.run(launch).await;
        assert_eq!(
            (ended.status, ended.progress),
            (Status::Completed, vec![said(Some(40), "Copying")]),
            "{program}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_is_told_while_the_run_goes_on_and_not_more_often_than_people_read() {
    let mut house = House::new();
    let script = "echo '1 begun' > $ATTUNE_PROGRESS_FILE; while [ ! -e go ]; do SLEEP 0.01; done\n\
        i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo \"50 step $i\" >> $ATTUNE_PROGRESS_FILE; done; echo 100 >> $ATTUNE_PROGRESS_FILE";
    let launch = house.launch(house.action(script));
    house.executor.launch(launch);
    assert!(matches!(house.report().await, Report::Started { .. }));
    let first = house.report().await;
    assert!(
        matches!(&first, Report::Progress { progress, .. } if *progress == said(Some(1), "begun")),
        "{first:?}"
    );
    house.file("go", "", 0o644);
    let ended = house.ended().await;
    assert_eq!(ended.progress.last(), Some(&said(Some(100), "")));
    assert!(ended.progress.len() < 200, "{}", ended.progress.len());
    assert_eq!(fs::read_dir(house.path().join("parameters")).unwrap().count(), 0, "the file is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_in_place_of_a_progress_file_does_no_harm() {
    let mut house = House::new();
    for script in [
        "mkdir $ATTUNE_PROGRESS_FILE; rmdir $ATTUNE_PROGRESS_FILE; mkfifo $ATTUNE_PROGRESS_FILE; SLEEP 0.05",
        "ln -s /etc/passwd $ATTUNE_PROGRESS_FILE; SLEEP 0.05",
        "head -c 3000000 /dev/urandom > $ATTUNE_PROGRESS_FILE; echo >> $ATTUNE_PROGRESS_FILE; SLEEP 0.05",
    ] {
        let ended = house.run_script(script).await;
        assert_eq!(ended.status, Status::Completed, "{script}");
        for progress in &ended.progress {
            assert!(progress.message.chars().count() <= 200, "{progress:?}");
            assert!(!progress.message.contains("root"), "{progress:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_for_people_stay_and_empty_folders_go() {
    let mut house = House::new();
    let all = house.path().join("artifacts");
    let ended =
        house.run_script("[ -d \"$ATTUNE_ARTIFACTS_DIR\" ] && stat -c %a \"$ATTUNE_ARTIFACTS_DIR\"").await;
    assert_eq!(ended.result, Some("700\n".into()));
    assert_eq!(fs::read_dir(&all).unwrap().count(), 0);
    let script = "cd \"$ATTUNE_ARTIFACTS_DIR\"; mkdir sub; echo hello >report.txt; echo x >sub/y; ln -s /etc/passwd secret; ln -s /etc out; mkfifo pipe";
    let ended = house.run_script(script).await;
    let listed = artifacts::list(&all, ended.id).unwrap();
    let names: Vec<_> = listed.iter().map(|one| (one.name.to_str().unwrap(), one.bytes)).collect();
    assert_eq!(names, [("report.txt", 6), ("sub/y", 2)]);
    let open = |name: &str| artifacts::open(&all, ended.id, name.as_ref());
    let mut text = String::new();
    open("sub/y").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "x\n");
    for hostile in ["secret", "out/passwd", "../../parameters", "/etc/passwd", "pipe", "sub", "gone", ""] {
        assert!(open(hostile).is_err(), "{hostile}");
    }
    assert_eq!(artifacts::list(&all, model::ExecutionId(99)).unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_in_place_of_a_folder_of_ours_is_refused() {
    let mut house = House::new();
    let elsewhere = house.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, house.path().join("parameters")).unwrap();
    let ended = house.run_script("echo ran").await;
    assert!(!ended.started && ended.error.as_ref().unwrap().contains("is not a folder"), "{ended:?}");
    fs::remove_file(house.path().join("parameters")).unwrap();
    fs::create_dir(house.path().join("artifacts")).unwrap();
    // The next run's folder.
    symlink(&elsewhere, house.path().join("artifacts/2")).unwrap();
    let ended = house.run_script("echo ran").await;
    assert!(!ended.started && ended.error.as_ref().unwrap().contains("artifacts"), "{ended:?}");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    assert_eq!(house.run_script("echo ran").await.status, Status::Completed);
    let mode = |name: &str| fs::metadata(house.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("parameters"), 0o700);
}

//! What a child is given, what comes back, and why one could not be started.

use model::Exit;
use process::{Child, SpawnError, Spec, Stdin, base_environment, spawn};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

fn sh(script: &str, stdin: Stdin) -> Spec {
    Spec {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        env: base_environment::<OsString, OsString>([]),
        cwd: "/".into(),
        stdin,
        grace: Duration::from_millis(200),
        mark: Vec::new(),
    }
}

async fn read(child: &mut Child) -> (Vec<u8>, Vec<u8>) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (a, b) = tokio::join!(out.read_to_end(&mut stdout), err.read_to_end(&mut stderr));
    a.and(b).unwrap();
    (stdout, stderr)
}

async fn run(spec: Spec) -> (String, Exit) {
    let mut child = spawn(spec).unwrap();
    let (stdout, _) = read(&mut child).await;
    (String::from_utf8(stdout).unwrap(), child.wait().await.unwrap())
}

#[tokio::test]
async fn both_streams_and_the_exit_code_come_back() {
    let mut child = spawn(sh("cat; echo no >&2; exit 3", Stdin::Bytes(b"yes\0\xff".to_vec()))).unwrap();
    assert_eq!(read(&mut child).await, (b"yes\0\xff".to_vec(), b"no\n".to_vec()));
    assert_eq!(child.wait().await.unwrap(), Exit::Code(3));
    assert_eq!(child.wait().await.unwrap(), Exit::Code(3));
}

#[tokio::test]
async fn a_signal_is_told_from_an_exit_code() {
    assert_eq!(run(sh("kill -SEGV $$", Stdin::Null)).await.1, Exit::Signal(11));
}

#[tokio::test]
async fn large_input_does_not_block_whoever_reads_writes_or_ignores_it() {
    let bytes = vec![b'x'; 64 * 1024 * 1024];
    let (out, exit) = run(sh("exec cat", Stdin::Bytes(bytes.clone()))).await;
    assert_eq!((out.len(), exit), (bytes.len(), Exit::Code(0)));
    for script in ["echo done", "exec <&-; echo done", "head -c 10 >/dev/null; echo done"] {
        assert_eq!(run(sh(script, Stdin::Bytes(bytes.clone()))).await, ("done\n".to_owned(), Exit::Code(0)));
    }
}

#[tokio::test]
async fn only_the_three_standard_streams_are_open() {
    let _listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let _file = fs::File::open("/etc/passwd").unwrap();
    let mut spec = sh("", Stdin::Null);
    spec.program = "/bin/ls".into();
    // 3 is the folder that `ls` itself reads.
    spec.args = vec!["/proc/self/fd".into()];
    assert_eq!(run(spec).await.0, "0\n1\n2\n3\n");
}

#[tokio::test]
async fn the_environment_is_exactly_what_was_given_and_the_mark() {
    let mut spec = sh("", Stdin::Null);
    spec.program = "/usr/bin/env".into();
    spec.args = vec!["-0".into()];
    spec.env = vec![("A".into(), "1=2\n".into())];
    spec.mark = vec![("ATTUNE_EXEC_ID".to_owned(), "7".to_owned())];
    assert_eq!(run(spec).await.0, "A=1=2\n\0ATTUNE_EXEC_ID=7\0");
}

#[tokio::test]
async fn it_leads_its_own_group_with_no_signal_blocked_and_a_deadly_pipe() {
    let (out, _) = run(sh(
        "echo $$; cut -d' ' -f5 /proc/self/stat; grep -E 'SigBlk|SigIgn' /proc/self/status",
        Stdin::Null,
    ))
    .await;
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines[0], lines[1]);
    assert_eq!(lines[2], "SigBlk:\t0000000000000000");
    let ignored = u64::from_str_radix(lines[3].split('\t').nth(1).unwrap(), 16).unwrap();
    assert_eq!(ignored & (1 << 12), 0, "SIGPIPE is ignored: {out}");
}

struct Programs(TempDir);

impl Programs {
    fn file(&self, name: &str, content: &str, mode: u32) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }
}

fn refusal(program: &Path) -> SpawnError {
    let mut spec = sh("", Stdin::Null);
    spec.program = program.to_path_buf();
    spec.args.clear();
    spawn(spec).unwrap_err()
}

#[tokio::test]
async fn each_reason_not_to_start_has_its_own_sentence() {
    let programs = Programs(tempfile::tempdir().unwrap());
    let missing = programs.0.path().join("gone.sh");
    assert!(refusal(&missing).to_string().contains("gone.sh` does not exist"));
    let plain = programs.file("plain.sh", "#!/bin/sh\n", 0o644);
    assert!(refusal(&plain).to_string().contains("chmod +x"), "{}", refusal(&plain));
    let no_first_line = programs.file("data", "hello", 0o755);
    assert!(
        refusal(&no_first_line).to_string().contains("without a first line"),
        "{}",
        refusal(&no_first_line)
    );
    let absent = programs.file("absent.py", "#!/opt/none/python9 -u\nprint()\n", 0o755);
    assert!(refusal(&absent).to_string().contains("run by `/opt/none/python9`"), "{}", refusal(&absent));
    let windows = programs.file("dos.sh", "#!/bin/sh\r\necho\r\n", 0o755);
    assert!(refusal(&windows).to_string().contains(r"`/bin/sh\r`"), "{}", refusal(&windows));
    assert!(matches!(refusal(programs.0.path()), SpawnError::NotAFile(_)));
    let foreign = programs.0.path().join("foreign");
    let mut elf = fs::read("/bin/true").unwrap();
    elf[18] = 0xfe;
    fs::write(&foreign, elf).unwrap();
    fs::set_permissions(&foreign, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(refusal(&foreign), SpawnError::WrongFormat(_)));
    let mut nowhere = sh("", Stdin::Null);
    nowhere.cwd = programs.0.path().join("no-folder");
    assert!(matches!(spawn(nowhere), Err(SpawnError::NoFolder(_))));
}

#[tokio::test]
async fn names_and_values_that_no_program_can_receive_are_refused() {
    let mut spec = sh("", Stdin::Null);
    spec.env = vec![("A=B".into(), "1".into())];
    assert!(spawn(spec).unwrap_err().to_string().contains("`A=B` cannot be the name"));
    let mut spec = sh("", Stdin::Null);
    spec.args.push("a\0b".into());
    assert!(spawn(spec).unwrap_err().to_string().contains("NUL"));
}

#[tokio::test]
async fn a_program_that_is_still_being_written_is_tried_again() {
    let programs = Programs(tempfile::tempdir().unwrap());
    let copy = programs.0.path().join("true");
    fs::copy("/bin/true", &copy).unwrap();
    let writer = fs::OpenOptions::new().append(true).open(&copy).unwrap();
    let closing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(10));
        drop(writer);
    });
    let mut spec = sh("", Stdin::Null);
    spec.program = copy;
    spec.args.clear();
    assert_eq!(run(spec).await.1, Exit::Code(0));
    closing.join().unwrap();
}

#[tokio::test]
async fn every_exit_code_comes_back_as_itself() {
    for code in 0..=255 {
        assert_eq!(run(sh(&format!("exit {code}"), Stdin::Null)).await.1, Exit::Code(code));
    }
    for signal in [1, 6, 9, 13, 15] {
        assert_eq!(run(sh(&format!("kill -{signal} $$"), Stdin::Null)).await.1, Exit::Signal(signal));
    }
}

#[tokio::test]
async fn an_input_that_is_held_ends_with_the_child() {
    let mut child = spawn(sh("cat >/dev/null; exit 5", Stdin::Held)).unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(100), child.wait()).await;
    assert!(waited.is_err(), "it ended though its input had not: {waited:?}");
    assert_eq!(child.let_go(), None);
}

#[tokio::test]
async fn what_a_child_used_is_known_when_it_has_ended() {
    // This program is larger than the child, which must not be taken for the child's size.
    let ours = vec![1_u8; 200 << 20];
    let mut child = spawn(sh("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done", Stdin::Null)).unwrap();
    while tokio::time::timeout(Duration::from_millis(5), child.wait()).await.is_err() {
        child.look_at_memory();
    }
    let used = child.let_go().unwrap();
    assert!((1..60_000).contains(&(used.user_ms + used.system_ms)), "{used:?}");
    let peak = used.peak_memory_bytes.unwrap();
    assert!((100 << 10..50 << 20).contains(&peak), "{used:?}, and we have {}", ours.len());
    // A child of the child counts, and one that is larger than we are needs no look.
    let mut large = spawn(sh("head -c 400000000 /dev/zero | tail -n 1 >/dev/null; :", Stdin::Null)).unwrap();
    large.wait().await.unwrap();
    let peak = large.let_go().unwrap().peak_memory_bytes.unwrap();
    assert!((300 << 20..800 << 20).contains(&peak), "{peak}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn children_outlive_the_threads_that_started_them() {
    let runtime = tokio::runtime::Handle::current();
    let start = |_| {
        let runtime = runtime.clone();
        std::thread::spawn(move || {
            let _inside = runtime.enter();
            spawn(sh("exec sleep 300", Stdin::Null)).unwrap()
        })
    };
    let threads: Vec<_> = (0..60).map(start).collect();
    let mut children: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    // The last of them has run for a while when the first has been told to end.
    for child in &mut children {
        assert!(
            tokio::time::timeout(Duration::from_millis(1), child.wait()).await.is_err(),
            "{child:?} ended"
        );
    }
    for child in &mut children {
        assert_eq!(child.stop().await.unwrap(), Exit::Signal(15));
    }
}

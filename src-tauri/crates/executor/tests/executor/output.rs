//! Output is kept as it came, bounded, and exactly accounted for.

use crate::kit::House;
use model::{ExecutionStatus as Status, limits};
use serde_json::json;
use store::output::Stream;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_are_kept_to_the_letter_whatever_they_are() {
    let mut house = House::new();
    let ended = house
        .run_script(r"printf 'a\000\377\r\nb\342\202'; printf '\200no' >&2; sleep 0.1; printf '\254'")
        .await;
    assert_eq!(house.text(ended.id, Stream::Stdout), b"a\0\xff\r\nb\xe2\x82\xac");
    assert_eq!(house.text(ended.id, Stream::Stderr), b"\x80no");
    assert_eq!(ended.result, Some(json!("a\0\u{fffd}\r\nb€")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_of_the_two_streams_is_kept() {
    let mut house = House::new();
    let ended = house
        .run_script("for i in 1 2 3; do echo out $i; SLEEP 0.05; echo err $i >&2; SLEEP 0.05; done")
        .await;
    let (pieces, _) = house.pieces(ended.id);
    let text: String = pieces.iter().map(|piece| std::str::from_utf8(&piece.bytes).unwrap()).collect();
    assert_eq!(text, "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
    assert!(pieces.is_sorted_by_key(|piece| piece.at));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn output_can_be_read_while_the_action_runs() {
    let mut house = House::new();
    let launch =
        house.launch(house.action("echo first; while [ ! -e go ]; do SLEEP 0.01; done; echo second"));
    let id = launch.execution;
    house.executor.launch(launch);
    house.until("the first line is there", |house| house.text(id, Stream::Stdout) == b"first\n").await;
    house.file("go", "", 0o644);
    assert_eq!(house.ended().await.result, Some(json!("first\nsecond\n")));
}

/// A stream whose every position is known: number n in 16 characters, line after line.
fn numbers(from: u64, length: usize) -> Vec<u8> {
    let first = from / 16;
    let lines: Vec<u8> =
        (first..=first + length as u64 / 16 + 1).flat_map(|n| format!("{n:015}\n").into_bytes()).collect();
    let skip = usize::try_from(from % 16).unwrap();
    lines[skip..skip + length].to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_megabytes_keep_their_head_and_their_tail_and_the_gap_is_known() {
    let mut house = House::new();
    let total: u64 = 6_500_000 * 16;
    let ended =
        house.run_script("echo 'first words' >&2; seq -f '%015.0f' 0 6499999; echo 'last words' >&2").await;
    assert_eq!((ended.status, ended.result), (Status::Completed, None));
    let (pieces, size) = house.pieces(ended.id);
    assert_eq!((size.written.stdout, size.written.stderr), (total, 23));
    assert!(size.kept_bytes <= limits::OUTPUT_BYTES && size.kept_bytes > limits::OUTPUT_BYTES - 64 * 1024);
    let mut gaps = Vec::new();
    let mut next = 0;
    for piece in pieces.iter().filter(|piece| piece.stream == Stream::Stdout) {
        assert_eq!(piece.bytes, numbers(piece.offset, piece.bytes.len()), "at {}", piece.offset);
        if piece.offset != next {
            gaps.push((next, piece.offset));
            assert_eq!(piece.dropped_before, piece.offset - next);
        }
        next = piece.offset + piece.bytes.len() as u64;
    }
    assert_eq!(next, total);
    let head = limits::OUTPUT_BYTES - limits::OUTPUT_TAIL_BYTES;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!((head - 64..=head).contains(&gaps[0].0), "{gaps:?}");
    assert_eq!(
        gaps[0].1,
        total - limits::OUTPUT_TAIL_BYTES + 11,
        "the other stream's last words share the tail"
    );
    assert_eq!(house.text(ended.id, Stream::Stderr), b"first words\nlast words\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_limit_is_kept_whole() {
    let mut house = House::new();
    let ended = house.run_script(&format!("head -c {} /dev/zero", limits::OUTPUT_BYTES)).await;
    let (pieces, size) = house.pieces(ended.id);
    assert_eq!((size.kept_bytes, size.dropped_bytes()), (limits::OUTPUT_BYTES, 0));
    assert_eq!(pieces.iter().map(|piece| piece.bytes.len() as u64).sum::<u64>(), limits::OUTPUT_BYTES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tail_of_a_flood_is_there_while_it_flows_and_memory_does_not_grow() {
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    let mut house = House::new();
    let before = resident();
    let launch = house.launch(house.action("exec yes"));
    let id = launch.execution;
    house.executor.launch(launch);
    let written = |house: &House| house.output.size(id, 1).unwrap().written.stdout;
    house.until("the limit is passed", |house| written(house) > 3 * limits::OUTPUT_BYTES).await;
    let earlier = written(&house);
    house.until("the tail moves on", |house| written(house) > earlier).await;
    let kept = house.output.size(id, 1).unwrap().kept_bytes;
    assert!(kept <= limits::OUTPUT_BYTES, "{kept}");
    house.executor.cancel(id);
    assert_eq!(house.ended().await.status, Status::Cancelled);
    let after = resident();
    assert!(after < before + 64, "{before} MiB before, {after} MiB after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_left_in_the_background_holds_up_nobody_and_is_not_killed_by_its_pipe() {
    let mut house = House::new();
    let script = "(trap '' HUP; while [ ! -e go ]; do SLEEP 0.02; done; echo late; echo late; touch survived; SLEEP 60) & echo done";
    let ended = house.run_script(script).await;
    assert_eq!((ended.status, ended.result), (Status::Completed, Some(json!("done\n"))));
    house.file("go", "", 0o644);
    house.until("it wrote and lives", |house| house.path().join("survived").exists()).await;
    assert!(house.alive() > 0);
    assert_eq!(house.text(ended.id, Stream::Stdout), b"done\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_closes_its_outputs_goes_on() {
    let mut house = House::new();
    let ended = house.run_script("echo before; exec >&- 2>&-; SLEEP 0.1; exit 4").await;
    assert_eq!((ended.status, ended.result), (Status::Failed, Some(json!("before\n"))));
    assert_eq!(ended.error.unwrap(), "It ended with exit code 4.");
}

/// Resident memory of this process, in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gigabyte_flows_through_and_leaves_its_ends_and_no_memory() {
    let mut house = House::new();
    let before = resident();
    let launch = house.launch(house.action("head -c 1000000000 /dev/zero; printf end"));
    let id = launch.execution;
    house.executor.launch(launch);
    let mut most = before;
    let ended = loop {
        tokio::select! {
            ended = house.ended() => break ended,
            () = tokio::time::sleep(std::time::Duration::from_millis(5)) => most = most.max(resident()),
        }
    };
    assert_eq!(ended.status, Status::Completed);
    let (pieces, size) = house.pieces(id);
    assert_eq!(size.written.stdout, 1_000_000_003);
    assert!(size.kept_bytes <= limits::OUTPUT_BYTES && size.kept_bytes > limits::OUTPUT_BYTES - 64 * 1024);
    assert_eq!(size.dropped_bytes(), 1_000_000_003 - size.kept_bytes);
    assert!(pieces.last().unwrap().bytes.ends_with(b"\0end"));
    assert!(most < before + 48, "{before} MiB before, {most} MiB at most");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_megabytes_on_both_streams_at_once_are_accounted_for() {
    let mut house = House::new();
    let ended = house
        .run_script(
            "head -c 200000000 /dev/zero & head -c 200000000 /dev/urandom >&2; wait; echo out; echo err >&2",
        )
        .await;
    let (pieces, size) = house.pieces(ended.id);
    assert_eq!((size.written.stdout, size.written.stderr), (200_000_004, 200_000_004));
    for (stream, end) in [(Stream::Stdout, b"out\n"), (Stream::Stderr, b"err\n")] {
        let mut next = 0;
        for piece in pieces.iter().filter(|piece| piece.stream == stream) {
            assert_eq!(piece.offset, next + piece.dropped_before);
            next = piece.offset + piece.bytes.len() as u64;
        }
        assert_eq!(next, 200_000_004);
        let last = pieces.iter().rfind(|piece| piece.stream == stream).unwrap();
        assert!(last.bytes.ends_with(end), "{stream:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_every_kind_come_through_byte_for_byte() {
    let mut house = House::new();
    let mut noise = 7_u64;
    let mut random = || {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise.to_le_bytes()[7]
    };
    let contents: [Vec<u8>; 5] = [
        (0..3_000_001).map(|_| random()).collect(),
        "é→🙂\r\n".repeat(200_000).into_bytes(),
        vec![0; 1_000_000],
        vec![b'\n'; 2_000_000],
        vec![b'x'; 5_000_000],
    ];
    for (number, content) in contents.iter().enumerate() {
        house.file("content", "", 0o644);
        std::fs::write(house.path().join("content"), content).unwrap();
        let ended = house.run_script("cat content; cat content >&2").await;
        assert_eq!(ended.status, Status::Completed);
        for stream in Stream::BOTH {
            assert!(house.text(ended.id, stream) == *content, "content {number} on {stream:?} is another");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_printed_can_be_found() {
    let mut house = House::new();
    let ended = house
        .run_script("printf 'all \\033[32mgood\\033[0m\\nneedle in a haystack\\n'; echo 'a needle, too' >&2")
        .await;
    let mut hits = Vec::new();
    for _ in 0..6_000 {
        hits = house.output.search("needle", Some(ended.id), None, 10).unwrap().hits;
        if hits.len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let mut lines: Vec<_> = hits.iter().map(|hit| (hit.stream, hit.line.as_str())).collect();
    lines.sort_unstable();
    assert_eq!(lines, [(Stream::Stdout, "needle in a haystack"), (Stream::Stderr, "a needle, too")]);
}

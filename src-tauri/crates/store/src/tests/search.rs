//! Somebody looks for words in what runs have written.

use crate::output::{
    Chunk, End, Hit, OutputReader, OutputWriter, PerStream, SearchKey, SearchPage, Stream, open,
};
use model::{ExecutionId, Timestamp};
use std::path::Path;
use std::time::{Duration, Instant};

struct House {
    folder: tempfile::TempDir,
    writer: OutputWriter,
    reader: OutputReader,
    written: PerStream<u64>,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (writer, reader) = open(folder.path(), |_| {}).unwrap();
        Self { folder, writer, reader, written: PerStream::default() }
    }

    fn restart(&mut self) {
        self.writer.close();
        (self.writer, self.reader) = open(self.folder.path(), |_| {}).unwrap();
    }

    fn write(&mut self, run: i64, stream: Stream, second: i64, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref().to_vec();
        let offset = *self.written.of(stream);
        *self.written.of_mut(stream) += bytes.len() as u64;
        let at = Timestamp::from_seconds(second);
        self.writer.append(Chunk { execution: ExecutionId(run), attempt: 1, stream, offset, at, bytes });
    }

    fn end(&mut self, run: i64) {
        let written = std::mem::take(&mut self.written);
        self.writer.end(End { execution: ExecutionId(run), attempt: 1, written }, || {});
        self.writer.flush();
    }

    /// A whole run that printed this.
    fn run(&mut self, run: i64, text: impl AsRef<[u8]>) {
        self.write(run, Stream::Stdout, run, text);
        self.end(run);
    }

    fn search(&self, text: &str) -> SearchPage {
        self.reader.search(text, None, None, 100).unwrap()
    }

    fn lines(&self, text: &str) -> Vec<(i64, String)> {
        self.search(text).hits.into_iter().map(|hit| (hit.execution.0, hit.line)).collect()
    }

    /// Looks until so many lines are found: output becomes searchable behind the writer.
    fn until(&self, text: &str, hits: usize) -> Vec<Hit> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let found = self.search(text).hits;
            if found.len() == hits {
                return found;
            }
            assert!(Instant::now() < deadline, "{text}: {found:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn a_line_is_found_by_its_words_with_its_place_and_time() {
    let mut house = House::new();
    house.write(1, Stream::Stdout, 5, "starting\n\x1b[31mConnection\x1b[0m to db:5432 refused\n");
    house.write(1, Stream::Stderr, 6, "warning: connection slow\n");
    house.write(1, Stream::Stdout, 7, "no end of line: connection lost");
    house.end(1);
    let hits = house.until("connection", 3);
    let refused = hits.iter().find(|hit| hit.line.contains("refused")).unwrap();
    assert_eq!(
        *refused,
        Hit {
            execution: ExecutionId(1),
            attempt: 1,
            stream: Stream::Stdout,
            offset: 9,
            at: Timestamp::from_seconds(5),
            line: "Connection to db:5432 refused".to_owned(),
        }
    );
    let lost = hits.iter().find(|hit| hit.line.contains("lost")).unwrap();
    assert_eq!((lost.at, lost.stream), (Timestamp::from_seconds(7), Stream::Stdout));
    assert_eq!(house.lines("REFUSED db:5432"), [(1, "Connection to db:5432 refused".to_owned())]);
    // In one line, from the beginning of a word, and not across a command to a terminal.
    for nothing in ["starting refused", "fused", "31mconnection", "==>", "", "\"", "* OR NEAR("] {
        assert_eq!(house.lines(nothing), [], "{nothing}");
    }
}

#[test]
fn the_newest_comes_first_and_pages_join_without_gap_or_repetition() {
    let mut house = House::new();
    for run in 1..=30 {
        let lines: Vec<String> = (0..40).map(|line| format!("needle {line} of run-{run}-\n")).collect();
        house.run(run, lines.concat());
    }
    let all = house.until("needle run-30-", 40);
    assert_eq!(all[0].line, "needle 0 of run-30-");
    let deadline = Instant::now() + Duration::from_secs(60);
    while house.reader.search("needle", Some(ExecutionId(1)), None, 100).unwrap().hits.len() < 40 {
        assert!(Instant::now() < deadline);
    }
    let mut seen = Vec::new();
    let mut from: Option<SearchKey> = None;
    loop {
        let page = house.reader.search("needle", None, from, 7).unwrap();
        assert!(page.hits.len() <= 7);
        seen.extend(page.hits);
        // A place travels as text.
        from = page.next.map(|next| next.to_string().parse().unwrap());
        if from.is_none() {
            break;
        }
    }
    let wanted: Vec<String> = (1..=30)
        .rev()
        .flat_map(|run| (0..40).map(move |line| format!("needle {line} of run-{run}-")))
        .collect();
    assert_eq!(seen.into_iter().map(|hit| hit.line).collect::<Vec<_>>(), wanted);
    let one = house.reader.search("needle 39", Some(ExecutionId(7)), None, 10).unwrap();
    assert_eq!(one.hits.iter().map(|hit| hit.line.as_str()).collect::<Vec<_>>(), ["needle 39 of run-7-"]);
    assert!("x".parse::<SearchKey>().is_err());
}

#[test]
fn a_run_that_goes_on_can_be_searched_line_by_line() {
    let mut house = House::new();
    house.write(1, Stream::Stdout, 1, "first whole line\nbegun and ");
    house.until("whole", 1);
    assert_eq!(house.lines("begun"), []);
    house.write(1, Stream::Stdout, 2, "finished later\n");
    let hits = house.until("begun finished", 1);
    assert_eq!((hits[0].offset, hits[0].at), (17, Timestamp::from_seconds(1)));
}

#[test]
fn head_and_tail_of_a_long_output_are_found_and_what_lies_between_is_not() {
    let mut house = House::new();
    house.write(1, Stream::Stdout, 1, "the head\ncut off he");
    let tail = |offset: u64, bytes: &[u8]| Chunk {
        execution: ExecutionId(1),
        attempt: 1,
        stream: Stream::Stdout,
        offset,
        at: Timestamp::from_seconds(2),
        bytes: bytes.to_vec(),
    };
    let written = |stdout: u64| PerStream { stdout, stderr: 0 };
    house.writer.replace_tail(ExecutionId(1), 1, written(5_000), vec![tail(4_980, b"passing words\n")]);
    house.until("head", 1);
    house.writer.replace_tail(ExecutionId(1), 1, written(9_000), vec![tail(8_900, b"re\nthe tail\n")]);
    house.written = written(9_000);
    house.end(1);
    let hits = house.until("tail", 1);
    assert_eq!((hits[0].offset, hits[0].line.as_str()), (8_903, "the tail"));
    assert_eq!(house.lines("cut off"), [(1, "cut off he".to_owned())]);
    assert_eq!(house.lines("passing"), []);
}

#[test]
fn hostile_output_is_found_as_plain_text_or_not_at_all() {
    let mut house = House::new();
    let long = format!("{} needle {}\n", "x".repeat(3_000), "y ".repeat(9_000));
    house.run(1, long);
    house.run(2, [&b"needle\0binary\n"[..], &[0xFF; 4_000], b"\n\xffneedle in latin\n"].concat());
    house.run(
        3,
        "\x1b]8;;file:///etc/passwd\x07needle link\x1b]8;;\x07\x1b[2J\n\x1b]0;needle title\x07shown\n",
    );
    house.run(4, "10%\r20%\rneedle done\n".to_owned() + &"\n".repeat(100_000));
    house.run(5, "東京タワー needle Größe\n");
    let found = house.until("needle", 5);
    let line = |run: i64| found.iter().find(|hit| hit.execution.0 == run).unwrap().line.as_str();
    assert!(line(1).contains(" needle ") && line(1).chars().count() < 500, "{}", line(1));
    assert_eq!((line(2), line(3), line(4)), ("\u{fffd}needle in latin", "needle link", "needle done"));
    assert_eq!(house.lines("京タ"), [(5, "東京タワー needle Größe".to_owned())]);
    assert_eq!(house.lines("GRÖSSE"), []);
    assert_eq!(house.lines("GRÖßE"), [(5, "東京タワー needle Größe".to_owned())]);
}

#[test]
fn words_across_the_borders_of_chunks_and_passages_are_whole() {
    let mut house = House::new();
    let text: String = (0..20_000).map(|line| format!("line number{line:05} end\n")).collect();
    for part in text.as_bytes().chunks(777) {
        house.write(1, Stream::Stdout, 1, part);
    }
    house.end(1);
    house.until("number19999", 1);
    for line in (0..20_000).step_by(97) {
        let hits = house.search(&format!("number{line:05} end")).hits;
        assert_eq!(hits.len(), 1, "{line}");
        let offset = text.find(&format!("line number{line:05} ")).unwrap() as u64;
        assert_eq!((hits[0].offset, hits[0].line.clone()), (offset, format!("line number{line:05} end")));
    }
}

fn not_searched(folder: &Path) -> i64 {
    let conn = rusqlite::Connection::open(folder.join("output.db")).unwrap();
    conn.query_row("SELECT count(*) FROM output WHERE searched = 0", [], |row| row.get(0)).unwrap()
}

#[test]
fn what_was_not_searchable_at_the_end_is_so_after_the_next_start_and_nothing_twice() {
    let mut house = House::new();
    for run in 1..=50 {
        house.run(run, format!("needle {run}\n"));
    }
    // At once: the indexer has hardly begun.
    house.restart();
    house.until("needle", 50);
    house.restart();
    house.run(51, "needle 51\n");
    house.until("needle", 51);
    house.writer.close();
    assert!(not_searched(house.folder.path()) <= 1, "the end of the last one may be written down later");
}

#[test]
fn an_index_that_is_gone_or_broken_is_made_anew() {
    let mut house = House::new();
    house.run(1, "needle\n");
    house.until("needle", 1);
    let path = house.folder.path().join("search.db");
    for break_it in [
        (|path: &Path| std::fs::remove_file(path).unwrap()) as fn(&Path),
        |path| {
            std::fs::write(path, "this is not a database, and long enough to be read as one would be")
                .unwrap()
        },
        |path| {
            let conn = rusqlite::Connection::open(path).unwrap();
            conn.execute_batch("PRAGMA user_version = 99").unwrap();
        },
    ] {
        house.writer.close();
        break_it(&path);
        house.restart();
        house.until("needle", 1);
    }
}

#[test]
fn a_search_walks_the_index_from_the_newest_on_and_sorts_nothing() {
    let house = House::new();
    let conn = rusqlite::Connection::open(house.folder.path().join("search.db")).unwrap();
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {}", crate::output::PASSAGES)).unwrap();
    let steps =
        statement.query_map(rusqlite::params!["\"x\"", 0, 9, 1, 5], |row| row.get::<_, String>(3)).unwrap();
    let plan = steps.map(Result::unwrap).collect::<Vec<_>>().join("\n");
    assert!(plan.contains("SCAN word VIRTUAL TABLE INDEX"), "{plan}");
    assert!(plan.contains("SEARCH p USING INTEGER PRIMARY KEY"), "{plan}");
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
}

//! Output is read as it was written.

use crate::output::{Chunk, Cursor, End, OutputReader, OutputWriter, PerStream, Stream, open};
use model::{ExecutionId, Timestamp};
use proptest::prelude::*;
use std::sync::mpsc::{Receiver, channel};

const RUN: ExecutionId = ExecutionId(5);

fn new() -> (tempfile::TempDir, OutputWriter, OutputReader, Receiver<ExecutionId>) {
    let folder = tempfile::tempdir().unwrap();
    let (told, appended) = channel();
    let (writer, reader) = open(folder.path(), move |id| told.send(id).unwrap_or_default()).unwrap();
    (folder, writer, reader, appended)
}

fn chunk(stream: Stream, offset: u64, bytes: &[u8]) -> Chunk {
    Chunk {
        execution: RUN,
        attempt: 1,
        stream,
        offset,
        at: Timestamp::from_seconds(9),
        bytes: bytes.to_vec(),
    }
}

fn end(stdout: u64, stderr: u64) -> End {
    End { execution: RUN, attempt: 1, written: PerStream { stdout, stderr } }
}

/// Everything from a place on, read in portions: the bytes of each stream, what was dropped, where it ended.
fn read_on(
    reader: &OutputReader,
    from: Cursor,
    stream: Option<Stream>,
    portion: usize,
) -> (PerStream<Vec<u8>>, u64, Cursor) {
    let (mut bytes, mut dropped, mut cursor): (PerStream<Vec<u8>>, u64, Cursor) =
        (PerStream::default(), 0, from);
    loop {
        let page = reader.read(RUN, 1, cursor, stream, portion).unwrap();
        assert!(page.pieces.iter().map(|piece| piece.bytes.len()).sum::<usize>() <= portion);
        for piece in page.pieces {
            bytes.of_mut(piece.stream).extend(piece.bytes);
            dropped += piece.dropped_before;
        }
        // A cursor travels as text.
        cursor = page.next.to_string().parse().unwrap();
        if !page.more {
            return (bytes, dropped, cursor);
        }
    }
}

#[test]
fn output_can_be_read_when_it_is_told_of() {
    let (_folder, writer, reader, appended) = new();
    writer.append(chunk(Stream::Stdout, 0, b"Hello, "));
    assert_eq!(appended.recv().unwrap(), RUN);
    let page = reader.read(RUN, 1, Cursor::default(), None, 100).unwrap();
    assert_eq!(
        (page.pieces[0].bytes.as_slice(), page.more, page.size.ended),
        (&b"Hello, "[..], false, false)
    );
    assert_eq!(page.pieces[0].at, Timestamp::from_seconds(9));

    writer.append(chunk(Stream::Stdout, 7, b"World!\n"));
    let (done, is_done) = channel();
    writer.end(end(14, 0), move || done.send(()).unwrap());
    is_done.recv().unwrap();
    let (rest, dropped, _) = read_on(&reader, page.next, None, 3);
    assert_eq!((rest.stdout.as_slice(), dropped), (&b"World!\n"[..], 0));
    let size = reader.size(RUN, 1).unwrap();
    assert_eq!((size.written.stdout, size.kept_bytes, size.dropped_bytes(), size.ended), (14, 14, 0, true));
    assert_eq!(reader.size(RUN, 2).unwrap(), crate::output::Size::default());
}

#[test]
fn a_tail_that_is_written_anew_is_read_once_and_the_gap_is_told() {
    let (_folder, writer, reader, _appended) = new();
    writer.append(chunk(Stream::Stdout, 0, b"head"));
    let written = |stdout| PerStream { stdout, stderr: 3 };
    writer.append(chunk(Stream::Stderr, 0, b"err"));
    writer.replace_tail(RUN, 1, written(14), vec![chunk(Stream::Stdout, 4, b"0123456789")]);
    writer.flush();
    let (first, dropped, cursor) = read_on(&reader, Cursor::default(), None, 2);
    assert_eq!(
        (first.stdout.as_slice(), first.stderr.as_slice(), dropped),
        (&b"head0123456789"[..], &b"err"[..], 0)
    );

    // The tail moves on: what was read does not come again.
    writer.replace_tail(RUN, 1, written(18), vec![chunk(Stream::Stdout, 8, b"456789abcd")]);
    writer.flush();
    let (more, dropped, cursor) = read_on(&reader, cursor, None, 100);
    assert_eq!((more.stdout.as_slice(), dropped), (&b"abcd"[..], 0));

    // It moves on by more than it holds: the reader learns what it missed.
    writer.replace_tail(RUN, 1, written(40), vec![chunk(Stream::Stdout, 30, b"uvwxyz0123")]);
    writer.end(end(40, 3), || {});
    writer.flush();
    let (more, dropped, _) = read_on(&reader, cursor, None, 100);
    assert_eq!((more.stdout.as_slice(), dropped), (&b"uvwxyz0123"[..], 12));
    let (all, dropped, _) = read_on(&reader, Cursor::default(), Some(Stream::Stdout), 5);
    assert_eq!((all.stdout.as_slice(), all.stderr.len(), dropped), (&b"headuvwxyz0123"[..], 0, 26));
    let size = reader.size(RUN, 1).unwrap();
    assert_eq!((size.written.stdout, size.kept_bytes, size.dropped_bytes()), (40, 17, 26));
}

#[test]
fn the_end_of_an_output_is_found_without_its_beginning() {
    let (_folder, writer, reader, _appended) = new();
    writer.append(chunk(Stream::Stderr, 0, b"warning"));
    for at in 0..10 {
        writer.append(chunk(Stream::Stdout, at * 4, b"line"));
    }
    writer.flush();
    for (bytes, expected) in [(0, 0), (3, 3), (4, 4), (6, 6), (40, 40)] {
        let cursor = reader.near_end(RUN, 1, None, bytes).unwrap();
        let (end, dropped, _) = read_on(&reader, cursor, None, 100);
        assert_eq!((end.stdout.len(), end.stderr.len(), dropped), (expected, 0, 0), "{bytes}");
    }
    let cursor = reader.near_end(RUN, 1, Some(Stream::Stderr), 4).unwrap();
    let (end, dropped, _) = read_on(&reader, cursor, Some(Stream::Stderr), 100);
    assert_eq!((end.stderr.as_slice(), dropped), (&b"ning"[..], 0));
    let whole = reader.near_end(RUN, 1, None, 1_000).unwrap();
    assert_eq!(read_on(&reader, whole, None, 100).0.stderr, b"warning");
}

#[test]
fn what_an_earlier_engine_left_open_has_ended() {
    let (folder, writer, reader, _appended) = new();
    writer.append(chunk(Stream::Stdout, 0, b"half a l"));
    writer.close();
    assert!(!reader.size(RUN, 1).unwrap().ended);
    // After the end nothing hangs.
    writer.append(chunk(Stream::Stdout, 8, b"ine"));
    writer.flush();
    drop((writer, reader));
    let (_writer, reader) = open(folder.path(), |_| {}).unwrap();
    let page = reader.read(RUN, 1, Cursor::default(), None, 100).unwrap();
    assert_eq!((page.pieces[0].bytes.as_slice(), page.size.ended), (&b"half a l"[..], true));
}

#[test]
fn a_full_disk_stops_the_output_and_says_so_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, reader) = crate::output::open_limited(folder.path(), 40).unwrap();
    let block = vec![b'x'; 16 * 1024];
    let mut offset = 0;
    for _ in 0..20 {
        writer.append(chunk(Stream::Stdout, offset, &block));
        writer.flush();
        offset += block.len() as u64;
    }
    let (done, is_done) = channel();
    writer.end(end(offset, 0), move || done.send(()).unwrap());
    is_done.recv().unwrap();
    let size = reader.size(RUN, 1).unwrap();
    assert!(size.kept_bytes > 0 && size.kept_bytes < offset, "{size:?}");
    assert_eq!((size.written.stdout, size.ended), (offset, true));
    assert!(size.stopped.as_deref().is_some_and(|why| why.contains("disk was full")), "{size:?}");
    let (kept, dropped, _) = read_on(&reader, Cursor::default(), None, 1_000_000);
    assert_eq!((kept.stdout.len() as u64, dropped), (size.kept_bytes, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_was_written_is_read_byte_for_byte(
        parts in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200)), 1..40),
        portion in 1_usize..300,
    ) {
        let (_folder, writer, reader, _appended) = new();
        let mut expected: PerStream<Vec<u8>> = PerStream::default();
        for (is_error, bytes) in &parts {
            let stream = if *is_error { Stream::Stderr } else { Stream::Stdout };
            let whole = expected.of_mut(stream);
            writer.append(chunk(stream, whole.len() as u64, bytes));
            whole.extend(bytes);
        }
        writer.flush();
        let (both, dropped, _) = read_on(&reader, Cursor::default(), None, portion);
        prop_assert_eq!((&both, dropped), (&expected, 0));
        let (errors, _, _) = read_on(&reader, Cursor::default(), Some(Stream::Stderr), portion);
        prop_assert_eq!((&errors.stderr, errors.stdout.len()), (&expected.stderr, 0));
    }
}

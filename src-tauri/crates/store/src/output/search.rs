//! Finding lines in what runs have written, the newest first.

use super::text::{Wanted, is_text, plain};
use super::{OutputReader, Stream};
use crate::error::QueryError;
use model::{ExecutionId, Timestamp};
use rusqlite::{Connection, params};
use std::fmt;
use std::str::FromStr;

/// Passages that are looked up at once.
const AT_ONCE: usize = 64;
/// Passages that one search looks at: words that stand there, but never in one line, must not make it slow.
const LOOKED_AT: usize = 1_024;
/// Characters of a line that are shown, and how many of them before what was found.
const SHOWN: usize = 400;
const BEFORE: usize = 100;

/// A line in which everything that was looked for stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Whose output.
    pub execution: ExecutionId,
    /// Of which start of it.
    pub attempt: u32,
    /// Which stream.
    pub stream: Stream,
    /// Where in the stream the line begins.
    pub offset: u64,
    /// When it came.
    pub at: Timestamp,
    /// The line without commands to a terminal; of a long one a part around what was found.
    pub line: String,
}

/// Where a search goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchKey {
    /// Passages below this one, and this one itself.
    passage: i64,
    /// Of whose lines so many are done.
    lines: usize,
}

impl fmt::Display for SearchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.passage, self.lines)
    }
}

/// A text that is not a place in a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is not a place in a search: hand back `next` of the page before as it was")]
pub struct NotASearchKey;

impl FromStr for SearchKey {
    type Err = NotASearchKey;

    fn from_str(text: &str) -> Result<Self, NotASearchKey> {
        let (passage, lines) = text.split_once('.').ok_or(NotASearchKey)?;
        let passage = passage.parse().map_err(|_| NotASearchKey)?;
        Ok(Self { passage, lines: lines.parse().map_err(|_| NotASearchKey)? })
    }
}

/// Some of what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPage {
    /// The newest output first; lines that were written together in their order.
    pub hits: Vec<Hit>,
    /// Where to go on; none where everything was looked at. A page may have fewer hits than were asked for and yet
    /// more may follow.
    pub next: Option<SearchKey>,
}

/// Lines that may hold what is looked for.
struct Passage {
    id: i64,
    execution: ExecutionId,
    attempt: u32,
    stream: Stream,
    seq: i64,
    offset: u64,
    length: u64,
}

/// The passages that hold all words, the newest first.
pub(crate) const PASSAGES: &str = "SELECT p.id, p.execution, p.attempt, p.stream, p.seq, p.offset, p.length \
     FROM word JOIN passage p ON p.id = word.rowid \
     WHERE word MATCH ?1 AND word.rowid BETWEEN ?2 AND ?3 AND (?4 IS NULL OR p.execution = ?4) \
     ORDER BY word.rowid DESC LIMIT ?5";

impl OutputReader {
    /// Looks in the kept output of all executions, or of one, for lines in which all parts of `text` stand: parts
    /// are parted by spaces, and each begins where a word begins. Upper and lower case are the same. A text without a
    /// letter or digit finds nothing. Output can be found some seconds after it was written.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn search(
        &self,
        text: &str,
        execution: Option<ExecutionId>,
        from: Option<SearchKey>,
        limit: usize,
    ) -> Result<SearchPage, QueryError> {
        let wanted = Wanted::new(text);
        let mut page = SearchPage::default();
        let Some(question) = wanted.question() else { return Ok(page) };
        let mut from = from.unwrap_or(SearchKey { passage: i64::MAX, lines: 0 });
        let mut looked_at = 0;
        loop {
            let passages = self.index.read(|conn| passages(conn, &question, execution, from.passage))?;
            let is_last = passages.len() < AT_ONCE;
            for passage in &passages {
                let done = if passage.id == from.passage { from.lines } else { 0 };
                from = SearchKey { passage: passage.id, lines: done };
                looked_at += 1;
                if page.hits.len() >= limit.max(1) || looked_at > LOOKED_AT {
                    page.next = Some(from);
                    return Ok(page);
                }
                let found = self.pool.read(|conn| lines(conn, passage, &wanted))?;
                for (line, hit) in found.into_iter().enumerate().skip(done) {
                    if page.hits.len() >= limit.max(1) {
                        page.next = Some(SearchKey { passage: passage.id, lines: line });
                        return Ok(page);
                    }
                    page.hits.push(hit);
                }
            }
            if is_last {
                return Ok(page);
            }
            from = SearchKey { passage: from.passage - 1, lines: 0 };
        }
    }
}

fn passages(
    conn: &Connection,
    question: &str,
    execution: Option<ExecutionId>,
    from: i64,
) -> Result<Vec<Passage>, QueryError> {
    // Of one execution, only what lies between its first and its last is looked through.
    let (first, last): (Option<i64>, Option<i64>) = match execution {
        Some(execution) => conn
            .prepare_cached("SELECT min(id), max(id) FROM passage WHERE execution = ?1")?
            .query_row([execution.0], |row| Ok((row.get(0)?, row.get(1)?)))?,
        None => (Some(0), Some(i64::MAX)),
    };
    let (Some(first), Some(last)) = (first, last) else { return Ok(Vec::new()) };
    let mut statement = conn.prepare_cached(PASSAGES)?;
    let (last, at_once) = (last.min(from), super::writer::number(AT_ONCE as u64));
    let key = params![question, first, last, execution.map(|id| id.0), at_once];
    let mut rows = statement.query(key)?;
    let mut passages = Vec::new();
    while let Some(row) = rows.next()? {
        passages.push(Passage {
            id: row.get(0)?,
            execution: ExecutionId(row.get(1)?),
            attempt: row.get(2)?,
            stream: row.get(3)?,
            seq: row.get(4)?,
            offset: row.get::<_, i64>(5)?.unsigned_abs(),
            length: row.get::<_, i64>(6)?.unsigned_abs(),
        });
    }
    Ok(passages)
}

/// The lines of a passage in which everything stands. What is no longer kept has none.
fn lines(conn: &Connection, passage: &Passage, wanted: &Wanted) -> Result<Vec<Hit>, QueryError> {
    let end = passage.offset + passage.length;
    let mut statement = conn.prepare_cached(
        "SELECT offset, at, bytes FROM chunk \
         WHERE execution = ?1 AND attempt = ?2 AND seq >= ?3 AND stream = ?4 ORDER BY seq",
    )?;
    let key = params![passage.execution.0, passage.attempt, passage.seq, passage.stream];
    let mut rows = statement.query(key)?;
    let (mut bytes, mut times) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let offset = row.get::<_, i64>(0)?.unsigned_abs();
        if offset >= end {
            break;
        }
        let chunk = row.get_ref(2)?.as_blob().unwrap_or_default();
        let within =
            |at: u64| usize::try_from(at.saturating_sub(offset)).unwrap_or(usize::MAX).min(chunk.len());
        times.push((offset, Timestamp::from_micros(row.get(1)?)));
        bytes.extend_from_slice(chunk.get(within(passage.offset)..within(end)).unwrap_or_default());
    }
    let mut offset = passage.offset;
    let mut hits = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let came = times.iter().rfind(|(begin, _)| *begin <= offset).or(times.first());
        // What a carriage return wrote over was a line of its own when it was shown.
        let text = if is_text(line) { plain(line) } else { String::new() };
        let shown = text.split(['\r', '\n']).find_map(|text| Some(part(text, wanted.find_in(text)?)));
        if let (Some(line), Some((_, at))) = (shown, came) {
            hits.push(Hit {
                execution: passage.execution,
                attempt: passage.attempt,
                stream: passage.stream,
                offset,
                at: *at,
                line,
            });
        }
        offset += line.len() as u64;
    }
    Ok(hits)
}

/// Of a long line, the part around what was found.
fn part(line: &str, found: usize) -> String {
    let length = line.chars().count();
    if length <= SHOWN {
        return line.trim_end().to_owned();
    }
    let start = found.saturating_sub(BEFORE).min(length - SHOWN);
    let shown: String = line.chars().skip(start).take(SHOWN).collect();
    let (before, after) = (if start > 0 { "…" } else { "" }, if start + SHOWN < length { "…" } else { "" });
    format!("{before}{shown}{after}")
}

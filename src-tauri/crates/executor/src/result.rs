//! What a run returned, read from its standard output; and why it did not end well, as a sentence.

use model::{Exit, OutputFormat, limits};
use serde_json::Value;
use store::output::plain;

/// Reading YAML costs some 40 KiB of stack a level in a debug build, and 64 levels are allowed.
const YAML_STACK: usize = 16 * 1024 * 1024;
/// Of lines that are not JSON, how many are named.
const LINES_NAMED: usize = 5;

/// What was read, and what was odd about it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) value: Option<Value>,
    pub(crate) oddity: Option<String>,
}

/// Reads a result from the beginning of an output of `length` bytes. What cannot be read is returned as text,
/// with the reason.
pub(crate) fn read(format: OutputFormat, stdout: &[u8], length: u64) -> Reading {
    let name = match format {
        OutputFormat::Text => return text(stdout, length),
        OutputFormat::Json => "JSON",
        OutputFormat::Yaml => "YAML",
        OutputFormat::Jsonl => "JSON lines",
    };
    if length > limits::RESULT_BYTES {
        let oddity = format!(
            "The output is {length} bytes long; only up to {} it is read as {name}. It is kept as output.",
            limits::RESULT_BYTES
        );
        return Reading { value: None, oddity: Some(oddity) };
    }
    if stdout.trim_ascii().is_empty() {
        let oddity = format!("The action printed nothing; it declares that it prints {name}.");
        return Reading { value: None, oddity: Some(oddity) };
    }
    let value = match format {
        OutputFormat::Yaml => yaml(stdout),
        OutputFormat::Jsonl => return lines(stdout, length),
        _ => serde_json::from_slice(stdout).map_err(|error| error.to_string()),
    };
    match value {
        Ok(value) => Reading { value: Some(value), oddity: None },
        Err(error) => Reading {
            oddity: Some(format!("The output is not {name}, so the result is its text: {error}.")),
            ..text(stdout, length)
        },
    }
}

fn text(stdout: &[u8], length: u64) -> Reading {
    let fits = length <= limits::RESULT_BYTES && !stdout.is_empty();
    Reading { value: fits.then(|| String::from_utf8_lossy(stdout).into()), oddity: None }
}

/// Each line that can be read is a row; the others are named. Where none can, it is text.
fn lines(stdout: &[u8], length: u64) -> Reading {
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for (index, line) in stdout.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Value>(line) {
            Ok(row) => rows.push(row),
            Err(error) => {
                // The library counts lines of what it was given, which is always one.
                let what = error.to_string();
                let what = what.split(" at line ").next().unwrap_or_default();
                wrong.push(format!("{what} at line {} column {}", index + 1, error.column()));
            }
        }
    }
    if wrong.is_empty() {
        return Reading { value: Some(rows.into()), oddity: None };
    }
    let of = rows.len() + wrong.len();
    let shown = wrong.iter().take(LINES_NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = if wrong.len() > LINES_NAMED { "; and more" } else { "" };
    let count = wrong.len();
    if rows.is_empty() {
        let oddity = format!("The output is not JSON lines, so the result is its text: {shown}{more}.");
        return Reading { oddity: Some(oddity), ..text(stdout, length) };
    }
    let oddity = format!("{count} of {of} lines are not JSON and are left out of the result: {shown}{more}.");
    Reading { value: Some(rows.into()), oddity: Some(oddity) }
}

fn yaml(stdout: &[u8]) -> Result<Value, String> {
    let text = String::from_utf8(stdout.to_vec()).map_err(|error| error.to_string())?;
    let reading =
        std::thread::Builder::new().name("yaml-result".to_owned()).stack_size(YAML_STACK).spawn(move || {
            let options = serde_saphyr::options! {
                strict_booleans: true,
                leading_zero_numbers_as_strings: true,
                underscored_numbers_as_strings: true,
                non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
                with_snippet: false,
                budget: serde_saphyr::budget! { max_depth: limits::NESTING, max_documents: 1 },
            };
            serde_saphyr::from_str_with_options::<Value>(&text, options)
                .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
        });
    let read = reading.map_err(|error| error.to_string())?.join();
    read.unwrap_or_else(|_| Err("it could not be read".to_owned()))
}

/// Why a run failed: how its process ended, and the last thing it said about it.
pub(crate) fn failure(exit: Exit, last_words: &[u8]) -> String {
    let ending = match exit {
        Exit::Code(127) => {
            "It ended with exit code 127, which most often means that a command was not found".to_owned()
        }
        Exit::Code(code) => format!("It ended with exit code {code}"),
        Exit::Signal(signal) => format!("It was ended by {}", signal_name(signal)),
    };
    let words = plain(last_words);
    let last_line =
        words.split(['\n', '\r']).map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let shown: String = last_line.chars().filter(|c| !c.is_control()).take(300).collect();
    if shown.is_empty() { format!("{ending}.") } else { format!("{ending}: {shown}") }
}

fn signal_name(signal: i32) -> String {
    let (name, meaning) = match signal {
        1 => ("SIGHUP", "its terminal was closed"),
        2 => ("SIGINT", "it was interrupted"),
        3 => ("SIGQUIT", "it was told to quit"),
        4 => ("SIGILL", "it ran an instruction that does not exist"),
        5 => ("SIGTRAP", "it met a trap"),
        6 => ("SIGABRT", "it gave up"),
        7 => ("SIGBUS", "it used memory that is not there"),
        8 => ("SIGFPE", "it calculated the impossible"),
        9 => ("SIGKILL", "it was killed; where memory ran out, the system does this"),
        11 => ("SIGSEGV", "it used memory that is not its own"),
        13 => ("SIGPIPE", "it wrote to a pipe that nobody read"),
        14 => ("SIGALRM", "its own alarm went off"),
        15 => ("SIGTERM", "it was told to end"),
        24 => ("SIGXCPU", "it used more processor time than allowed"),
        25 => ("SIGXFSZ", "it wrote a file larger than allowed"),
        31 => ("SIGSYS", "it asked the system for something forbidden"),
        other => return format!("signal {other}"),
    };
    format!("{name} ({meaning})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(format: OutputFormat, stdout: &str) -> (Option<Value>, Option<String>) {
        let reading = read(format, stdout.as_bytes(), stdout.len() as u64);
        (reading.value, reading.oddity)
    }

    #[test]
    fn output_is_read_as_it_was_declared() {
        use OutputFormat as F;
        assert_eq!(check(F::Text, "Hello, World!\n"), (Some(json!("Hello, World!\n")), None));
        assert_eq!(check(F::Text, ""), (None, None));
        assert_eq!(check(F::Json, "{\"a\": [1, 2.5]}\n"), (Some(json!({"a": [1, 2.5]})), None));
        assert_eq!(check(F::Yaml, "a: no\nb: [1, true]\n"), (Some(json!({"a": "no", "b": [1, true]})), None));
        assert_eq!(check(F::Jsonl, "1\n\n{\"a\":2}"), (Some(json!([1, {"a": 2}])), None));
    }

    #[test]
    fn what_cannot_be_read_stays_text_and_says_why() {
        use OutputFormat as F;
        for (format, text, why) in [
            (F::Json, "{\"a\": 1", "not JSON"),
            (F::Json, "1 2", "trailing characters"),
            (F::Yaml, "a: [1", "not YAML"),
            (F::Jsonl, "\nx\n", "line 2 column 1"),
        ] {
            let (value, oddity) = check(format, text);
            assert_eq!(value, Some(json!(text)));
            assert!(oddity.as_ref().unwrap().contains(why), "{oddity:?}");
        }
        assert_eq!(check(F::Json, " \n").0, None);
    }

    #[test]
    fn of_json_lines_the_good_ones_are_rows_and_the_others_are_named() {
        assert_eq!(
            check(OutputFormat::Jsonl, "{\"a\": 1}\nnot json\n\n[2]\n{\"cut\": "),
            (
                Some(json!([{"a": 1}, [2]])),
                Some(
                    "2 of 4 lines are not JSON and are left out of the result: expected ident at line 2 column 2; \
                     EOF while parsing a value at line 5 column 8."
                        .to_owned()
                )
            )
        );
        let (rows, oddity) = check(OutputFormat::Jsonl, &format!("1\n{}", "x\n".repeat(100)));
        assert_eq!(rows, Some(json!([1])));
        assert!(
            oddity.as_ref().unwrap().starts_with("100 of 101 lines")
                && oddity.unwrap().ends_with("; and more.")
        );
    }

    #[test]
    fn hostile_nesting_is_an_oddity_and_not_a_crash() {
        for format in [OutputFormat::Json, OutputFormat::Yaml] {
            let (_, oddity) = check(format, &"[".repeat(100_000));
            assert!(oddity.is_some());
            let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
            assert_eq!(check(format, &deep).1, None);
        }
    }

    #[test]
    fn a_result_longer_than_the_limit_is_left_to_the_output() {
        let long = read(OutputFormat::Json, b"[", limits::RESULT_BYTES + 1);
        assert!(long.value.is_none() && long.oddity.unwrap().contains("kept as output"));
        assert_eq!(read(OutputFormat::Text, b"x", limits::RESULT_BYTES + 1), Reading::default());
    }

    #[test]
    fn a_failure_names_the_signal_and_the_last_words() {
        assert_eq!(failure(Exit::Code(3), b""), "It ended with exit code 3.");
        assert_eq!(
            failure(Exit::Code(1), b"a\nno \x1b[1msuch file\n\n"),
            "It ended with exit code 1: no such file"
        );
        assert!(failure(Exit::Signal(11), b"").starts_with("It was ended by SIGSEGV ("));
        assert_eq!(failure(Exit::Signal(40), b""), "It was ended by signal 40.");
    }
}

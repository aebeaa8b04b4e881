//! Every limit of the house, with its reason. Reaching one is an outcome with a sentence, never a surprise.

use std::time::Duration;

/// Length of a ref: longer names break tables and file names.
pub const REF_BYTES: usize = 128;
/// Length of a label or name that people type.
pub const LABEL_BYTES: usize = 256;
/// Length of a description or purpose.
pub const DESCRIPTION_BYTES: usize = 4 * 1024;
/// Body of one HTTP request; a sensor that has more to say writes a file and names it.
pub const BODY_BYTES: usize = 1024 * 1024;
/// Head of one HTTP request: longer ones are attacks.
pub const HEAD_BYTES: usize = 16 * 1024;
/// Nesting of any JSON or YAML from outside: protects every recursive reader behind it.
pub const NESTING: usize = 64;
/// Length of a `dedupe_key`.
pub const DEDUPE_KEY_BYTES: usize = 256;
/// Time to send the whole head of a request: a slow-loris holds a connection no longer.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections held open at once.
pub const CONNECTIONS: usize = 256;
/// Notifier streams held open at once.
pub const STREAMS: usize = 64;
/// Time for a notifier client to authenticate or subscribe before it is closed.
pub const STREAM_GREETING: Duration = Duration::from_secs(5);
/// One frame from a notifier client: they only subscribe.
pub const STREAM_FRAME_BYTES: usize = 64 * 1024;
/// Posts a second that one token may make before it is told to wait.
pub const POSTS_PER_SECOND: u32 = 100;
/// The same for the timer sensor, whose 10,000 timers may fall on one second.
pub const TIMER_POSTS_PER_SECOND: u32 = 20_000;
/// Inputs that wait for the engine's thread; beyond it senders wait.
pub const INBOX: usize = 4_096;
/// Inputs that are decided and committed together: bounds the time to the first answer.
pub const BATCH: usize = 512;
/// Rows of one page of a list.
pub const PAGE_ROWS: usize = 200;
/// Rules that one engine keeps.
pub const RULES: usize = 20_000;
/// Executions that run at once, all rules together.
pub const RUNNING: usize = 8;
/// Executions that wait for a free place; beyond it a rule's firing is recorded as throttled.
pub const QUEUED: usize = 100_000;
/// Kept output of one execution: the head up to this, then the tail.
pub const OUTPUT_BYTES: u64 = 32 * 1024 * 1024;
/// The tail of that which is kept when the output is longer.
pub const OUTPUT_TAIL_BYTES: u64 = 2 * 1024 * 1024;
/// Output that is read as the result of an execution (json, yaml, text).
pub const RESULT_BYTES: u64 = 1024 * 1024;
/// Parameters of one execution.
pub const PARAMETERS_BYTES: usize = 64 * 1024 * 1024;
/// Default time of one execution.
pub const EXECUTION_TIMEOUT: Duration = Duration::from_secs(300);
/// Between SIGTERM and SIGKILL.
pub const GRACE: Duration = Duration::from_secs(5);
/// Reading on after the main process has ended, where a grandchild holds the pipe.
pub const DRAIN: Duration = Duration::from_secs(2);
/// Length of what a run says it is doing: a line beside its bar.
pub const PROGRESS_CHARS: usize = 200;
/// Files of one execution that are listed: more than a person looks through.
pub const ARTIFACTS: usize = 1_000;
/// How often the progress of one run is looked at, at most: people do not read faster.
pub const PROGRESS_EVERY: Duration = Duration::from_millis(300);
/// The file in which a pack says what it needs of Python or Node.js.
pub const MANIFEST_BYTES: u64 = 1024 * 1024;
/// How long building the environment of a pack may take: large packages are compiled.
pub const BUILD_TIMEOUT: Duration = Duration::from_secs(1_800);
/// What is kept of what a build says.
pub const BUILD_LOG_BYTES: u64 = 4 * 1024 * 1024;
/// Pause before a build that failed is tried again by itself: where packages come from is not to be flooded.
pub const BUILD_AGAIN: Duration = Duration::from_secs(60);
/// One YAML file of a pack.
pub const YAML_BYTES: usize = 1024 * 1024;
/// Source text of one expression or template.
pub const EXPRESSION_BYTES: usize = 4 * 1024;
/// Steps of one expression or template.
pub const EXPRESSION_FUEL: u64 = 50_000;
/// One rendered value.
pub const RENDERED_BYTES: usize = 1024 * 1024;
/// A value that a rule keeps of its previous event, to tell whether it changed; of larger ones a digest is kept.
pub const REMEMBERED_BYTES: usize = 4 * 1024;
/// Leaves of one condition tree.
pub const CONDITION_LEAVES: usize = 1_000;
/// Compiled size of a regular expression.
pub const REGEX_BYTES: usize = 1024 * 1024;
/// Text that a regular expression looks at.
pub const REGEX_TEXT_BYTES: usize = 1024 * 1024;
/// Unmatched decisions kept for each rule; the counts are kept for all.
pub const UNMATCHED_KEPT: u32 = 1_000;
/// Longest interval of a timer: a hundred years, so that no sum overflows.
pub const INTERVAL_SECONDS: i64 = 100 * 366 * 86_400;
/// A clock that is put back by more than this has been wrong: timers are planned anew instead of waiting for it.
pub const CLOCK_WAIT: Duration = Duration::from_secs(3 * 3_600);
/// An instant that is handled later than this was missed, not merely late.
pub const MISSED_AFTER: Duration = Duration::from_secs(30);
/// Missed instants of one rule that fire one by one under `misfire: all`, where the rule says nothing else.
pub const MISFIRE_LIMIT: u32 = 100;
/// The most that `misfire_limit` may say: all of them are posted in one go.
pub const MISFIRE_LIMIT_MOST: u32 = 10_000;
/// Planned instants that are counted one by one; beyond it a count says "at least so many".
pub const COUNTED_FIRES: u64 = 1_000_000;
/// Text of a cron expression.
pub const CRON_BYTES: usize = 1_024;
/// Text of a raw recurrence rule.
pub const RRULE_BYTES: usize = 4 * 1_024;
/// `COUNT` of a recurrence: its last instant is looked for when the rule is read.
pub const RECURRENCE_COUNT: i64 = 10_000;
/// `INTERVAL` of a recurrence: 31 bits, so that no product overflows.
pub const RECURRENCE_INTERVAL: i64 = 2_147_483_647;
/// How far a recurrence looks for its next instant: after 400 years the calendar is the same again.
pub const RECURRENCE_YEARS: i64 = 400;
/// Steps of one such search: an answer comes within 10 ms.
pub const RECURRENCE_STEPS: u32 = 500_000;
/// Longest jitter of a timer, in seconds.
pub const JITTER_SECONDS: i64 = 86_400;
/// Life of a sensor's token.
pub const SENSOR_TOKEN_LIFE: Duration = Duration::from_secs(24 * 3_600);
/// How long a replaced token still opens the door: posts in flight are not lost.
pub const TOKEN_OVERLAP: Duration = Duration::from_secs(60);
/// First pause before a dead sensor is started again; doubles.
pub const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// Longest pause before a dead sensor is started again.
pub const BACKOFF_LONGEST: Duration = Duration::from_secs(300);
/// A sensor that lived this long is healthy again.
pub const HEALTHY_AFTER: Duration = Duration::from_secs(60);
/// Size of one log file of a sensor.
pub const SENSOR_LOG_BYTES: u64 = 10 * 1024 * 1024;
/// Log files kept for a sensor.
pub const SENSOR_LOG_FILES: usize = 3;
/// Free space below which nothing new is accepted, so that what is accepted can still be finished.
pub const DISK_RESERVE_BYTES: u64 = 100 * 1024 * 1024;
/// The write-ahead log is checkpointed to stay below this.
pub const WAL_BYTES: u64 = 64 * 1024 * 1024;

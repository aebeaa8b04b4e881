//! What can be typed.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// When this, if that, then run: the command line of Attune Studio.
///
/// Exit codes: 0 done, 1 refused or failed, 2 not understood, 3 no engine runs.
#[derive(Debug, Parser)]
#[command(name = "attune", version, propagate_version = true)]
pub(crate) struct Arguments {
    /// The folder with all data; otherwise ATTUNE_DATA_DIR, otherwise attune-studio in the user's data folder
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Answer in JSON, for scripts
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the engine without a window, until Ctrl+C
    Serve(Serve),
    /// Say how the engine is doing
    Status,
    /// Rules: when, if, then
    #[command(subcommand)]
    Rule(Rule),
    /// What happened
    #[command(subcommand)]
    Event(Event),
    /// Which rules fired for which events
    #[command(subcommand)]
    Enforcement(Enforcement),
    /// Runs of actions
    #[command(subcommand)]
    Execution(Execution),
    /// What can be done
    #[command(subcommand)]
    Action(Action),
    /// Folders of triggers, sensors, actions and rules
    #[command(subcommand)]
    Pack(Pack),
    /// Programs that watch
    #[command(subcommand)]
    Sensor(Sensor),
    /// When timers fire
    #[command(subcommand)]
    Schedule(Schedule),
    /// What timers missed
    #[command(subcommand)]
    Misfire(Misfire),
    /// Answer pure questions: JSON lines in, JSON lines out; needs no engine
    ///
    /// {"id":1,"do":"schedule","trigger_ref":"core.intervaltimer","trigger_params":{"interval":10},"after":"2026-03-28T00:00:00Z","count":5}
    ///
    /// {"id":2,"do":"condition","conditions":[{"field":"size","operator":"less_than","value":5}],"event":{"payload":{"size":9}}}
    ///
    /// {"id":3,"do":"render","template":"{{ event.payload.size }} bytes","context":{"event":{"payload":{"size":9}}}}
    ///
    /// {"id":4,"do":"expression","expression":"size > 5","context":{"size":9}}
    Eval,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Serve the built page in this folder to a browser
    #[arg(long, value_name = "FOLDER")]
    pub(crate) web: Option<PathBuf>,
    /// Show what happens, a line each: events, decisions, runs, results
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rule {
    /// Every rule
    List,
    /// One rule
    Show { r#ref: String },
    /// Make a rule
    Create(Box<RuleCreate>),
    /// Switch a rule on
    Enable { r#ref: String },
    /// Switch a rule off
    Disable { r#ref: String },
    /// Delete a rule; its history stays
    Delete { r#ref: String },
}

#[derive(Debug, Args)]
pub(crate) struct RuleCreate {
    /// Read the rule from a YAML or JSON file; options given beside it go first
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Its name for people
    #[arg(long, required_unless_present = "file")]
    pub(crate) label: Option<String>,
    /// Its name for machines, such as default.backup; made from the label where absent
    #[arg(long)]
    pub(crate) r#ref: Option<String>,
    /// What it is for
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// When: the trigger, such as core.intervaltimer
    #[arg(long, required_unless_present = "file")]
    pub(crate) trigger: Option<String>,
    /// A parameter of the trigger, such as interval=5
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) params: Vec<(String, String)>,
    /// If: the conditions, as JSON
    #[arg(long, value_name = "JSON")]
    pub(crate) conditions: Option<String>,
    /// Then: the action, such as core.echo
    #[arg(long, required_unless_present = "file")]
    pub(crate) action: Option<String>,
    /// A parameter of the action, such as message='Hello, World!'; templates are allowed
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    /// A word to group rules by
    #[arg(long = "tag", value_name = "WORD")]
    pub(crate) tags: Vec<String>,
    /// How long its runs may take, in seconds; 0 for ever
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<u64>,
    /// Switch it on at once
    #[arg(long)]
    pub(crate) enabled: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Event {
    /// The newest events
    List(EventList),
    /// Events as they come, until Ctrl+C
    Watch(EventFilter),
}

#[derive(Debug, Args)]
pub(crate) struct EventFilter {
    /// Only of this trigger
    #[arg(long)]
    pub(crate) trigger: Option<String>,
    /// Only those that this rule looked at
    #[arg(long)]
    pub(crate) rule: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EventList {
    #[command(flatten)]
    pub(crate) filter: EventFilter,
    #[command(flatten)]
    pub(crate) page: Page,
}

#[derive(Debug, Args)]
pub(crate) struct Page {
    /// Rows
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) limit: u32,
    /// Only what came before this id
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<i64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Enforcement {
    /// The newest enforcements
    List {
        /// Only of this rule
        #[arg(long)]
        rule: Option<String>,
        #[command(flatten)]
        page: Page,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Execution {
    /// The newest executions
    List(ExecutionList),
    /// One execution with its parameters and result
    Show { id: i64 },
    /// What an execution wrote, byte for byte where this is not a terminal
    Output(ExecutionOutput),
    /// Stop an execution
    Cancel { id: i64 },
}

#[derive(Debug, Args)]
pub(crate) struct ExecutionList {
    /// Only in this status; may be given more than once
    #[arg(long = "status")]
    pub(crate) status: Vec<String>,
    /// Only of this rule
    #[arg(long)]
    pub(crate) rule: Option<String>,
    /// Only of this action
    #[arg(long)]
    pub(crate) action: Option<String>,
    #[command(flatten)]
    pub(crate) page: Page,
}

#[derive(Debug, Args)]
pub(crate) struct ExecutionOutput {
    pub(crate) id: i64,
    /// Go on until the execution has ended
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Only one of the streams
    #[arg(long)]
    pub(crate) stream: Option<Stream>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Every action
    List,
    /// Run an action
    Run(ActionRun),
}

#[derive(Debug, Args)]
pub(crate) struct ActionRun {
    /// Such as core.echo
    pub(crate) r#ref: String,
    /// A parameter, such as message=Hello
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    /// How long it may take, in seconds; 0 for ever
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<u64>,
    /// Show its output and wait for its end; exit code 1 where it does not end well
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Pack {
    /// Every pack, with what is wrong with it
    List,
    /// Say what is wrong with a pack folder; needs no engine
    Validate { folder: PathBuf },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sensor {
    /// Every sensor and its process
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Schedule {
    /// The next fires of a timer that need not be a rule; needs no engine
    Next(Next),
    /// Which rules will fire, and which of them together
    Forecast(Forecast),
}

#[derive(Debug, Args)]
pub(crate) struct Next {
    /// The timer, such as core.crontimer
    #[arg(long)]
    pub(crate) trigger: String,
    /// Its parameters, as JSON
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(crate) params: String,
    /// Only what comes after this instant, such as 2026-03-28T09:30:00+01:00; now where absent
    #[arg(long, value_name = "TIME")]
    pub(crate) after: Option<String>,
    /// How many
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) count: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Forecast {
    /// How far to look
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=336))]
    pub(crate) hours: u32,
    /// Only this rule
    #[arg(long)]
    pub(crate) rule: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Misfire {
    /// The newest of it: planned instants that did not fire, with the reason
    List(MisfireList),
}

#[derive(Debug, Args)]
pub(crate) struct MisfireList {
    /// Only of this rule
    #[arg(long)]
    pub(crate) rule: Option<String>,
    #[command(flatten)]
    pub(crate) page: Page,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE, such as interval=5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_contradict_nowhere() {
        Arguments::command().debug_assert();
    }
}

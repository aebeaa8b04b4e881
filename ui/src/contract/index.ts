// Made from the Rust crate `api` by `cargo xtask contract`. Do not edit.

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

export type ApiError = { 
/**
 * A sentence: what is wrong, where, what to do.
 */
error: string, 
/**
 * What kind of refusal it is.
 */
code: Code, 
/**
 * More for programs: `{"fields":[{"field","message"}]}` where input is wrong.
 */
details?: JsonValue, };

export type Code = "invalid" | "not_found" | "conflict" | "forbidden" | "unauthorized" | "token_expired" | "busy" | "storage_full" | "unavailable" | "internal";

export type UiEvent = { "type": "feed", 
/**
 * Counts commits.
 */
seq: number, 
/**
 * What changed.
 */
topics: Array<string>, } | { "type": "resync" };

export type Empty = Record<symbol, never>;

export type RuleLink = { 
/**
 * Its id.
 */
id: number, 
/**
 * Its name for machines.
 */
ref: string, 
/**
 * Its name for people.
 */
label: string, };

export type FieldError = { 
/**
 * Dotted path, such as `trigger_params.interval`; empty for the whole.
 */
field: string, 
/**
 * A sentence.
 */
message: string, };

export type EngineState = "running" | "faulted" | "stopping";

export type EngineStatus = { 
/**
 * The program's version.
 */
version: string, 
/**
 * What it is doing.
 */
state: EngineState, 
/**
 * Why it is faulted.
 */
fault: string | null, 
/**
 * The wall clock.
 */
now: string, 
/**
 * The user's zone, such as `Europe/Berlin`.
 */
zone: string, 
/**
 * When it started.
 */
started_at: string, 
/**
 * Its process id.
 */
pid: number, 
/**
 * Where its data lie.
 */
data_dir: string, 
/**
 * Where its door is: `127.0.0.1:PORT`.
 */
address: string, 
/**
 * Events a second, over the last ten seconds.
 */
events_per_second: number, 
/**
 * Executions that wait for a place.
 */
waiting: number, 
/**
 * Executions that run.
 */
running: number, 
/**
 * Executions that may run at once.
 */
places: number, 
/**
 * Rules that exist.
 */
rules: number, 
/**
 * Rules that listen.
 */
rules_enabled: number, 
/**
 * Sensors that are wanted.
 */
sensors: number, 
/**
 * Sensors that run.
 */
sensors_running: number, };

export type RuleStateView = "enabled" | "disabled" | "finished";

export type RuleView = { 
/**
 * Its id.
 */
id: number, 
/**
 * Its name for machines, such as `default.echo_every_second`.
 */
ref: string, 
/**
 * The part of the ref before the dot.
 */
pack: string, 
/**
 * Its name for people.
 */
label: string, 
/**
 * What it is for.
 */
description: string, 
/**
 * Words to group rules by.
 */
tags: Array<string>, 
/**
 * When: the trigger.
 */
trigger_ref: string, 
/**
 * When: how the trigger is set up.
 */
trigger_params: { [key in string]: JsonValue }, 
/**
 * If.
 */
conditions: JsonValue, 
/**
 * Then: the action.
 */
action_ref: string, 
/**
 * Then: its parameters, with templates.
 */
action_params: { [key in string]: JsonValue }, 
/**
 * How long its runs may take, in seconds; 0 for ever, null as the action says.
 */
timeout_seconds: number | null, 
/**
 * Whether it listens.
 */
state: RuleStateView, 
/**
 * Counts saved changes, from 1.
 */
version: number, 
/**
 * Why it cannot work at present: a trigger or action that is gone, a condition that does not compile.
 */
fault: string | null, 
/**
 * When, in plain words: `Every 15 minutes`.
 */
sentence: string, 
/**
 * The zone whose clocks its schedule follows, where that is not the user's own: `America/New_York`.
 */
zone: string | null, 
/**
 * How often its timer has fired; 0 for rules without a schedule.
 */
execution_count: number, 
/**
 * The next instant of its schedule while it is enabled; null for rules without one.
 */
next_fire: string | null, 
/**
 * When it was made.
 */
created: string, 
/**
 * When it was last changed.
 */
updated: string, };

export type RunMark = { 
/**
 * Its id.
 */
id: number, 
/**
 * Where it stands.
 */
status: ExecutionStatusView, 
/**
 * When it was asked for.
 */
at: string, 
/**
 * From start to end, in milliseconds.
 */
duration_ms: number | null, };

export type RuleRow = { 
/**
 * The rule.
 */
rule: RuleView, 
/**
 * Its newest run.
 */
last: RunMark | null, };

export type RuleList = { 
/**
 * In order of label.
 */
rules: Array<RuleRow>, };

export type RuleRecentRequest = { 
/**
 * Ids of rules, 200 at most.
 */
rules: Array<number>, 
/**
 * Runs of each, 1 to 50.
 */
count: number, };

export type RuleRecent = { 
/**
 * The rule's id.
 */
rule: number, 
/**
 * Its runs, oldest first.
 */
runs: Array<RunMark>, };

export type RuleRecentList = { 
/**
 * One entry a rule that has runs.
 */
rules: Array<RuleRecent>, };

export type RuleRequest = { 
/**
 * Its ref.
 */
ref: string, };

export type RuleDraft = { 
/**
 * Its name for people.
 */
label: string, 
/**
 * What it is for.
 */
description: string, 
/**
 * Words to group rules by.
 */
tags: Array<string>, 
/**
 * When: the trigger.
 */
trigger_ref: string, 
/**
 * When: how the trigger is set up.
 */
trigger_params: { [key in string]: JsonValue }, 
/**
 * If: `null` or `{}` for always, a tree `{"all":[{"field","operator","value"}]}`, a flat list, or `{"expression"}`.
 */
conditions: JsonValue, 
/**
 * Then: the action.
 */
action_ref: string, 
/**
 * Then: its parameters, with templates.
 */
action_params: { [key in string]: JsonValue }, 
/**
 * How long its runs may take, in seconds; 0 for ever, null as the action says.
 */
timeout_seconds: number | null, };

export type RuleCreateRequest = { 
/**
 * Its ref; made from the label in the pack `default` where absent.
 */
ref?: string, 
/**
 * Its content.
 */
draft: RuleDraft, 
/**
 * Whether it listens at once.
 */
enabled: boolean, };

export type RuleUpdateRequest = { 
/**
 * Its ref.
 */
ref: string, 
/**
 * Its new content.
 */
draft: RuleDraft, 
/**
 * The version that was edited; another one since then is a conflict. Absent: whatever is there.
 */
version?: number, };

export type RuleCheckRequest = { 
/**
 * The ref of the saved rule, or the wished one of a new rule.
 */
ref?: string, 
/**
 * The draft.
 */
draft: RuleDraft, 
/**
 * Whether the rule is new: then its ref must be free.
 */
new: boolean, };

export type RuleCheck = { 
/**
 * The ref that it has or would get.
 */
ref: string, 
/**
 * What is wrong, with fields such as `label`, `trigger_params.interval`, `conditions.all.1.value`,
 * `action_params.message`; empty where it can be saved.
 */
errors: Array<FieldError>, 
/**
 * When, in plain words; empty while the trigger's parameters are wrong.
 */
sentence: string, 
/**
 * The next ten fires; empty for rules without a schedule.
 */
fires: Array<FireView>, };

export type EventListRequest = { 
/**
 * Only this trigger.
 */
trigger?: string, 
/**
 * Only events that this rule looked at.
 */
rule?: string, 
/**
 * Only payloads that hold this text.
 */
text?: string, 
/**
 * Only from this instant on.
 */
from?: string, 
/**
 * Only before this instant.
 */
to?: string, 
/**
 * Only ids below this one: the page after it.
 */
before?: number, 
/**
 * Only ids above this one: what came since.
 */
after?: number, 
/**
 * Rows, 1 to 200; 100 where absent.
 */
limit?: number, };

export type OutcomeView = "matched" | "unmatched" | "error" | "throttled" | "quarantined" | "disabled";

export type Pip = { 
/**
 * Whose look.
 */
rule: RuleLink, 
/**
 * What came of it.
 */
outcome: OutcomeView, 
/**
 * The run that followed.
 */
execution: RunMark | null, };

export type EventRow = { 
/**
 * Its id.
 */
id: number, 
/**
 * What happened.
 */
trigger_ref: string, 
/**
 * Who posted it: the ref of a sensor, `execution:12`, or `person`.
 */
source: string, 
/**
 * The rule that it is for, where it is for one.
 */
rule: RuleLink | null, 
/**
 * When the engine received it.
 */
created: string, 
/**
 * The plain top-level values of the payload: at most 12, texts cut at 120 characters.
 */
facts: { [key in string]: JsonValue }, 
/**
 * The rules that looked, in short.
 */
pips: Array<Pip>, };

export type EventList = { 
/**
 * Newest first.
 */
events: Array<EventRow>, 
/**
 * Ask on with `before` = this, where there may be more.
 */
next: number | null, };

export type EventRequest = { 
/**
 * Its id.
 */
id: number, };

export type ReasonView = { 
/**
 * Where in the rule, such as `all.1`.
 */
path: string, 
/**
 * What the condition looked at.
 */
field: string | null, 
/**
 * How it compared.
 */
operator: string | null, 
/**
 * The value in the rule.
 */
expected: JsonValue | null, 
/**
 * The value in the event.
 */
actual: JsonValue | null, 
/**
 * A sentence, where values do not say it all.
 */
message: string | null, };

export type DecisionView = { 
/**
 * Whose look.
 */
rule: RuleLink, 
/**
 * The version of the rule that looked.
 */
rule_version: number, 
/**
 * What came of it.
 */
outcome: OutcomeView, 
/**
 * Why not.
 */
reason: ReasonView | null, 
/**
 * The enforcement that followed.
 */
enforcement: number | null, 
/**
 * The run that followed.
 */
execution: ExecutionRow | null, };

export type EventDetail = { 
/**
 * The row.
 */
event: EventRow, 
/**
 * The whole payload.
 */
payload: JsonValue, 
/**
 * Under which name it may be posted again without happening again.
 */
dedupe_key: string | null, 
/**
 * The rules that looked.
 */
decisions: Array<DecisionView>, };

export type EventHistogramRequest = { 
/**
 * Only this trigger.
 */
trigger?: string, 
/**
 * From this instant.
 */
from: string, 
/**
 * To this instant.
 */
to: string, 
/**
 * Into how many bins, 1 to 400; a bin is whole minutes.
 */
bins: number, };

export type EventBin = { 
/**
 * Events.
 */
events: number, 
/**
 * Of them, those that fired a rule.
 */
fired: number, };

export type EventHistogram = { 
/**
 * Start of the first bin.
 */
from: string, 
/**
 * Width of a bin, in milliseconds.
 */
bin_ms: number, 
/**
 * The bins.
 */
bins: Array<EventBin>, };

export type EnforcementListRequest = { 
/**
 * Only of this rule.
 */
rule?: string, 
/**
 * Only ids below this one.
 */
before?: number, 
/**
 * Rows, 1 to 200; 100 where absent.
 */
limit?: number, };

export type EnforcementRow = { 
/**
 * Its id.
 */
id: number, 
/**
 * The event.
 */
event: number, 
/**
 * The rule.
 */
rule: RuleLink, 
/**
 * `created`, `processed` or `disabled`.
 */
status: string, 
/**
 * When the rule fired.
 */
created: string, 
/**
 * The run that followed.
 */
execution: RunMark | null, };

export type EnforcementList = { 
/**
 * Newest first.
 */
enforcements: Array<EnforcementRow>, 
/**
 * Ask on with `before` = this, where there may be more.
 */
next: number | null, };

export type ExecutionStatusView = "requested" | "scheduling" | "scheduled" | "running" | "canceling" | "completed" | "failed" | "timeout" | "cancelled" | "abandoned";

export type ExecutionListRequest = { 
/**
 * Only these statuses; empty for all.
 */
status?: Array<ExecutionStatusView>, 
/**
 * Only of this rule.
 */
rule?: string, 
/**
 * Only of this action.
 */
action?: string, 
/**
 * Only asked for from this instant on.
 */
from?: string, 
/**
 * Only asked for before this instant.
 */
to?: string, 
/**
 * Only ids below this one: the page after it.
 */
before?: number, 
/**
 * Only ids above this one: what came since.
 */
after?: number, 
/**
 * Rows, 1 to 200; 100 where absent.
 */
limit?: number, };

export type ExecutionRow = { 
/**
 * Its id.
 */
id: number, 
/**
 * Where it stands.
 */
status: ExecutionStatusView, 
/**
 * The rule that asked for it; null where a person did.
 */
rule: RuleLink | null, 
/**
 * What ran.
 */
action_ref: string, 
/**
 * The event behind it.
 */
event: number | null, 
/**
 * The enforcement behind it.
 */
enforcement: number | null, 
/**
 * The execution that it repeats.
 */
rerun_of: number | null, 
/**
 * Why it ran, in plain words: `1 s timer fired at 21:00:00`, `started by you`.
 */
why: string, 
/**
 * Which start this is, from 1; 0 before the first.
 */
attempt: number, 
/**
 * When it was asked for.
 */
requested_at: string, 
/**
 * When its process started.
 */
started_at: string | null, 
/**
 * When it ended.
 */
finished_at: string | null, 
/**
 * From start to end, in milliseconds.
 */
duration_ms: number | null, 
/**
 * Exit code of its process.
 */
exit_code: number | null, 
/**
 * The signal that ended its process.
 */
signal: number | null, 
/**
 * Why it did not end well, or what was odd about its output.
 */
error: string | null, };

export type ExecutionList = { 
/**
 * Newest first.
 */
executions: Array<ExecutionRow>, 
/**
 * Ask on with `before` = this, where there may be more.
 */
next: number | null, };

export type ExecutionRequest = { 
/**
 * Its id.
 */
id: number, };

export type OutputSize = { 
/**
 * To standard output.
 */
stdout_bytes: number, 
/**
 * To standard error.
 */
stderr_bytes: number, 
/**
 * Of both, what is kept.
 */
kept_bytes: number, 
/**
 * Of both, what was dropped from the middle.
 */
dropped_bytes: number, };

export type ExecutionDetail = { 
/**
 * The row.
 */
execution: ExecutionRow, 
/**
 * With what it ran.
 */
parameters: { [key in string]: JsonValue }, 
/**
 * What it returned.
 */
result: JsonValue | null, 
/**
 * How long it may run, in milliseconds; 0 for ever.
 */
timeout_ms: number, 
/**
 * Its process while it runs.
 */
pid: number | null, 
/**
 * How much it wrote.
 */
output: OutputSize, 
/**
 * Median duration of this rule's last runs, in milliseconds.
 */
usual_ms: number | null, 
/**
 * 95th percentile of the same.
 */
usual_p95_ms: number | null, };

export type StreamView = "stdout" | "stderr";

export type OutputEncoding = "text" | "base64";

export type ExecutionOutputRequest = { 
/**
 * Whose.
 */
id: number, 
/**
 * `next` of the page before; absent from the start.
 */
cursor?: string, 
/**
 * Bytes, 1 to 1,048,576; 262,144 where absent.
 */
limit_bytes?: number, 
/**
 * Only the last `limit_bytes`, where no cursor is given.
 */
tail: boolean, 
/**
 * Only this stream.
 */
stream?: StreamView, 
/**
 * How it travels.
 */
encoding: OutputEncoding, };

export type OutputChunk = { 
/**
 * From which stream.
 */
stream: StreamView, 
/**
 * Where in its stream it begins, in bytes.
 */
offset: number, 
/**
 * When it came, in milliseconds after the start.
 */
at_ms: number, 
/**
 * The text, or base64.
 */
data: string, 
/**
 * Bytes dropped from its stream just before it; 0 for none.
 */
dropped_before: number, };

export type OutputPage = { 
/**
 * In the order in which they came.
 */
chunks: Array<OutputChunk>, 
/**
 * Where to ask on.
 */
next: string, 
/**
 * Whether there is more already.
 */
more: boolean, 
/**
 * Whether no more will come.
 */
ended: boolean, 
/**
 * How much there is in all.
 */
size: OutputSize, };

export type ExecutionRerunRequest = { 
/**
 * Which.
 */
id: number, 
/**
 * With these parameters instead of the same.
 */
parameters?: { [key in string]: JsonValue }, };

export type ActionRunRequest = { 
/**
 * Which action.
 */
action_ref: string, 
/**
 * With what.
 */
parameters: { [key in string]: JsonValue }, 
/**
 * How long it may run, in seconds; 0 for ever, absent as the action says.
 */
timeout_seconds?: number, };

export type TriggerView = { 
/**
 * Its name.
 */
ref: string, 
/**
 * Its name for people.
 */
label: string, 
/**
 * What it means.
 */
description: string, 
/**
 * JSON Schema of the parameters, in the order of the form.
 */
parameters: JsonValue, 
/**
 * JSON Schema of the payload.
 */
output: JsonValue, 
/**
 * The sensor that watches for it.
 */
sensor: string | null, };

export type TriggerList = { 
/**
 * In order of ref.
 */
triggers: Array<TriggerView>, };

export type ActionView = { 
/**
 * Its name.
 */
ref: string, 
/**
 * Its name for people.
 */
label: string, 
/**
 * What it does.
 */
description: string, 
/**
 * What runs it: `shell`, `python`, `node`, `native`.
 */
runner: string, 
/**
 * JSON Schema of the parameters, in the order of the form.
 */
parameters: JsonValue, 
/**
 * How long it may run, in seconds; 0 for ever.
 */
timeout_seconds: number, };

export type ActionList = { 
/**
 * In order of ref.
 */
actions: Array<ActionView>, };

export type DiagnosticView = { 
/**
 * `error` or `warning`.
 */
severity: string, 
/**
 * The file, relative to the pack.
 */
file: string, 
/**
 * Line, from 1.
 */
line: number, 
/**
 * Column, from 1.
 */
column: number, 
/**
 * A sentence.
 */
message: string, };

export type PackView = { 
/**
 * Its name.
 */
ref: string, 
/**
 * Its name for people.
 */
label: string, 
/**
 * What it is for.
 */
description: string, 
/**
 * Its version.
 */
version: string, 
/**
 * Where it lies.
 */
folder: string, 
/**
 * Its triggers.
 */
triggers: Array<string>, 
/**
 * Its sensors.
 */
sensors: Array<string>, 
/**
 * Its actions.
 */
actions: Array<string>, 
/**
 * Its starter rules.
 */
rules: Array<string>, 
/**
 * What is wrong or odd; with an error in it, nothing of the pack is in force.
 */
diagnostics: Array<DiagnosticView>, 
/**
 * Whether it is in force.
 */
loaded: boolean, };

export type PackList = { 
/**
 * In order of ref.
 */
packs: Array<PackView>, };

export type PackValidateRequest = { 
/**
 * The folder, absolute.
 */
folder: string, };

export type PackValidation = { 
/**
 * Whether it would load.
 */
ok: boolean, 
/**
 * What is wrong or odd.
 */
diagnostics: Array<DiagnosticView>, };

export type SensorStateView = "starting" | "running" | "stopped" | "failed" | "backoff";

export type SensorView = { 
/**
 * Its name.
 */
ref: string, 
/**
 * Its name for people.
 */
label: string, 
/**
 * The triggers that it serves.
 */
triggers: Array<string>, 
/**
 * Enabled rules that need it.
 */
rules: number, 
/**
 * Where it stands.
 */
state: SensorStateView, 
/**
 * Since when.
 */
since: string, 
/**
 * Its process.
 */
pid: number | null, 
/**
 * Failures in a row.
 */
failures: number, 
/**
 * When it is started again.
 */
next_try_at: string | null, 
/**
 * Why it stands there, such as `exited with code 1`.
 */
last_error: string | null, 
/**
 * The end of its log, at most 40 lines.
 */
log_tail: Array<string>, };

export type SensorList = { 
/**
 * In order of ref.
 */
sensors: Array<SensorView>, };

export type SensorRequest = { 
/**
 * Its ref.
 */
ref: string, };

export type FireView = { 
/**
 * When.
 */
at: string, 
/**
 * The same on the clocks of the schedule's zone, as RFC 3339; null where that is the user's own zone.
 */
local: string | null, 
/**
 * What is odd about it, such as a clock change.
 */
note: string | null, };

export type ScheduleNextRequest = { 
/**
 * The trigger.
 */
trigger_ref: string, 
/**
 * Its parameters.
 */
trigger_params: { [key in string]: JsonValue }, 
/**
 * Fires strictly after this instant; now where absent.
 */
after?: string, 
/**
 * How many, 1 to 1,000; 10 where absent.
 */
count?: number, };

export type ScheduleFires = { 
/**
 * When, in plain words: `Every 15 minutes`.
 */
sentence: string, 
/**
 * The zone whose clocks it follows, where that is not the user's own.
 */
zone: string | null, 
/**
 * In order.
 */
fires: Array<FireView>, };

export type ScheduleForecastRequest = { 
/**
 * From when on; now where absent or past.
 */
from?: string, 
/**
 * How far, in hours: 1 to 336, two weeks.
 */
hours: number, 
/**
 * Only this rule.
 */
rule?: string, };

export type ForecastFire = { 
/**
 * When.
 */
at: string, 
/**
 * The same on the clocks of the schedule's zone, as RFC 3339; null where that is the user's own zone.
 */
local: string | null, 
/**
 * What is odd about it, such as a clock change.
 */
note: string | null, 
/**
 * Which rule.
 */
rule: RuleLink, };

export type ForecastBand = { 
/**
 * The first of them.
 */
from: string, 
/**
 * The last of them.
 */
to: string, 
/**
 * How many; from a million on, at least so many.
 */
fires: number, 
/**
 * Its schedule in plain words.
 */
sentence: string, 
/**
 * Which rule.
 */
rule: RuleLink, };

export type ForecastCollision = { 
/**
 * Its start.
 */
at: string, 
/**
 * How many rules fire in it.
 */
count: number, 
/**
 * Which, in order of their making; 50 at most.
 */
rules: Array<RuleLink>, };

export type ScheduleForecast = { 
/**
 * The wall clock.
 */
now: string, 
/**
 * Its start, excluded.
 */
from: string, 
/**
 * Its end, included.
 */
to: string, 
/**
 * In order; 500 at most, those of the rules that fire least often.
 */
fires: Array<ForecastFire>, 
/**
 * The rules that fire too often to be listed, 200 at most.
 */
bands: Array<ForecastBand>, 
/**
 * Rules that fire and for which there was no band left.
 */
left_out: number, 
/**
 * In order, 500 at most. Rules that fire more than 500 times fire beside everything and are not among them.
 */
collisions: Array<ForecastCollision>, };

export type ScheduleCalendarRequest = { 
/**
 * The trigger.
 */
trigger_ref: string, 
/**
 * Its parameters.
 */
trigger_params: { [key in string]: JsonValue }, 
/**
 * The ref of the saved rule, where it is one: its grid and its jitter are taken.
 */
rule?: string, 
/**
 * How many days, today included: 1 to 62.
 */
days: number, };

export type CalendarDay = { 
/**
 * Such as `2026-03-29`.
 */
date: string, 
/**
 * Fires; of today only those that are still to come. From a million on, at least so many.
 */
fires: number, 
/**
 * The first of them.
 */
first: FireView | null, 
/**
 * Where the clocks are changed on this day.
 */
note: string | null, };

export type ScheduleCalendar = { 
/**
 * From today on.
 */
days: Array<CalendarDay>, 
/**
 * The zone whose days these are: the schedule's, or the user's where it has none.
 */
zone: string, };

export type ZoneView = { 
/**
 * Its IANA name, such as `Europe/Berlin`.
 */
name: string, 
/**
 * How far its clocks are ahead of UTC now, in seconds.
 */
offset_seconds: number, };

export type ZoneList = { 
/**
 * The user's own.
 */
here: string, 
/**
 * In order of name.
 */
zones: Array<ZoneView>, };

export type MissReasonView = "asleep" | "not_running" | "disabled" | "clock_changed" | "limit";

export type MisfireListRequest = { 
/**
 * Only of this rule.
 */
rule?: string, 
/**
 * Only ids below this one.
 */
before?: number, 
/**
 * Rows, 1 to 200; 100 where absent.
 */
limit?: number, };

export type MisfireRow = { 
/**
 * Its id.
 */
id: number, 
/**
 * Whose instants.
 */
rule: RuleLink, 
/**
 * The first of them.
 */
first: string, 
/**
 * The last of them; the same where it is one.
 */
last: string, 
/**
 * How many.
 */
count: number, 
/**
 * Why.
 */
reason: MissReasonView, 
/**
 * When it was recorded.
 */
recorded: string, };

export type MisfireList = { 
/**
 * Newest first.
 */
misfires: Array<MisfireRow>, 
/**
 * Ask on with `before` = this, where there may be more.
 */
next: number | null, };

export type ScoreRequest = { 
/**
 * Start of the past.
 */
from: string, 
/**
 * End of the future.
 */
to: string, 
/**
 * Width of a bin, in minutes: 1, 2, 5, 10, 15 or 30.
 */
bin_minutes: number, 
/**
 * Only this rule.
 */
rule?: string, };

export type ScorePast = { 
/**
 * Start of the stretch.
 */
at: string, 
/**
 * Ended well.
 */
completed: number, 
/**
 * Ended badly.
 */
failed: number, 
/**
 * Their time was up.
 */
timeout: number, 
/**
 * Stopped by somebody.
 */
cancelled: number, 
/**
 * Lost with the engine.
 */
abandoned: number, };

export type ScoreFuture = { 
/**
 * Start of the stretch.
 */
at: string, 
/**
 * Fires.
 */
fires: number, };

export type SpanKind = "stopped" | "asleep";

export type ScoreSpan = { 
/**
 * Its start.
 */
from: string, 
/**
 * Its end.
 */
to: string, 
/**
 * Why.
 */
kind: SpanKind, };

export type ZoneOffset = { 
/**
 * From when on.
 */
from: string, 
/**
 * Seconds east of UTC.
 */
offset_seconds: number, };

export type Score = { 
/**
 * The wall clock.
 */
now: string, 
/**
 * The user's zone.
 */
zone: string, 
/**
 * Its offsets from `from` to `to`, the first one at `from`: for labels of axes.
 */
offsets: Array<ZoneOffset>, 
/**
 * Width of a bin, in minutes.
 */
bin_minutes: number, 
/**
 * Bins that are not empty.
 */
past: Array<ScorePast>, 
/**
 * Runs under way.
 */
running: number, 
/**
 * Bins that are not empty.
 */
future: Array<ScoreFuture>, 
/**
 * Times in which nothing could happen.
 */
spans: Array<ScoreSpan>, };

export type LanesRequest = { 
/**
 * Start of the window.
 */
from: string, 
/**
 * End of the window.
 */
to: string, 
/**
 * Lanes of single rules, 1 to 20; the rest share one more.
 */
lanes: number, };

export type LaneRun = { 
/**
 * The run, or the worst of the joined ones.
 */
id: number, 
/**
 * How it stands.
 */
status: ExecutionStatusView, 
/**
 * Its start.
 */
at: string, 
/**
 * From start to end or to now, in milliseconds.
 */
duration_ms: number, 
/**
 * How many runs it stands for.
 */
count: number, 
/**
 * What it said, in a line.
 */
error: string | null, };

export type LaneBand = { 
/**
 * Its start.
 */
from: string, 
/**
 * Its end.
 */
to: string, 
/**
 * Its words: `every 5 min`.
 */
text: string, };

export type LaneMissed = { 
/**
 * The first of them.
 */
at: string, 
/**
 * The last of them; the same where it is one.
 */
until: string, 
/**
 * How many.
 */
count: number, 
/**
 * Why.
 */
reason: MissReasonView, };

export type Lane = { 
/**
 * Its rule; null for everything else.
 */
rule: RuleLink | null, 
/**
 * 95th percentile of the durations: full height.
 */
p95_ms: number | null, 
/**
 * Its past, oldest first.
 */
runs: Array<LaneRun>, 
/**
 * What it missed, oldest first, the newest 200.
 */
missed: Array<LaneMissed>, 
/**
 * Its future, 500 at most.
 */
fires: Array<string>, 
/**
 * Its future where fires are too close.
 */
bands: Array<LaneBand>, };

export type Lanes = { 
/**
 * The wall clock.
 */
now: string, 
/**
 * The user's zone offsets from `from` to `to`.
 */
offsets: Array<ZoneOffset>, 
/**
 * The busiest rules first, everything else last.
 */
lanes: Array<Lane>, 
/**
 * Times in which nothing could happen.
 */
spans: Array<ScoreSpan>, };

export type AttentionKind = "run" | "sensor" | "rule" | "missed" | "pack";

export type Attention = { 
/**
 * What kind of thing it is.
 */
kind: AttentionKind, 
/**
 * What it is called.
 */
name: string, 
/**
 * What happened, to read after the name: `failed twice in a row`.
 */
happened: string, 
/**
 * The cause, in a line.
 */
cause: string, 
/**
 * When.
 */
at: string, 
/**
 * The rule, where it is about one.
 */
rule: RuleLink | null, 
/**
 * The run, where it is about one.
 */
run: RunMark | null, 
/**
 * The ref of the sensor or pack, where it is about one.
 */
subject: string | null, };

export type RuleActivity = { 
/**
 * The rule.
 */
rule: RuleLink, 
/**
 * Its newest run.
 */
last: RunMark, 
/**
 * Its newest 50 runs, oldest first.
 */
recent: Array<RunMark>, 
/**
 * Of the finished ones among these, the per cent that completed.
 */
completed_percent: number, 
/**
 * Median of their durations, in milliseconds.
 */
median_ms: number | null, 
/**
 * 95th percentile of the same.
 */
p95_ms: number | null, };

export type NextFire = { 
/**
 * When.
 */
at: string, 
/**
 * Which rule.
 */
rule: RuleLink, 
/**
 * The trigger, for the icon.
 */
trigger_ref: string, 
/**
 * What is odd about it.
 */
note: string | null, };

export type NowView = { 
/**
 * The engine and its figures.
 */
engine: EngineStatus, 
/**
 * Runs that ended in the last 24 hours.
 */
runs_24h: number, 
/**
 * Of them, those that did not complete.
 */
not_completed_24h: number, 
/**
 * What needs a person, newest first, 5 at most.
 */
attention: Array<Attention>, 
/**
 * How many more things need a person.
 */
attention_more: number, 
/**
 * Rules that ran, the busiest first, 8 at most.
 */
activity: Array<RuleActivity>, 
/**
 * Rules that ever ran or listen.
 */
active_rules: number, 
/**
 * The next fire of each rule, in order, 12 at most.
 */
next: Array<NextFire>, 
/**
 * Fires until midnight.
 */
fires_today: number, 
/**
 * Events of each of the last 30 minutes, oldest first.
 */
events_per_minute: Array<number>, 
/**
 * Runs of each of the last 30 minutes, oldest first.
 */
runs_per_minute: Array<number>, };

/** Every command: what it takes, what it answers. */
export interface Commands {
  /** The engine and its figures. */
  "engine.status": { request: Empty; response: EngineStatus };
  /** What the first screen says. */
  "now.read": { request: Empty; response: NowView };
  /** The thin score: past, forecast, spans. */
  "score.read": { request: ScoreRequest; response: Score };
  /** The lanes of the large score. */
  "score.lanes": { request: LanesRequest; response: Lanes };
  /** Every rule with its newest run and next fire. */
  "rule.list": { request: Empty; response: RuleList };
  /** The newest runs of some rules, for strips. */
  "rule.recent": { request: RuleRecentRequest; response: RuleRecentList };
  /** One rule. */
  "rule.show": { request: RuleRequest; response: RuleView };
  /** What the engine thinks of a draft, and when it would fire. */
  "rule.check": { request: RuleCheckRequest; response: RuleCheck };
  /** Makes a rule. */
  "rule.create": { request: RuleCreateRequest; response: RuleView };
  /** Saves a new version of a rule; effective from the next event. */
  "rule.update": { request: RuleUpdateRequest; response: RuleView };
  /** Switches a rule on. */
  "rule.enable": { request: RuleRequest; response: RuleView };
  /** Switches a rule off. */
  "rule.disable": { request: RuleRequest; response: RuleView };
  /** Deletes a rule; its history stays. */
  "rule.delete": { request: RuleRequest; response: Empty };
  /** Brings a deleted rule back as it was. */
  "rule.restore": { request: RuleRequest; response: RuleView };
  /** Fires an enabled rule once, now, by an event that says so. */
  "rule.run": { request: RuleRequest; response: ExecutionRow };
  /** A page of events, newest first. */
  "event.list": { request: EventListRequest; response: EventList };
  /** One event with its payload and what each rule made of it. */
  "event.show": { request: EventRequest; response: EventDetail };
  /** How many events there were over time. */
  "event.histogram": { request: EventHistogramRequest; response: EventHistogram };
  /** A page of enforcements, newest first. */
  "enforcement.list": { request: EnforcementListRequest; response: EnforcementList };
  /** A page of executions, newest first. */
  "execution.list": { request: ExecutionListRequest; response: ExecutionList };
  /** One execution with its parameters and result. */
  "execution.show": { request: ExecutionRequest; response: ExecutionDetail };
  /** Output of an execution, from a place on. */
  "execution.output": { request: ExecutionOutputRequest; response: OutputPage };
  /** Stops an execution. */
  "execution.cancel": { request: ExecutionRequest; response: ExecutionRow };
  /** Runs an execution's action again, with the same or other parameters. */
  "execution.rerun": { request: ExecutionRerunRequest; response: ExecutionRow };
  /** Every trigger. */
  "trigger.list": { request: Empty; response: TriggerList };
  /** Every action. */
  "action.list": { request: Empty; response: ActionList };
  /** Runs an action by hand. */
  "action.run": { request: ActionRunRequest; response: ExecutionRow };
  /** Every sensor and its process. */
  "sensor.list": { request: Empty; response: SensorList };
  /** Starts a sensor anew, at once. */
  "sensor.restart": { request: SensorRequest; response: Empty };
  /** Every pack, with what is wrong with it. */
  "pack.list": { request: Empty; response: PackList };
  /** What is wrong with a pack folder; nothing is loaded. */
  "pack.validate": { request: PackValidateRequest; response: PackValidation };
  /** Reads all packs again. */
  "pack.reload": { request: Empty; response: PackList };
  /** The next fires of a schedule. */
  "schedule.next": { request: ScheduleNextRequest; response: ScheduleFires };
  /** Which enabled rules will fire, how often, and which of them together. */
  "schedule.forecast": { request: ScheduleForecastRequest; response: ScheduleForecast };
  /** The coming days of a schedule. */
  "schedule.calendar": { request: ScheduleCalendarRequest; response: ScheduleCalendar };
  /** Every zone that a schedule may name. */
  "zone.list": { request: Empty; response: ZoneList };
  /** A page of planned instants that were missed, newest first. */
  "misfire.list": { request: MisfireListRequest; response: MisfireList };
}

/** What each command reads: refetch when the feed names one of these topics. */
export const topics: { readonly [C in keyof Commands]: readonly string[] } = {
  "engine.status": ["engine","rules","sensors","executions","events"],
  "now.read": ["engine","rules","sensors","packs","executions","events","misfires"],
  "score.read": ["executions","rules","engine"],
  "score.lanes": ["executions","rules","engine","misfires"],
  "rule.list": ["rules","executions","packs"],
  "rule.recent": ["executions"],
  "rule.show": ["rules","packs"],
  "rule.check": ["packs"],
  "rule.create": [],
  "rule.update": [],
  "rule.enable": [],
  "rule.disable": [],
  "rule.delete": [],
  "rule.restore": [],
  "rule.run": [],
  "event.list": ["events","executions"],
  "event.show": ["events","executions"],
  "event.histogram": ["events"],
  "enforcement.list": ["events","executions"],
  "execution.list": ["executions"],
  "execution.show": ["executions"],
  "execution.output": ["executions"],
  "execution.cancel": [],
  "execution.rerun": [],
  "trigger.list": ["packs"],
  "action.list": ["packs"],
  "action.run": [],
  "sensor.list": ["sensors","rules","packs"],
  "sensor.restart": [],
  "pack.list": ["packs"],
  "pack.validate": [],
  "pack.reload": [],
  "schedule.next": [],
  "schedule.forecast": ["rules"],
  "schedule.calendar": ["rules"],
  "zone.list": [],
  "misfire.list": ["misfires"],
};

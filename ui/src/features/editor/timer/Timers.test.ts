import { cleanup, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type {
  FieldError,
  RuleCheckRequest,
  RuleCreateRequest,
  ScheduleCalendarRequest,
  TriggerView,
} from "$/contract";
import { clock, engine, line } from "$/data";
import { scoreView } from "$/score";
import { router } from "$/shell/router.svelte";
import Editor from "../Editor.svelte";
import { shelf } from "../shelf.svelte";

// Roles and names of some two hundred marks are reckoned anew for each question.
vi.setConfig({ testTimeout: 30_000 });

const NOW = "2026-10-24T21:42:08+02:00";
const SHARED = ["misfire", "misfire_limit", "jitter_seconds", "not_before", "not_after"];

function trigger(ref: string, label: string, names: string[]): TriggerView {
  const properties = Object.fromEntries([...names, ...SHARED].map((name) => [name, { type: "string" }]));
  return {
    ref,
    label,
    description: "",
    parameters: { type: "object", properties },
    output: {},
    sensor: null,
  };
}
const TRIGGERS = [
  trigger("core.crontimer", "Cron timer", ["expression", "timezone"]),
  trigger("core.datetimetimer", "Date and time timer", ["fire_at", "timezone"]),
  trigger("core.intervaltimer", "Interval timer", ["interval", "unit", "anchor"]),
  trigger("core.rruletimer", "Recurrence timer", ["freq", "interval", "by_day", "dtstart", "timezone"]),
];
const FIRES = [
  {
    at: "2026-10-25T02:30:00+02:00",
    local: null,
    note: "02:30 comes twice as clocks go back. Fires at the first, not at the second.",
  },
  { at: "2026-10-25T14:30:00+01:00", local: null, note: null },
];
const ABROAD = [{ at: "2026-10-26T14:30:00+01:00", local: "2026-10-26T09:30:00-04:00", note: null }];

let errors: FieldError[] = [];
let created: RuleCreateRequest[] = [];
let checked: RuleCheckRequest[] = [];
/** Holds answers of checks back until they are let go. */
let held: (() => void)[] | null = null;

function fires(zone: unknown): typeof FIRES | typeof ABROAD {
  return zone === "America/New_York" ? ABROAD : FIRES;
}
function answer(command: string, request: unknown): unknown {
  switch (command) {
    case "trigger.list":
      return { triggers: TRIGGERS };
    case "action.list":
      return {
        actions: [
          {
            ref: "core.echo",
            label: "Echo",
            description: "",
            runner: "shell",
            parameters: {},
            timeout_seconds: 30,
          },
        ],
      };
    case "zone.list":
      return {
        here: "Europe/Berlin",
        zones: [
          { name: "America/New_York", offset_seconds: -14_400 },
          { name: "Europe/Berlin", offset_seconds: 7_200 },
          { name: "UTC", offset_seconds: 0 },
        ],
      };
    case "rule.check": {
      const check = request as RuleCheckRequest;
      checked.push(check);
      const wrong = errors.some(({ field }) => field.startsWith("trigger"));
      return {
        ref: "default.x",
        errors,
        sentence: wrong ? "" : "At 02:30 and 14:30, Sunday to Friday, Berlin time",
        fires: wrong ? [] : fires(check.draft.trigger_params["timezone"]),
      };
    }
    case "schedule.next":
      return { sentence: "", zone: null, fires: FIRES };
    case "schedule.calendar": {
      const { days } = request as ScheduleCalendarRequest;
      return {
        zone: "Europe/Berlin",
        days: Array.from({ length: days }, (_, index) => ({
          date: new Date(Date.UTC(2026, 9, 24 + index)).toISOString().slice(0, 10),
          fires: index === 0 ? 0 : 2,
          first: index === 0 ? null : FIRES[1],
          note: index === 1 ? "Clocks go back from 03:00 to 02:00." : null,
        })),
      };
    }
    case "rule.create":
      created.push(request as RuleCreateRequest);
      return {
        ...(request as RuleCreateRequest).draft,
        ref: "default.x",
        version: 1,
        state: "enabled",
        fault: null,
      };
    default:
      throw { error: `no ${command}`, code: "not_found" };
  }
}

beforeEach(() => {
  errors = [];
  created = [];
  checked = [];
  held = null;
  localStorage.clear();
  for (const ref of [...shelf.refs]) shelf.drop(ref);
  clock.set(NOW);
  engine.status = { zone: "Europe/Berlin" } as typeof engine.status;
  line.open({
    call: async (command, request) => {
      if (command === "rule.check" && held) await new Promise<void>((resolve) => held?.push(resolve));
      return structuredClone(answer(command, request));
    },
    watch: () => () => undefined,
    controls: null,
  });
});
afterEach(() => {
  cleanup();
  line.close();
  engine.status = null;
});

/** Opens a new rule with one of the timers chosen, as it stands when it is saved. */
async function open(name: string): Promise<ReturnType<typeof userEvent.setup>> {
  const user = userEvent.setup();
  router.go("#/rules/new");
  render(Editor);
  await user.click(await screen.findByRole("radio", { name }));
  return user;
}
const expression = (): HTMLInputElement => screen.getByLabelText("Cron expression");
const mark = (ruler: RegExp, name: string): HTMLElement =>
  within(screen.getByLabelText(ruler, { selector: "[role=listbox]" })).getByTitle(name);
async function save(user: ReturnType<typeof userEvent.setup>): Promise<Record<string, unknown>> {
  await user.click(screen.getByRole("button", { name: /^Save/ }));
  await waitFor(() => expect(created).toHaveLength(1));
  return created[0]?.draft.trigger_params ?? {};
}

describe("the choice of a timer", () => {
  it("is one stop for Tab, arrows go on, and what was set is there again on the way back", async () => {
    const user = await open("Cron");
    await user.clear(expression());
    await user.type(expression(), "5 * * * *");
    screen.getByRole("radio", { name: "Cron" }).focus();
    await user.keyboard("{ArrowRight}");
    expect(screen.getByRole("radio", { name: "Date and time" })).toHaveFocus();
    expect(screen.getByRole("radio", { name: "Date and time" })).toBeChecked();
    await user.keyboard("{ArrowLeft}");
    expect(expression()).toHaveValue("5 * * * *");
  });
});

describe("a cron timer", () => {
  it("is built on the rulers with a pointer: a click sets a mark, Shift sets up to it", async () => {
    const user = await open("Cron");
    expect(expression()).toHaveValue("0 9 * * *");
    await user.click(mark(/^Minute/, "Minute 30"));
    await user.click(mark(/^Minute/, "Minute 0"));
    await user.click(mark(/^Hour/, "Hour 2"));
    await user.click(mark(/^Hour/, "Hour 14"));
    await user.click(mark(/^Hour/, "Hour 9"));
    await user.click(mark(/^Weekday/, "Sunday"));
    await user.keyboard("{Shift>}");
    await user.click(mark(/^Weekday/, "Friday"));
    await user.keyboard("{/Shift}");
    expect(expression()).toHaveValue("30 2,14 * * 0-5");
    expect(await save(user)).toEqual({ expression: "30 2,14 * * 0-5", timezone: "Europe/Berlin" });
  });

  it("is dragged over a range, and dragged out of it again", async () => {
    const user = await open("Cron");
    const drag = async (from: string, ...over: string[]): Promise<void> => {
      await user.pointer([
        { keys: "[MouseLeft>]", target: mark(/^Month/, from) },
        ...over.map((name) => ({ target: mark(/^Month/, name) })),
        { keys: "[/MouseLeft]" },
      ]);
    };
    await drag("March", "June", "May");
    expect(expression()).toHaveValue("0 9 * 3-5 *");
    await drag("January", "April");
    expect(expression()).toHaveValue("0 9 * 1-5 *");
    // Begun on a mark that is set, a drag takes out.
    await drag("April", "May");
    expect(expression()).toHaveValue("0 9 * 1-3 *");
  });

  it("is built by keys alone, Tab from ruler to ruler", async () => {
    const user = await open("Cron");
    mark(/^Hour/, "Hour 0").focus();
    await user.keyboard("{ArrowRight}{ArrowRight} ");
    expect(expression()).toHaveValue("0 2,9 * * *");
    expect(mark(/^Hour/, "Hour 2")).toHaveFocus();
    mark(/^Weekday/, "Sunday").focus();
    await user.keyboard("{ArrowRight}{Shift>}{ArrowRight}{ArrowRight}{ArrowRight}{ArrowRight}{/Shift}");
    expect(expression()).toHaveValue("0 2,9 * * 1-5");
    await user.keyboard("{Delete}");
    expect(expression()).toHaveValue("0 2,9 * * *");
    await user.keyboard("{End} ");
    expect(expression()).toHaveValue("0 2,9 * * 6");
  });

  it("has rulers that follow what is typed, in the text and beside each ruler", async () => {
    const user = await open("Cron");
    await user.clear(expression());
    await user.type(expression(), "*/20 6 1 jan *");
    expect(mark(/^Minute: every 20 minutes/, "Minute 40")).toHaveAttribute("aria-selected", "true");
    expect(mark(/^Month: January/, "January")).toHaveAttribute("aria-selected", "true");
    const hour = screen.getByRole("textbox", { name: "Hour" });
    await user.clear(hour);
    await user.type(hour, "8-10");
    expect(expression()).toHaveValue("*/20 8-10 1 jan *");
  });

  it("stays text where marks cannot show it, and says so", async () => {
    const user = await open("Cron");
    await user.clear(expression());
    await user.type(expression(), "0 0 L * FRI#2");
    expect(screen.getAllByText(/more than marks can show/)).toHaveLength(2);
    expect(screen.getByText(/takes a day that fits either of them/)).toBeVisible();
    await user.clear(expression());
    await user.type(expression(), "@reboot");
    expect(screen.queryByRole("listbox", { name: /^Hour/ })).toBeNull();
    expect(screen.getByText("The rulers cannot show this expression. It stays text.")).toBeVisible();
  });

  it("shows the engine's error at its column, and takes its proposal in one click", async () => {
    const user = await open("Cron");
    errors = [
      {
        field: "trigger_params.expression",
        message: "weekday `8` at column 11: There is no weekday 8. Did you mean `7`?",
      },
    ];
    await user.clear(expression());
    await user.type(expression(), "0 9 * * 0-8");
    expect(await screen.findByText("There is no weekday 8.")).toBeVisible();
    expect(expression()).toBeInvalid();
    expect(expression()).toHaveAccessibleDescription(/There is no weekday 8/);
    expect(screen.getByText(/\^ column 11/)).toHaveTextContent("^ column 11");
    expect(screen.getByRole("textbox", { name: "Weekday" })).toBeInvalid();
    expect(screen.getByRole("textbox", { name: "Hour" })).toBeValid();
    errors = [];
    await user.click(screen.getByRole("button", { name: "7" }));
    expect(expression()).toHaveValue("0 9 * * 0-7");
    expect(await screen.findByText("any weekday")).toBeInTheDocument();
    await waitFor(() => expect(expression()).toBeValid());
  });
});

describe("the preview", () => {
  it("tells what a clock change does, in the list, in the calendar and to a reader", async () => {
    await open("Cron");
    const list = await screen.findByRole("list", { name: "Next fires" });
    expect(within(list).getByText(/comes twice as clocks go back/)).toBeVisible();
    expect(within(list).getByText("UTC+2")).toBeVisible();
    expect(within(list).getByText("UTC+1")).toBeVisible();
    expect(await screen.findByText("110 fires")).toBeVisible();
    const grid = screen.getByRole("grid", { name: /next weeks/ });
    expect(
      within(grid).getByRole("gridcell", { name: /^Sunday 25 October: 2 fires.*Clocks go back/ }),
    ).toHaveTextContent("2");
    const table = screen.getByRole("table", { name: "Fires of the next weeks" });
    expect(table.querySelectorAll("tr")).toHaveLength(57);
  });

  it("has a calendar that is walked by keys", async () => {
    const user = await open("Cron");
    const grid = await screen.findByRole("grid", { name: /next weeks/ });
    within(grid)
      .getByRole("gridcell", { name: /^Saturday 24 October/ })
      .focus();
    await user.keyboard("{ArrowDown}{ArrowRight}");
    expect(within(grid).getByRole("gridcell", { name: /^Sunday 1 November/ })).toHaveFocus();
    await user.keyboard("{End}");
    expect(within(grid).getByRole("gridcell", { name: /^Friday 18 December/ })).toHaveFocus();
  });

  it("shows both clocks where the zone is not the user's", async () => {
    const user = await open("Cron");
    const zone = screen.getByRole("combobox", { name: "Time zone" });
    await user.click(zone);
    await user.keyboard("new y{Enter}");
    expect(zone).toHaveValue("America/New_York");
    const list = await screen.findByRole("list", { name: "Next fires" });
    expect(await within(list).findByText("09:30")).toBeVisible();
    expect(within(list).getByText("UTC−4")).toBeVisible();
    expect(within(list).getByText(/14:30 here/)).toBeVisible();
    expect(checked.at(-1)?.draft.trigger_params["timezone"]).toBe("America/New_York");
  });

  it("dims what is of an older draft until the new is there", async () => {
    const user = await open("Cron");
    const list = await screen.findByRole("list", { name: "Next fires" });
    await waitFor(() => expect(list).not.toHaveClass("stale"));
    held = [];
    await user.click(mark(/^Minute/, "Minute 30"));
    expect(list).toHaveClass("stale");
    await waitFor(() => expect(held).toHaveLength(1));
    for (const go of held ?? []) go();
    held = null;
    await waitFor(() => expect(list).not.toHaveClass("stale"));
  });

  it("draws a schedule that is right and not saved yet on the score", async () => {
    const user = await open("Cron");
    errors = [{ field: "label", message: "a rule needs a name" }];
    await user.click(mark(/^Minute/, "Minute 30"));
    await waitFor(() => expect(scoreView.draft).toEqual(FIRES.map((fire) => fire.at)));
    cleanup();
    expect(scoreView.draft).toEqual([]);
  });
});

describe("a one-shot", () => {
  it("is a date, a time and a zone, picked from a month or typed", async () => {
    const user = await open("Date and time");
    const date = screen.getByRole("textbox", { name: "Once, on, date" });
    expect(date).toHaveValue("2026-10-25");
    const month = screen.getByRole("grid", { name: "Day" });
    await user.click(within(month).getByRole("button", { name: "Tuesday 27 October" }));
    const time = screen.getByRole("textbox", { name: "Once, on, time" });
    await user.clear(time);
    await user.type(time, "09:15");
    within(month).getByRole("button", { name: "Tuesday 27 October" }).focus();
    await user.keyboard("{ArrowDown}{Enter}");
    expect(date).toHaveValue("2026-11-03");
    expect(await save(user)).toEqual({ fire_at: "2026-11-03T09:15", timezone: "Europe/Berlin" });
  });

  it("keeps what is typed as it is and shows the engine's word on it", async () => {
    const user = await open("Date and time");
    errors = [{ field: "trigger_params.fire_at", message: "`soonT09:00` is not a time" }];
    const date = screen.getByRole("textbox", { name: "Once, on, date" });
    await user.clear(date);
    await user.type(date, "soon");
    expect(date).toHaveValue("soon");
    expect(await screen.findByText(/is not a time/)).toBeVisible();
    expect(date).toBeInvalid();
    expect(checked.at(-1)?.draft.trigger_params["fire_at"]).toBe("soonT09:00");
  });
});

describe("a recurrence", () => {
  it("is made of fields: every second week on two days, ten times", async () => {
    const user = await open("Recurrence");
    const every = screen.getByRole("textbox", { name: "Every" });
    await user.clear(every);
    await user.type(every, "2");
    await user.click(screen.getByRole("button", { name: "Sunday" }));
    await user.click(screen.getByRole("button", { name: "Thursday" }));
    await user.click(screen.getByRole("button", { name: "Tuesday" }));
    await user.click(screen.getByRole("radio", { name: "after some" }));
    expect(screen.getByText("FREQ=WEEKLY;INTERVAL=2;COUNT=10;BYDAY=TU,TH")).toBeVisible();
    expect(await save(user)).toEqual({
      freq: "WEEKLY",
      interval: 2,
      by_day: ["TU", "TH"],
      dtstart: "2026-10-25T09:00",
      timezone: "Europe/Berlin",
      count: 10,
    });
  });

  it("is its own text as well, and goes back to fields where they can hold it", async () => {
    const user = await open("Recurrence");
    await user.selectOptions(screen.getByLabelText("Of"), "month");
    await user.click(screen.getByRole("button", { name: "Sunday" }));
    await user.type(screen.getByLabelText("Days of the month"), "1, -1");
    await user.click(screen.getByRole("radio", { name: "Text" }));
    const text = screen.getByRole("textbox", { name: "Rule" });
    expect(text).toHaveValue("FREQ=MONTHLY;BYMONTHDAY=1,-1");
    await user.type(text, ";X=1");
    expect(screen.getByRole("radio", { name: "Fields" })).toBeDisabled();
    await user.clear(text);
    await user.type(text, "FREQ=DAILY;INTERVAL=3");
    await user.click(screen.getByRole("radio", { name: "Fields" }));
    expect(screen.getByRole("textbox", { name: "Every" })).toHaveValue("3");
    const params = await save(user);
    expect(params).toEqual({
      freq: "DAILY",
      interval: 3,
      dtstart: "2026-10-25T09:00",
      timezone: "Europe/Berlin",
    });
  });
});

describe("the options of all timers", () => {
  it("are folded, say what they are, and become parameters", async () => {
    const user = await open("Cron");
    await user.click(screen.getByRole("button", { name: /Options Missed runs: run once/ }));
    await user.click(screen.getByRole("radio", { name: "Run all" }));
    await user.type(screen.getByRole("textbox", { name: "At most" }), "5");
    await user.type(screen.getByRole("textbox", { name: "Spread over seconds" }), "30");
    await user.type(screen.getByRole("textbox", { name: "Not before, date" }), "2026-11-01");
    expect(screen.getByRole("textbox", { name: "Not before, time" })).toHaveValue("00:00");
    expect(await save(user)).toEqual({
      expression: "0 9 * * *",
      timezone: "Europe/Berlin",
      misfire: "all",
      misfire_limit: 5,
      jitter_seconds: 30,
      not_before: "2026-11-01T00:00",
    });
  });

  it("open by themselves where one of them is wrong", async () => {
    const user = await open("Cron");
    errors = [{ field: "trigger_params.jitter_seconds", message: "longer than the shortest gap" }];
    await user.click(screen.getByRole("button", { name: /^Options/ }));
    await user.type(screen.getByRole("textbox", { name: "Spread over seconds" }), "99999");
    expect(await screen.findByText("Longer than the shortest gap")).toBeVisible();
    await user.click(screen.getByRole("button", { name: /^Options/ }));
    expect(screen.getByText("Longer than the shortest gap")).toBeVisible();
  });

  it("carry the user's own offset with an interval, which has no zone", async () => {
    const user = await open("Interval");
    await user.click(screen.getByRole("button", { name: /^Options/ }));
    await user.type(screen.getByRole("textbox", { name: "Not after, date" }), "2026-12-31");
    await user.selectOptions(screen.getByLabelText("Counted"), "instant");
    const params = await save(user);
    expect(params["not_after"]).toBe("2026-12-31T23:59+02:00");
    expect(params["anchor"]).toMatch(/^2026-10-24T21:42(:\d\d)?\+02:00$/);
  });
});

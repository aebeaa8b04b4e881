import { describe, expect, it } from "vitest";
import {
  eitherDay,
  FIELDS,
  mended,
  reading,
  readField,
  readWrong,
  rulersOf,
  withField,
  withMarks,
  wordAt,
  writeField,
  type FieldName,
} from "./cron";

const spec = (name: FieldName): (typeof FIELDS)[number] => {
  const found = FIELDS.find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
};
const marks = (name: FieldName, token: string): number[] | null => {
  const found = readField(spec(name), token);
  return found && [...found].sort((a, b) => a - b);
};

describe("what a field means on its ruler", () => {
  it.each<[FieldName, string, number[]]>([
    ["minute", "30", [30]],
    ["hour", "2,14", [2, 14]],
    ["minute", "*/15", [0, 15, 30, 45]],
    ["hour", "9-17/4", [9, 13, 17]],
    ["day", "1,10-12", [1, 10, 11, 12]],
    ["month", "jan,JUL", [1, 7]],
    ["weekday", "0-5", [0, 1, 2, 3, 4, 5]],
    ["weekday", "5-7", [0, 5, 6]],
    ["weekday", "MON-fri", [1, 2, 3, 4, 5]],
    ["weekday", "FRI-SUN", [0, 5, 6]],
  ])("%s %s", (name, token, values) => expect(marks(name, token)).toEqual(values));

  it("no mark where every value counts, however that is written", () => {
    for (const [name, token] of [
      ["minute", "*"],
      ["minute", "*/1"],
      ["minute", "0-59"],
      ["day", "?"],
      ["weekday", "0-7"],
    ] as const)
      expect(marks(name, token)).toEqual([]);
  });

  it.each<[FieldName, string]>([
    ["day", "L"],
    ["day", "15W"],
    ["weekday", "FRI#2"],
    ["weekday", "5L"],
    ["minute", "?"],
    ["minute", "5/10"],
    ["minute", "61"],
    ["hour", "22-2"],
    ["hour", "*/0"],
    ["day", "0"],
    ["weekday", "8"],
    ["minute", "1,,2"],
    ["minute", ",1"],
    ["month", "Smarch"],
  ])("nothing where %s %s says more or less than marks can", (name, token) =>
    expect(marks(name, token)).toBeNull(),
  );
});

describe("the word for some marks", () => {
  it.each<[FieldName, number[], string]>([
    ["minute", [], "*"],
    ["minute", [30], "30"],
    ["hour", [2, 14], "2,14"],
    ["hour", [2, 3], "2,3"],
    ["weekday", [0, 1, 2, 3, 4, 5], "0-5"],
    ["weekday", [0, 6], "0,6"],
    ["day", [1, 2, 3, 7, 9, 10, 11], "1-3,7,9-11"],
    ["minute", [0, 15, 30, 45], "*/15"],
    ["minute", [0, 30], "0,30"],
    ["hour", [0, 6, 12, 18], "0,6,12,18"],
    ["day", [1, 11, 21, 31], "1,11,21,31"],
    ["weekday", [0, 1, 2, 3, 4, 5, 6], "*"],
  ])("%s %j is %s", (name, values, token) => expect(writeField(spec(name), new Set(values))).toBe(token));

  it("means those marks again, whichever they are", () => {
    for (const field of FIELDS) {
      for (let seed = 1; seed < 200; seed++) {
        const values = new Set<number>();
        for (let value = field.lowest; value <= field.highest; value++)
          if (Math.sin(seed * 12.9898 + value * 78.233) > 0.2) values.add(value);
        expect(readField(field, writeField(field, values))).toEqual(values);
      }
    }
  });
});

describe("the rulers of a text", () => {
  it("follow five fields, six with seconds, and short forms", () => {
    expect(rulersOf("30 2,14 * * 0-5")?.fields.map((field) => field.token)).toEqual([
      "30",
      "2,14",
      "*",
      "*",
      "0-5",
    ]);
    expect(rulersOf("*/10 30 2 * * *")).toMatchObject({ seconds: "*/10" });
    expect(
      rulersOf(" @daily ")
        ?.fields.map((field) => field.token)
        .join(" "),
    ).toBe("0 0 * * *");
    for (const text of ["", "* * *", "1 2 3 4 5 6 7", "@reboot"]) expect(rulersOf(text)).toBeNull();
  });

  it("build `30 2,14 * * 0-5` from what a new rule begins with in eight strokes", () => {
    let text = "0 9 * * *";
    const press = (name: FieldName, from: number, to: number, on: boolean): void => {
      const before = readField(spec(name), rulersOf(text)?.fields[FIELDS.indexOf(spec(name))]?.token ?? "");
      text = withField(text, name, writeField(spec(name), withMarks(before ?? new Set(), from, to, on)));
    };
    press("minute", 30, 30, true);
    press("minute", 0, 0, false);
    press("hour", 2, 2, true);
    press("hour", 14, 14, true);
    press("hour", 9, 9, false);
    press("weekday", 0, 0, true);
    press("weekday", 5, 0, true);
    expect(text).toBe("30 2,14 * * 0-5");
  });

  it("leave seconds and the other fields as they are", () => {
    expect(withField("*/10 5  L * FRI#2", "hour", "3")).toBe("*/10 3 L * FRI#2");
    expect(withField("0 5 2 L * ?", "minute", "7")).toBe("0 7 2 L * ?");
    expect(withField("@daily", "hour", "6")).toBe("0 6 * * *");
    expect(withField("rubbish", "hour", "6")).toBe("* 6 * * *");
    expect(withField("1 2 3 4 5", "hour", " ")).toBe("1 * 3 4 5");
  });

  it("say in words what is set", () => {
    const said = (text: string): string[] => rulersOf(text)?.fields.map(reading) ?? [];
    expect(said("30 2,14 * * 0-5")).toEqual([
      "at minute 30",
      "at 2 and 14",
      "every day",
      "every month",
      "Sunday to Friday",
    ]);
    expect(said("*/15 * 1,15 1,7 *")).toEqual([
      "every 15 minutes",
      "every hour",
      "on day 1 and 15",
      "Jan and Jul",
      "any weekday",
    ]);
    expect(said("1,2,5,8,13 9-17 1-5 6 FRI#2")).toEqual([
      "5 minutes",
      "9 to 17",
      "days 1 to 5",
      "June",
      "as written",
    ]);
  });

  it("tell where cron takes a day that fits either field", () => {
    const either = (text: string): boolean => {
      const rulers = rulersOf(text);
      return rulers !== null && eitherDay(rulers);
    };
    expect(either("0 0 13 * FRI")).toBe(true);
    expect([either("0 0 13 * *"), either("0 0 */2 * FRI"), either("0 0 13 * +FRI")]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe("what the engine says of a wrong text", () => {
  const said =
    "Weekday `8` at column 15: There is no weekday 8. Weekdays go from 0 to 7, and both 0 and 7 are Sunday. Did you mean `7`?";

  it("is taken apart: the place, the reason, what may be meant", () => {
    expect(readWrong(said)).toEqual({
      column: 14,
      found: "8",
      reason: "There is no weekday 8. Weekdays go from 0 to 7, and both 0 and 7 are Sunday.",
      proposals: ["7"],
    });
    expect(readWrong("Month `FBE` at column 7: did you mean `FEB`?")).toEqual({
      column: 6,
      found: "FBE",
      reason: "`FBE` is not known here.",
      proposals: ["FEB"],
    });
    expect(
      readWrong("Day `30` at column 5: this never fires: FEB has no 30th; did you mean `L`?"),
    ).toMatchObject({
      column: 4,
      reason: "This never fires: FEB has no 30th.",
    });
    expect(readWrong("the expression is empty: expected 5 fields, such as `30 8 * * 1-5`")).toEqual({
      column: null,
      found: "",
      reason: "The expression is empty: expected 5 fields, such as `30 8 * * 1-5`.",
      proposals: [],
    });
  });

  it.each([
    [
      "30 2,14 * * 0-8",
      "Weekday `8` at column 15: There is no weekday 8. Did you mean `7`?",
      "30 2,14 * * 0-7",
    ],
    ["0 0  1 FBE *", "Month `FBE` at column 8: did you mean `FEB`?", "0 0  1 FEB *"],
    ["1,,2 * * * *", "Minute `1,,2` at column 3: here one is missing; did you mean `1,2`?", "1,2 * * * *"],
    ["0 ９ * * *", "Hour `９` at column 3: only the digits 0 to 9 count; did you mean `9`?", "0 9 * * *"],
    ["7,*/0 * * * *", "Minute `0` at column 5: a step is from 1 on; did you mean `*/1`?", "7,*/1 * * * *"],
    [
      "0,?/5,3 * * * *",
      "Minute `?` at column 3: a step goes with `*`; did you mean `*/5`?",
      "0,*/5,3 * * * *",
    ],
    [
      "0 22-2 * * *",
      "Hour `22-2` at column 3: from the smaller on; did you mean `22-23,0-2`?",
      "0 22-23,0-2 * * *",
    ],
    ["@dayly", "Expression `@dayly` at column 1: did you mean `@daily`?", "@daily"],
  ])("%s is mended in one click", (text, message, after) => {
    const wrong = readWrong(message);
    expect(mended(text, wrong, wrong.proposals[0] ?? "")).toBe(after);
  });

  it("is shown in the field that holds its place", () => {
    expect([wordAt("30 2,14 * * 0-8", 14), wordAt("30 2,14 * * 0-8", null), wordAt("", 0)]).toEqual([
      4, -1, -1,
    ]);
  });
});

import { describe, expect, it } from "vitest";
import type { EventDetail, RuleView } from "$/contract";
import {
  operand,
  pathsOf,
  readConditions,
  writeConditions,
  newLeaf,
  newGroup,
  conditionsInWords,
  removeItem,
} from "./conditions";
import {
  changedFields,
  draftOf,
  emptyDraft,
  fromEvent,
  pack,
  readTags,
  suggestRef,
  toRequest,
  unpack,
} from "./draft";
import { fieldsOf, fromText, templateParts, toText } from "./schema";
import { type Json, readList, readValue, same, typeWord, writeList, writeValue } from "./values";

const RULE: RuleView = {
  id: 7,
  ref: "default.hello",
  pack: "default",
  label: "Hello",
  description: "",
  tags: ["a"],
  trigger_ref: "core.intervaltimer",
  trigger_params: { interval: 1, unit: "seconds" },
  conditions: {},
  action_ref: "core.echo",
  action_params: { message: "Hi" },
  timeout_seconds: null,
  state: "enabled",
  version: 3,
  fault: null,
  sentence: "Every second",
  zone: null,
  execution_count: 0,
  next_fire: null,
  created: "2026-11-24T00:00:00Z",
  updated: "2026-11-24T00:00:00Z",
};

describe("a value as typed", () => {
  it.each([
    ["12", 12],
    ["-1.5e3", -1500],
    ["010", "010"],
    ["1.", "1."],
    ["true", true],
    ['"12"', "12"],
    ["[1, 2]", [1, 2]],
    ["{broken", "{broken"],
    [" padded ", " padded "],
  ])("%s is read as it is meant", (text, value) => expect(readValue(text)).toEqual(value));

  it("is written so that it reads back the same", () => {
    for (const value of ["12", "true", "plain", '"', 12, null, [1, "a"], { a: 1 }]) {
      expect(readValue(writeValue(value))).toEqual(value);
    }
  });

  it("may be a list with commas", () => {
    expect(readList("a, 2, true")).toEqual(["a", 2, true]);
    expect(writeList(["a", 2])).toBe("a, 2");
    expect(readList(writeList(["a, b", "2"]))).toEqual(["a, b", "2"]);
    expect(typeWord(["a"])).toBe("list");
  });

  it("is the same whatever the order of its keys", () => {
    expect(same({ a: 1, b: [{ c: 1, d: 2 }] }, { b: [{ d: 2, c: 1 }], a: 1 })).toBe(true);
    expect(same("3", 3)).toBe(false);
  });
});

describe("conditions", () => {
  const tree: Json = {
    all: [
      { field: "event.payload.size", operator: "greater_than", value: 3 },
      { any: [{ field: "event.payload.name", operator: "in", value: ["a", "b"] }] },
      { field: "event.payload.x", operator: "exists" },
    ],
  };

  it("go through the form unchanged", () => {
    expect(writeConditions(readConditions(tree))).toEqual(tree);
    for (const none of [null, {}, [], undefined]) expect(writeConditions(readConditions(none))).toBeNull();
    const expression = { expression: "event.payload.size > 3" };
    expect(writeConditions(readConditions(expression))).toEqual(expression);
  });

  it("read the flat list form, whose fields look into the payload", () => {
    expect(writeConditions(readConditions([{ field: "size", operator: "equals", value: "3" }]))).toEqual({
      all: [{ field: "event.payload.size", operator: "equals", value: "3" }],
    });
  });

  it("are named as the engine names them in its errors", () => {
    const root = readConditions(tree);
    expect([...pathsOf(root).values()]).toEqual([
      "conditions",
      "conditions.all.0",
      "conditions.all.1",
      "conditions.all.1.any.0",
      "conditions.all.2",
    ]);
  });

  it("take what their operator takes", () => {
    expect(operand(newLeaf("f", "equals", "12"))).toBe(12);
    expect(operand(newLeaf("f", "starts_with", "12"))).toBe("12");
    expect(operand(newLeaf("f", "is_between", "1 and 5"))).toEqual([1, 5]);
    expect(operand(newLeaf("f", "exists", "12"))).toBeUndefined();
  });

  it("say themselves in words and lose a row from deep inside", () => {
    const inner = newLeaf("event.payload.b", "equals", "2");
    const root = newGroup("all", [newLeaf("event.payload.a", "equals", "1"), newGroup("any", [inner])]);
    expect(conditionsInWords(root)).toBe("a is 1 and (b is 2)");
    removeItem(root, inner.id);
    expect(conditionsInWords(newGroup())).toBe("Always");
    expect(root.items[1]).toMatchObject({ items: [] });
  });
});

describe("a draft", () => {
  it("differs from what is saved only in what was changed", () => {
    const saved = draftOf(RULE);
    expect(changedFields(saved, draftOf(RULE))).toEqual([]);
    const draft = draftOf({
      ...RULE,
      label: "Hello 2",
      action_params: {},
      trigger_params: { interval: 2, unit: "seconds" },
    });
    expect(changedFields(saved, draft)).toEqual([
      "label",
      "trigger_params.interval",
      "action_params.message",
    ]);
  });

  it("survives being put away", () => {
    const draft = { ...draftOf(RULE), label: "Changed", enabled: true };
    const kept = unpack(JSON.parse(JSON.stringify(pack(draft))));
    expect(kept && toRequest(kept)).toEqual(toRequest(draft));
    expect(unpack({ label: 1 })).toBeNull();
  });

  it("suggests a ref from any name", () => {
    expect(suggestRef("Écho, every  second!")).toBe("default.echo_every_second");
    expect(suggestRef("Straße 7")).toBe("default.strasse_7");
    expect(suggestRef("日本")).toBe("");
  });

  it("takes tags once each", () => expect(readTags(" a, b,,a ")).toEqual(["a", "b"]));

  it("begins with a condition on the field that was pointed at", () => {
    const event = { event: { trigger_ref: "x.y" }, payload: { a: { b: "12" } } } as unknown as EventDetail;
    expect(toRequest(fromEvent(event, "a.b")).conditions).toEqual({
      all: [{ field: "event.payload.a.b", operator: "equals", value: "12" }],
    });
    expect(emptyDraft().label).toBe("");
  });
});

describe("the form of a schema", () => {
  const schema = {
    type: "object",
    required: ["script", "interval"],
    properties: {
      interval: { type: "integer", default: 60, minimum: 1 },
      type: { type: "string", const: "interval" },
      script: { type: "string", position: 1, description: "What to run" },
      shell: { type: "string", enum: ["sh", "bash"], default: "sh" },
      args: { type: "array", default: [] },
      quiet: { type: "boolean" },
    },
  };

  it("has one field for each parameter, in its order, and none for what is fixed", () => {
    expect(fieldsOf(schema).map((field) => [field.label, field.kind, field.required])).toEqual([
      ["Script", "long", true],
      ["Interval", "number", false],
      ["Shell", "choice", false],
      ["Args", "json", false],
      ["Quiet", "truth", false],
    ]);
    expect(fieldsOf(null)).toEqual([]);
  });

  it("reads what is typed by its kind, and templates as text", () => {
    expect(fromText("number", "12")).toBe(12);
    expect(fromText("text", "12")).toBe("12");
    expect(fromText("number", "twelve")).toBe("twelve");
    expect(fromText("number", "{{ event.payload.n }}")).toBe("{{ event.payload.n }}");
    expect(fromText("json", "[1]")).toEqual([1]);
    expect(fromText("text", "")).toBeUndefined();
    expect(toText("number", 12)).toBe("12");
    expect(toText("json", "[1]")).toBe('"[1]"');
  });

  it("tells templates from the text around them", () => {
    expect(templateParts("a {{ b }}c")).toEqual([
      { text: "a ", template: false },
      { text: "{{ b }}", template: true },
      { text: "c", template: false },
    ]);
  });
});

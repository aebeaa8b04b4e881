import { describe, expect, it } from "vitest";
import {
  fromAddress,
  inWords,
  isEmpty,
  matchesText,
  take,
  toAddress,
  withoutToken,
  withToken,
} from "./tokens";

const KEYS = ["tag", "state", "time"];

describe("typing into the filter bar", () => {
  it("makes a token of what is finished and leaves the rest", () => {
    expect(take("tag:home pho", KEYS, false)).toEqual({
      tokens: [{ key: "tag", value: "home" }],
      rest: "pho",
    });
  });

  it("waits while the last token may still grow", () => {
    expect(take("tag:ho", KEYS, false)).toEqual({ tokens: [], rest: "tag:ho" });
    expect(take("tag:ho", KEYS, true)).toEqual({ tokens: [{ key: "tag", value: "ho" }], rest: "" });
  });

  it("takes quoted values whole", () => {
    expect(take('time:"15 min" x', KEYS, false).tokens).toEqual([{ key: "time", value: "15 min" }]);
  });

  it("names a key that nobody knows and keeps it as text", () => {
    expect(take("colour:red x", KEYS, true)).toEqual({ tokens: [], rest: "colour:red x", unknown: "colour" });
  });
});

describe("the address", () => {
  it("carries the filter there and back", () => {
    const filter = {
      tokens: [
        { key: "tag", value: "a b" },
        { key: "tag", value: "c" },
      ],
      text: "x y",
    };
    const changes = toAddress(filter, KEYS);
    expect(changes).toEqual({ tag: "a b,c", state: null, time: null, q: "x y" });
    expect(fromAddress({ tag: "a b,c", q: "x y", group: "pack" }, KEYS, ["tag"])).toEqual(filter);
  });

  it("says nothing where nothing is filtered", () => {
    expect(isEmpty(fromAddress({ tag: "", group: "pack" }, KEYS))).toBe(true);
  });
});

describe("tokens", () => {
  const start = {
    tokens: [
      { key: "state", value: "on" },
      { key: "tag", value: "a" },
    ],
    text: "",
  };

  it("replaces a key that stands once and adds to the others", () => {
    const next = withToken(withToken(start, { key: "state", value: "off" }, ["state"]), {
      key: "tag",
      value: "b",
    });
    expect(inWords(next)).toBe("tag:a state:off tag:b");
  });

  it("are taken out one by one", () => {
    expect(inWords(withoutToken(start, { key: "tag", value: "a" }))).toBe("state:on");
  });

  it("match text by every word, anywhere", () => {
    expect(matchesText("nas photo", ["Photo backup", "to the NAS"])).toBe(true);
    expect(matchesText("nas video", ["Photo backup", "to the NAS"])).toBe(false);
  });
});

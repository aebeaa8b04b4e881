import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refusal, type FeedMessage, type Host } from "$/host";
import { line } from "./engine.svelte";
import { Query } from "./query.svelte";

/** A host whose answers are given by hand. */
function host(): {
  host: Host;
  asked: string[];
  answer: (value: unknown) => void;
  refuse: (thrown: unknown) => void;
  say: (message: FeedMessage) => void;
} {
  const asked: string[] = [];
  const waiting: { resolve: (value: unknown) => void; reject: (thrown: unknown) => void }[] = [];
  let hear: (message: FeedMessage) => void = () => undefined;
  return {
    asked,
    answer: (value) => waiting.shift()?.resolve(value),
    refuse: (thrown) => waiting.shift()?.reject(thrown),
    say: (message) => hear(message),
    host: {
      controls: null,
      call: (command) => {
        asked.push(command);
        return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
      },
      watch: (listener) => {
        hear = listener;
        return () => undefined;
      },
    },
  };
}

describe("a query", () => {
  const stops: (() => void)[] = [];
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
    line.close();
    vi.useRealTimers();
  });

  async function settle(): Promise<void> {
    await vi.advanceTimersByTimeAsync(0);
  }

  function listed(): { query: Query<"rule.list">; fake: ReturnType<typeof host> } {
    const fake = host();
    line.open(fake.host);
    const query = new Query("rule.list", () => ({}));
    stops.push(line.listen((heard) => query.heed(heard)));
    stops.push(() => query.stop());
    return { query, fake };
  }

  it("reads again when the feed names one of its topics, and not for others", async () => {
    const { query, fake } = listed();
    void query.refetch();
    fake.answer({ rules: [] });
    await settle();
    fake.say({ type: "feed", seq: 1, topics: ["output:12", "sensors"] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fake.asked).toHaveLength(1);
    fake.say({ type: "feed", seq: 2, topics: ["rules"] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fake.asked).toHaveLength(2);
  });

  it("reads once for a hundred notices, and once more for what came while it read", async () => {
    const { query, fake } = listed();
    void query.refetch();
    fake.answer({ rules: [] });
    await settle();
    for (let seq = 0; seq < 100; seq++) fake.say({ type: "feed", seq, topics: ["executions"] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fake.asked).toHaveLength(2);
    for (let seq = 0; seq < 100; seq++) fake.say({ type: "feed", seq, topics: ["executions"] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fake.asked).toHaveLength(2);
    fake.answer({ rules: [] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fake.asked).toHaveLength(3);
  });

  it("drops an answer that was overtaken", async () => {
    const { query, fake } = listed();
    void query.refetch();
    void query.refetch();
    fake.answer({ rules: ["old"] });
    await settle();
    expect(query.data).toBeUndefined();
    fake.answer({ rules: ["new"] });
    await settle();
    expect(query.data).toEqual({ rules: ["new"] });
  });

  it("keeps what it has when a later read is refused, and says why", async () => {
    const { query, fake } = listed();
    void query.refetch();
    fake.answer({ rules: [1] });
    await settle();
    void query.refetch();
    fake.refuse(new Refusal("The engine is stopping.", "unavailable"));
    await settle();
    expect(query.data).toEqual({ rules: [1] });
    expect(query.error?.message).toBe("The engine is stopping.");
  });

  it("reads everything again after a resync and after the line was lost", async () => {
    const { query, fake } = listed();
    void query.refetch();
    fake.answer({ rules: [] });
    await settle();
    fake.say({ type: "closed", reason: "gone" });
    expect(line.lost).toBe("gone");
    fake.say({ type: "open" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(line.lost).toBeNull();
    expect(fake.asked).toHaveLength(2);
    fake.answer({ rules: [] });
    await settle();
    fake.say({ type: "resync" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fake.asked).toHaveLength(3);
  });

  it("calls itself slow only after 200 ms without a first answer", async () => {
    const { query, fake } = listed();
    void query.refetch();
    await vi.advanceTimersByTimeAsync(199);
    expect(query.slow).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(query.slow).toBe(true);
    fake.answer({ rules: [] });
    await settle();
    expect(query.slow).toBe(false);
  });
});

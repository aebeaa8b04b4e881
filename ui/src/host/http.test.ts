import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refusal } from "./host";
import { httpHost, takeToken } from "./http";

class FakeSocket {
  static made: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  sent: string[] = [];
  constructor(
    readonly url: URL,
    readonly protocols: string[],
  ) {
    FakeSocket.made.push(this);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.onclose?.();
  }
}

describe("the page in a browser", () => {
  beforeEach(() => {
    sessionStorage.clear();
    FakeSocket.made = [];
    vi.stubGlobal("WebSocket", FakeSocket);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("takes the token out of the address and keeps it for the session", () => {
    history.replaceState(null, "", "#token=secret%2Bone");
    expect(takeToken(location, sessionStorage, history)).toBe("secret+one");
    expect(location.href).not.toContain("secret");
    expect(takeToken(location, sessionStorage, history)).toBe("secret+one");
  });

  it("asks by POST with the token and hands a refusal on with its fields", async () => {
    sessionStorage.setItem("attune.token", "t");
    const fetched = vi.fn(
      async (_url: string, _init: RequestInit) =>
        new Response(
          JSON.stringify({
            error: "`interval` must be 1 or more",
            code: "invalid",
            details: { fields: [{ field: "trigger_params.interval", message: "must be 1 or more" }] },
          }),
          { status: 422 },
        ),
    );
    vi.stubGlobal("fetch", fetched);
    const refused = await httpHost()
      .call("rule.create", { a: 1 })
      .catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(Refusal);
    expect((refused as Refusal).code).toBe("invalid");
    expect((refused as Refusal).fields).toEqual([
      { field: "trigger_params.interval", message: "must be 1 or more" },
    ]);
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe("/api/v1/rpc/rule.create");
    expect(init).toMatchObject({ method: "POST", body: '{"a":1}', headers: { authorization: "Bearer t" } });
  });

  it("says in a sentence that nobody answers", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    await expect(httpHost().call("rule.list", {})).rejects.toMatchObject({ code: "unreachable" });
  });

  it("subscribes to the feed, and comes back by itself after a loss", () => {
    vi.useFakeTimers();
    sessionStorage.setItem("attune.token", "t");
    const heard: unknown[] = [];
    const stop = httpHost().watch((message) => heard.push(message));
    const [first] = FakeSocket.made;
    expect(first?.protocols).toEqual(["attune.v1", "attune.jwt.t"]);
    first?.onopen?.();
    expect(first?.sent).toEqual(['{"type":"subscribe","filter":"feed"}']);
    first?.onmessage?.({ data: '{"type":"feed","seq":1,"topics":["rules"]}' });
    first?.onmessage?.({ data: "not json" });
    first?.onclose?.();
    vi.advanceTimersByTime(250);
    expect(FakeSocket.made).toHaveLength(2);
    FakeSocket.made[1]?.onopen?.();
    stop();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.made).toHaveLength(2);
    expect(heard).toMatchObject([
      { type: "open" },
      { type: "feed", topics: ["rules"] },
      { type: "closed" },
      { type: "open" },
    ]);
  });
});

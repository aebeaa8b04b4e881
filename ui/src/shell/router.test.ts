import { beforeEach, describe, expect, it } from "vitest";
import { href, parseRoute, router } from "./router.svelte";

describe("an address", () => {
  it("carries place, filters and selection there and back", () => {
    const address = href(["rules", "default.a b"], { q: "50 % & more", state: null }, 12);
    expect(parseRoute(address)).toEqual({
      path: ["rules", "default.a b"],
      query: { q: "50 % & more" },
      at: "12",
    });
    expect(href("runs")).toBe("#/runs");
  });

  it("leads to Now where it names nothing, and survives nonsense", () => {
    expect(parseRoute("").path).toEqual(["now"]);
    expect(parseRoute("#/runs/%E0%A4%A?x=%#%").path).toEqual(["runs", "%E0%A4%A"]);
  });
});

describe("going about", () => {
  beforeEach(() => {
    history.replaceState(null, "", "#/now");
    const stop = router.start();
    return stop;
  });

  it("steps back to the same list with its filter and what it kept", async () => {
    router.go("#/rules?tag=home");
    router.keep("scroll", 400);
    router.go(href(["rules", "default.x"]));
    expect(router.kept("scroll")).toBeUndefined();
    const arrived = new Promise((done) => window.addEventListener("popstate", done, { once: true }));
    router.back();
    await arrived;
    expect(router.route).toEqual({ path: ["rules"], query: { tag: "home" }, at: null });
    expect(router.kept("scroll")).toBe(400);
    expect(router.canForward).toBe(true);
  });

  it("does not leave a step behind for a filter or a cursor", () => {
    router.go("#/runs");
    router.filter({ status: "failed" });
    router.select(7);
    expect(location.hash).toBe("#/runs?status=failed#7");
    router.filter({ status: null });
    expect(location.hash).toBe("#/runs#7");
  });

  it("forgets what lay ahead once another way is taken", () => {
    router.go("#/events");
    expect(router.canForward).toBe(false);
    router.go("#/events");
    expect(location.hash).toBe("#/events");
  });
});

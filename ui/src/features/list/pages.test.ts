import { beforeEach, describe, expect, it, vi } from "vitest";
import { Refusal } from "$/host";
import { PAGE, Pages, type PageRequest } from "./pages.svelte";

interface Row {
  id: number;
  open: boolean;
}

/** A list on the engine's side. */
let there: Row[] = [];
const asked: PageRequest[] = [];

function read(page: PageRequest): Promise<{ rows: Row[]; next: number | null }> {
  asked.push(page);
  const all = there.filter((row) => row.id < (page.before ?? Infinity)).sort((a, b) => b.id - a.id);
  const rows = all.slice(0, page.limit).map((row) => ({ ...row }));
  return Promise.resolve({ rows, next: all.length > page.limit ? (rows.at(-1)?.id ?? null) : null });
}

function made(count: number, from = 1): Row[] {
  return Array.from({ length: count }, (_, index) => ({ id: from + index, open: false }));
}

function ids(pages: Pages<Row>): [number | undefined, number | undefined, number] {
  return [pages.rows[0]?.id, pages.rows.at(-1)?.id, pages.rows.length];
}

beforeEach(() => {
  there = [];
  asked.length = 0;
});

describe("a long list", () => {
  it("is read page by page to its end, each row once", async () => {
    there = made(250);
    const pages = new Pages<Row>(read, () => false);
    await pages.start();
    expect(ids(pages)).toEqual([250, 151, 100]);
    await Promise.all([pages.older(), pages.older()]);
    await pages.older();
    expect(ids(pages)).toEqual([250, 1, 250]);
    await pages.older();
    expect([pages.complete, asked.length]).toEqual([true, 3]);
  });

  it("takes in what is new and keeps what it had", async () => {
    there = made(150);
    const pages = new Pages<Row>(read, () => false);
    await pages.start();
    await pages.older();
    there.push(...made(5, 151));
    await pages.refresh();
    expect(ids(pages)).toEqual([155, 1, 155]);
  });

  it("begins anew where more came than a page holds, and leaves no hole", async () => {
    there = made(50);
    const pages = new Pages<Row>(read, () => false);
    await pages.start();
    there.push(...made(PAGE + 20, 51));
    await pages.refresh();
    expect([...ids(pages), pages.complete]).toEqual([170, 71, 100, false]);
    await pages.older();
    expect(ids(pages)).toEqual([170, 1, 170]);
  });

  it("learns of the end of a row far down", async () => {
    there = made(250);
    const far = there[9];
    if (far) far.open = true;
    const pages = new Pages<Row>(read, (row) => row.open);
    await pages.start();
    await pages.older();
    await pages.older();
    if (far) far.open = false;
    await pages.refresh();
    expect(pages.rows.find((row) => row.id === 10)?.open).toBe(false);
    expect(ids(pages)).toEqual([250, 1, 250]);
  });

  it("drops a row that is gone, and keeps all where a reading fails", async () => {
    there = made(5);
    const reading = vi.fn(read);
    const pages = new Pages<Row>(reading, () => false);
    await pages.start();
    there = there.filter((row) => row.id !== 3);
    await pages.refresh();
    expect(pages.rows.map((row) => row.id)).toEqual([5, 4, 2, 1]);
    reading.mockRejectedValueOnce(new Refusal("gone", "unavailable"));
    await pages.refresh();
    expect([pages.error?.message, pages.rows.length]).toEqual(["gone", 4]);
  });

  it("forgets an answer that was overtaken by another question", async () => {
    there = made(3);
    const pages = new Pages<Row>(read, () => false);
    const slow = pages.start(async (page) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return read(page);
    });
    await pages.start(() => Promise.resolve({ rows: [], next: null }));
    await slow;
    expect(pages.rows).toEqual([]);
  });
});

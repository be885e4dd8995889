import assert from "node:assert/strict";
import { test } from "node:test";
import { HygiaClient, ProblemError } from "@hygia/client";
import { gateway, json, problem } from "./gateway.js";

/** Pages of entries, as many as there are lists. */
function listing(...pages: readonly string[][]) {
  return (token: string) => {
    const at = Number(token || "0");
    return { entries: pages[at]?.map((id) => ({ id })), nextPageToken: at + 1 < pages.length ? String(at + 1) : "" };
  };
}

const tokenOf = (url: string) => new URL(url, "http://h").searchParams.get("pageToken") ?? "";

test("an iterator gives the items of every page, empty ones between", async (t) => {
  const page = listing(["a", "b"], [], ["c"]);
  const { baseUrl, seen } = await gateway(t, (response, { url }) => json(response, page(tokenOf(url))));
  const ids: string[] = [];
  for await (const entry of new HygiaClient({ baseUrl }).content.allEntries({ status: "ENTRY_STATUS_DRAFT" })) ids.push(entry.id);
  assert.deepEqual(ids, ["a", "b", "c"]);
  assert.deepEqual(seen.map((one) => one.url), [
    "/v1/entries?status=ENTRY_STATUS_DRAFT",
    "/v1/entries?pageToken=1&status=ENTRY_STATUS_DRAFT",
    "/v1/entries?pageToken=2&status=ENTRY_STATUS_DRAFT",
  ]);
});

test("a path's variable stays on every page", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response, { url }) =>
    json(response, { omissions: [{ kind: "comment" }], nextPageToken: tokenOf(url) ? "" : "2" }));
  const kinds: string[] = [];
  for await (const { kind } of new HygiaClient({ baseUrl }).imports.allOmissions({ id: "x" })) kinds.push(kind);
  assert.deepEqual(kinds, ["comment", "comment"]);
  assert.deepEqual(seen.map((one) => one.url), ["/v1/imports/x/omissions", "/v1/imports/x/omissions?pageToken=2"]);
});

test("leaving the loop fetches nothing more", async (t) => {
  const page = listing(["a", "b"], ["c"]);
  const { baseUrl, seen } = await gateway(t, (response, { url }) => json(response, page(tokenOf(url))));
  for await (const _ of new HygiaClient({ baseUrl }).content.allEntries()) break;
  assert.equal(seen.length, 1);
});

test("an error on the way ends the loop, behind what was given", async (t) => {
  const { baseUrl } = await gateway(t, (response, { url }) => {
    if (tokenOf(url)) problem(response, { status: 503, reason: "UNAVAILABLE" });
    else json(response, { entries: [{ id: "a" }], nextPageToken: "1" });
  });
  const ids: string[] = [];
  await assert.rejects(async () => {
    for await (const { id } of new HygiaClient({ baseUrl }).content.allEntries()) ids.push(id);
  }, (error: unknown) => error instanceof ProblemError && error.reason === "UNAVAILABLE");
  assert.deepEqual(ids, ["a"]);
});

test("a page that leads to itself ends with an error", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, { entries: [], nextPageToken: "again" }));
  await assert.rejects(async () => {
    for await (const _ of new HygiaClient({ baseUrl }).content.allEntries());
  }, /does not end/);
  assert.equal(seen.length, 2);
});

test("a signal ends the loop between pages", async (t) => {
  const page = listing(["a"], ["b"]);
  const { baseUrl, seen } = await gateway(t, (response, { url }) => json(response, page(tokenOf(url))));
  const controller = new AbortController();
  const reason = new Error("enough");
  await assert.rejects(async () => {
    for await (const _ of new HygiaClient({ baseUrl }).content.allEntries({}, { signal: controller.signal })) controller.abort(reason);
  }, reason);
  assert.equal(seen.length, 1);
});

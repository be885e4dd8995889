import assert from "node:assert/strict";
import { test } from "node:test";
import { type accounts, FetchTransport, HygiaClient } from "@hygia/client";
import { gateway, json } from "./gateway.js";

test("a path holds what is put into it, percent-encoded", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  const client = new HygiaClient({ baseUrl });
  for (const [id, segment] of [
    ["0190b4a0-0000-7000-8000-000000000001", "0190b4a0-0000-7000-8000-000000000001"],
    ["a/b", "a%2Fb"],
    ["a?b#c&d=e", "a%3Fb%23c%26d%3De"],
    ["50% é ☕", "50%25%20%C3%A9%20%E2%98%95"],
    ["..a", "..a"],
    ["%2e%2e", "%252e%252e"],
  ] as const) {
    await client.content.getEntry({ id });
    assert.equal(seen.at(-1)?.url, `/v1/entries/${segment}`);
  }
  await client.content.getRevision({ id: "x", number: 3 });
  assert.equal(seen.at(-1)?.url, "/v1/entries/x/revisions/3");
  await client.audit.formatEvent({ id: "x", form: "fhir-audit-event" });
  assert.equal(seen.at(-1)?.url, "/v1/audit/events/x/forms/fhir-audit-event");
});

test("what would lead to another path is refused, and nothing is sent", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  const client = new HygiaClient({ baseUrl });
  for (const id of ["", ".", "..", undefined as unknown as string]) {
    await assert.rejects(client.content.getEntry({ id }), TypeError);
    await assert.rejects(client.directory.revokeApiToken({ id }), TypeError);
  }
  assert.equal(seen.length, 0);
});

test("a query string holds the fields that are set", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  const client = new HygiaClient({ baseUrl });
  await client.content.listEntries();
  assert.equal(seen.at(-1)?.url, "/v1/entries");
  await client.content.listEntries({ pageSize: 0, pageToken: "a+b/c=", status: "ENTRY_STATUS_DRAFT" });
  assert.equal(seen.at(-1)?.url, "/v1/entries?pageSize=0&pageToken=a%2Bb%2Fc%3D&status=ENTRY_STATUS_DRAFT");
  await client.audit.listEvents({ since: "2026-03-01T12:00:00Z", until: null });
  assert.equal(seen.at(-1)?.url, "/v1/audit/events?since=2026-03-01T12%3A00%3A00Z");
  await client.audit.getInclusionProof({ id: "x", treeSize: "18446744073709551615" });
  assert.equal(seen.at(-1)?.url, "/v1/audit/events/x/inclusion?treeSize=18446744073709551615");
  const listing = { pageSize: 5, unknown: "left out" };
  await client.content.listAuthors(listing);
  assert.equal(seen.at(-1)?.url, "/v1/authors?pageSize=5");
});

test("a list in a query string is a parameter for each value", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  const transport = new FetchTransport({ baseUrl });
  await transport.call({ method: "GET", path: "/x", query: { many: [1, true, "é"], none: [], empty: "", unset: undefined } });
  assert.equal(seen[0]?.url, "/x?many=1&many=true&many=%C3%A9&empty=");
});

test("a body holds what the path does not", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  const client = new HygiaClient({ baseUrl });
  const content = { kind: "ENTRY_KIND_POST", title: "Diabetes tipo 2", authorIds: ["a"] } as const;
  const update = { id: "x", content, baseRevision: 4 };
  await client.content.updateEntry(update);
  assert.equal(seen[0]?.method, "PUT");
  assert.equal(seen[0]?.url, "/v1/entries/x");
  assert.equal(seen[0]?.headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(seen[0]?.body ?? ""), { content, baseRevision: 4 });
  assert.equal(update.id, "x", "the caller's object is as it was");

  await client.content.submitEntry({ id: "x" });
  assert.equal(seen[1]?.method, "POST");
  assert.equal(seen[1]?.body, "{}");
  await client.content.createEntry({ content });
  assert.deepEqual(JSON.parse(seen[2]?.body ?? ""), { content });
});

test("requests without a body have none, and no type of one", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  const client = new HygiaClient({ baseUrl });
  await client.directory.getMe();
  await client.directory.revokeApiToken({ id: "x" });
  assert.deepEqual(seen.map((one) => one.method), ["GET", "DELETE"]);
  for (const one of seen) {
    assert.equal(one.body, "");
    assert.equal(one.headers["content-type"], undefined);
    assert.match(one.headers.accept ?? "", /application\/json/);
  }
});

test("an answer is given as it came", async (t) => {
  const person = {
    id: "x", email: "ana@example.org", displayName: "Ana", roles: ["ROLE_EDITOR"],
    credential: null, disabled: false, createTime: "2026-03-01T12:00:00.5Z",
  } satisfies accounts.Person;
  const { baseUrl } = await gateway(t, (response) => json(response, { person, tenant: null }));
  assert.deepEqual(await new HygiaClient({ baseUrl }).directory.getMe(), { person, tenant: null });
});

test("what the server sent fits into what it is sent", async (t) => {
  const author = { displayName: "Ana", credential: { council: "CRM", number: "1", region: "SP", specialties: [] } };
  const { baseUrl, seen } = await gateway(t, (response) => json(response, { profiles: [{ id: "a", author }], nextPageToken: "" }));
  const client = new HygiaClient({ baseUrl });
  const { profiles } = await client.content.listAuthors();
  for (const profile of profiles) {
    if (profile.author) await client.content.updateAuthor({ id: profile.id, author: profile.author });
  }
  assert.deepEqual(JSON.parse(seen[1]?.body ?? ""), { author });
});

test("a base URL may have a path, and nothing behind it", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  for (const prefix of ["", "/", "/hygia", "/a/hygia//"]) {
    await new HygiaClient({ baseUrl: new URL(baseUrl + prefix) }).suite.getSuiteStatus();
  }
  assert.deepEqual(seen.map((one) => one.url), ["/v1/status", "/v1/status", "/hygia/v1/status", "/a/hygia/v1/status"]);
  for (const wrong of ["hygia.example.org", "ftp://h", "file:///v1", "https://u:p@h", "https://h?a=b", "https://h#a"]) {
    assert.throws(() => new HygiaClient({ baseUrl: wrong }), TypeError, wrong);
  }
});

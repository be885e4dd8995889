import assert from "node:assert/strict";
import { test } from "node:test";
import { HygiaClient } from "@hygia/client";
import { gateway, json } from "./gateway.js";

test("the token provider is asked for each call", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  let asked = 0;
  const client = new HygiaClient({ baseUrl, token: async () => `token-${++asked}` });
  await client.directory.getMe();
  await client.directory.getMe();
  assert.deepEqual(seen.map((one) => one.headers.authorization), ["Bearer token-1", "Bearer token-2"]);
});

test("without a token there is no Authorization", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  await new HygiaClient({ baseUrl }).auth.login({ tenant: "t", email: "a@example.org", password: "p" });
  await new HygiaClient({ baseUrl, token: () => undefined }).directory.getMe();
  assert.deepEqual(seen.map((one) => one.headers.authorization), [undefined, undefined]);
});

test("where the provider fails, so does the call, and nothing is sent", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  const lost = new Error("the session is over");
  const client = new HygiaClient({ baseUrl, token: () => { throw lost; } });
  await assert.rejects(client.directory.getMe(), lost);
  assert.equal(seen.length, 0);
});

test("a token that is no header is refused and not sent", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  await assert.rejects(new HygiaClient({ baseUrl, token: () => "a\r\nX: y" }).directory.getMe(), TypeError);
  assert.equal(seen.length, 0);
});

test("a call's purpose stands before the client's", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  const plain = new HygiaClient({ baseUrl });
  const reviewer = new HygiaClient({ baseUrl, purpose: "medical_review" });
  await plain.directory.getMe();
  await reviewer.directory.getMe();
  await reviewer.directory.getMe({}, { purpose: "audit" });
  assert.deepEqual(seen.map((one) => one.headers["hygia-purpose"]), [undefined, "medical_review", "audit"]);
});

test("requests are made with the fetch that is given", async () => {
  const asked: string[] = [];
  const client = new HygiaClient({
    baseUrl: "https://hygia.example.org",
    fetch: async (url) => {
      asked.push(String(url));
      return Response.json({ rules: [] });
    },
  });
  assert.deepEqual(await client.validation.listRules(), { rules: [] });
  assert.deepEqual(asked, ["https://hygia.example.org/v1/rules"]);
});

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { HygiaClient, TimeoutError } from "@hygia/client";
import { gateway, json } from "./gateway.js";

const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

test("a signal that has ended sends nothing", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, {}));
  const reason = new Error("not any more");
  let asked = false;
  const client = new HygiaClient({ baseUrl, token: () => ((asked = true), "t") });
  await assert.rejects(client.directory.getMe({}, { signal: AbortSignal.abort(reason) }), reason);
  assert.equal(asked, false);
  assert.equal(seen.length, 0);
});

test("a signal ends a call that waits for its answer, for the rest of it, or for a token", async (t) => {
  const reason = new Error("the page was left");
  const controllers = { answer: new AbortController(), body: new AbortController(), token: new AbortController() };
  const { baseUrl } = await gateway(t, (response, request) => {
    if (request.url === "/v1/status") return controllers.answer.abort(reason);
    response.writeHead(200);
    response.write('{"person":', () => controllers.body.abort(reason));
  });
  const client = new HygiaClient({ baseUrl });
  await assert.rejects(client.suite.getSuiteStatus({}, { signal: controllers.answer.signal }), reason);
  await assert.rejects(client.directory.getMe({}, { signal: controllers.body.signal }), reason);
  const waiting = new HygiaClient({
    baseUrl,
    token: () => new Promise(() => controllers.token.abort(reason)),
  });
  await assert.rejects(waiting.directory.getMe({}, { signal: controllers.token.signal }), reason);
});

test("time ends a call that waits for its answer, for the rest of it, or for a token", async (t) => {
  const { baseUrl } = await gateway(t, (response, request) => {
    if (request.url === "/v1/me") response.writeHead(200).write('{"person":');
  });
  const late = (error: unknown) => error instanceof TimeoutError && error.timeoutMs === 30 && error.name === "TimeoutError";
  const client = new HygiaClient({ baseUrl, timeoutMs: 30 });
  await assert.rejects(client.suite.getSuiteStatus(), late);
  await assert.rejects(client.directory.getMe(), late);
  await assert.rejects(new HygiaClient({ baseUrl, timeoutMs: 30, token: () => new Promise(() => {}) }).directory.getMe(), late);
});

test("a call's timeout stands before the client's", async (t) => {
  const { baseUrl } = await gateway(t, (response) => setTimeout(() => json(response, {}), 100));
  const client = new HygiaClient({ baseUrl, timeoutMs: 1 });
  assert.deepEqual(await client.directory.getMe({}, { timeoutMs: Infinity }), {});
  assert.deepEqual(await client.directory.getMe({}, { timeoutMs: 2 ** 31 }), {}, "longer than timers run");
  await assert.rejects(client.directory.getMe(), TimeoutError);
});

test("a call leaves no timer and no listener", async (t) => {
  const { baseUrl } = await gateway(t, (response, { url }) => (url === "/v1/me" ? json(response, {}) : response.writeHead(404).end()));
  const client = new HygiaClient({ baseUrl, timeoutMs: 86_400_000 });
  const { signal } = new AbortController();
  const before = timers();
  await client.directory.getMe({}, { signal });
  await assert.rejects(client.suite.getSuiteStatus({}, { signal }));
  assert.equal(timers(), before);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

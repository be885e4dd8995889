import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { HygiaClient, ProblemError, ResponseError } from "@hygia/client";
import { gateway, problem } from "./gateway.js";

/** The error of a call that is answered so. */
async function failure(t: TestContext, answer: (response: ServerResponse) => void): Promise<unknown> {
  const { baseUrl } = await gateway(t, answer);
  return new HygiaClient({ baseUrl }).content.getEntry({ id: "x" }).then(
    () => assert.fail("the call succeeded"),
    (error: unknown) => error,
  );
}

test("problem details become a ProblemError", async (t) => {
  const details = {
    type: "urn:hygia:problem:entry-invalid",
    title: "Entry invalid",
    status: 400,
    detail: "the entry has two invalid fields",
    reason: "ENTRY_INVALID",
    hint: "correct the fields",
    fields: [
      { path: "content.authorIds[0]", message: "must be a UUID" },
      { path: "", message: "as a whole" },
    ],
  };
  const error = await failure(t, (response) => problem(response, details));
  assert.ok(error instanceof ProblemError && error instanceof Error);
  const { type, title, status, detail, reason, hint, fields } = error;
  assert.deepEqual({ type, title, status, detail, reason, hint, fields }, details);
  assert.equal(error.name, "ProblemError");
  assert.equal(error.message, details.detail);
  assert.equal(error.retryAfterMs, undefined);
});

test("what a problem leaves out is empty", async (t) => {
  const error = await failure(t, (response) => problem(response, { status: 404, title: "Entry not found", reason: "ENTRY_NOT_FOUND" }));
  assert.ok(error instanceof ProblemError);
  assert.equal(error.reason, "ENTRY_NOT_FOUND");
  assert.equal(error.message, "Entry not found");
  assert.equal(error.type, "about:blank");
  assert.equal(error.hint, "");
  assert.deepEqual(error.fields, []);
});

test("a server that says when to come back is heard", async (t) => {
  for (const [header, ms] of [["7", 7000], ["0", 0], ["Wed, 21 Oct 2026 07:28:00 GMT", undefined], ["-1", undefined]] as const) {
    const error = await failure(t, (response) => problem(response, { status: 429, reason: "RATE" }, { "Retry-After": header }));
    assert.ok(error instanceof ProblemError);
    assert.equal(error.retryAfterMs, ms);
  }
});

test("an error that is no problem gives its status alone", async (t) => {
  for (const [type, body] of [
    ["text/html", "<h1>secret 502</h1>"],
    ["application/json", '{"detail":"not a problem"}'],
    ["application/problem+json", "{"],
    ["application/problem+json", "[]"],
    ["application/problem+json", "null"],
    ["application/problem+json", '{"title":1,"detail":{},"fields":"x"}'],
  ] as const) {
    const error = await failure(t, (response) => response.writeHead(502, { "Content-Type": type }).end(body));
    assert.ok(error instanceof ProblemError, body);
    assert.equal(error.status, 502);
    assert.equal(error.type, "about:blank");
    assert.equal(error.reason, "");
    assert.equal(error.message, "Bad Gateway");
    assert.deepEqual(error.fields, []);
  }
});

test("fields of another form are left out", async (t) => {
  const fields = [{ path: "a", message: "b" }, { path: 1, message: "b" }, null, "x", ["y"]];
  const error = await failure(t, (response) => problem(response, { status: 400, fields }));
  assert.ok(error instanceof ProblemError);
  assert.deepEqual(error.fields, [{ path: "a", message: "b" }]);
});

test("the status is the one of HTTP, whatever the body says", async (t) => {
  const error = await failure(t, (response) =>
    response.writeHead(403, { "Content-Type": "application/problem+json" }).end('{"status":200}'));
  assert.ok(error instanceof ProblemError);
  assert.equal(error.status, 403);
});

test("a problem that is cut on the way still has its status", async (t) => {
  const error = await failure(t, (response) => {
    response.writeHead(503, { "Content-Type": "application/problem+json", "Content-Length": "100" });
    response.write('{"reason":', () => response.destroy());
  });
  assert.ok(error instanceof ProblemError);
  assert.equal(error.status, 503);
});

test("a success that is no JSON is a ResponseError", async (t) => {
  for (const body of ["", "<!doctype html>", '{"entry":']) {
    const error = await failure(t, (response) => response.writeHead(200).end(body));
    assert.ok(error instanceof ResponseError, body);
    assert.equal(error.status, 200);
    assert.ok(error.cause instanceof SyntaxError);
  }
});

test("a redirect is followed nowhere", async (t) => {
  const other = await gateway(t, (response) => response.end("{}"));
  const { baseUrl } = await gateway(t, (response) => response.writeHead(307, { Location: `${other.baseUrl}/v1/me` }).end());
  await assert.rejects(new HygiaClient({ baseUrl, token: () => "secret" }).directory.getMe(), TypeError);
  assert.equal(other.seen.length, 0);
});

test("where nobody listens, fetch's error is thrown", async () => {
  const client = new HygiaClient({ baseUrl: "http://127.0.0.1:1" });
  await assert.rejects(client.directory.getMe(), TypeError);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Content, HygiaClient, ProblemError, ResponseError, TimeoutError } from "@hygia/client";
import { gateway, json, problem } from "./gateway.js";

const xml = '<?xml version="1.0" encoding="UTF-8"?><rss><title>Atenção</title></rss>';

test("an export is sent as it is, in any form, and gives its import", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, { import: { id: "x", state: "IMPORT_STATE_INSPECTING" } }, 202));
  const client = new HygiaClient({ baseUrl, token: () => "t", purpose: "administration" });
  const bytes = new TextEncoder().encode(xml);
  const forms: Record<string, Content["bytes"]> = {
    text: xml,
    bytes,
    buffer: bytes.buffer,
    blob: new Blob([bytes], { type: "text/plain" }),
    stream: new Blob([bytes]).stream(),
  };
  for (const [form, content] of Object.entries(forms)) {
    const started = await client.uploadWordPress(content);
    assert.equal(started.id, "x");
    const one = seen.at(-1);
    assert.equal(one?.method, "POST");
    assert.equal(one?.url, "/v1/imports/wordpress");
    assert.equal(one?.body, xml, form);
    assert.equal(one?.headers["content-type"], "application/xml", form);
    assert.equal(one?.headers.authorization, "Bearer t");
    assert.equal(one?.headers["hygia-purpose"], "administration");
  }
});

test("an upload has its own time, unless one is given", async (t) => {
  const { baseUrl } = await gateway(t, (response) => setTimeout(() => json(response, { import: { id: "x" } }, 202), 100));
  const client = new HygiaClient({ baseUrl, timeoutMs: 1 });
  assert.equal((await client.uploadWordPress(xml)).id, "x");
  await assert.rejects(client.uploadWordPress(xml, { timeoutMs: 1 }), TimeoutError);
});

test("a refused upload is a problem; an answer without an import is an error", async (t) => {
  const refusing = await gateway(t, (response) => problem(response, { status: 413, reason: "BODY_TOO_LARGE" }));
  await assert.rejects(new HygiaClient({ baseUrl: refusing.baseUrl }).uploadWordPress(xml),
    (error: unknown) => error instanceof ProblemError && error.status === 413);
  const other = await gateway(t, (response) => json(response, { import: null }, 202));
  await assert.rejects(new HygiaClient({ baseUrl: other.baseUrl }).uploadWordPress(xml), ResponseError);
});

test("a package goes to the service that is named", async (t) => {
  const { baseUrl, seen } = await gateway(t, (response) => json(response, { plugin: { name: "claims" } }));
  const client = new HygiaClient({ baseUrl, token: () => "t", purpose: "administration" });
  assert.equal((await client.installPlugin("validation", "tar", 5)).name, "claims");
  assert.equal(seen.at(-1)?.url, "/v1/services/validation/plugins?canaryPercent=5");
  assert.equal(seen.at(-1)?.headers["content-type"], "application/vnd.hygia.plugin.v1.tar");
  assert.equal(seen.at(-1)?.body, "tar");
});

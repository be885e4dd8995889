import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { type ApiRequest, type CallOptions, HygiaClient, type Transport } from "@hygia/client";

/** A transport that keeps what it is handed. */
class Recorder implements Transport {
  readonly calls: [ApiRequest, CallOptions | undefined][] = [];

  call<Answer>(request: ApiRequest, options?: CallOptions): Promise<Answer> {
    this.calls.push([request, options]);
    return Promise.resolve({} as Answer);
  }
}

test("the client has every service that is generated", async () => {
  const lib = new URL("../lib/gen/", import.meta.url);
  const client: object = new HygiaClient(new Recorder());
  const had = new Set(Object.values(client).map((service: object) => service.constructor));
  let services = 0;
  for (const file of (await readdir(lib)).filter((name) => name.endsWith(".js"))) {
    const module = (await import(new URL(file, lib).href)) as Record<string, unknown>;
    for (const [name, service] of Object.entries(module)) {
      services++;
      assert.ok(had.has(service as Function), `${name} of ${file}`);
    }
  }
  assert.equal(services, had.size);
});

test("what has no route has no method", () => {
  const client = new HygiaClient(new Recorder());
  assert.ok("login" in client.auth);
  for (const [service, name] of [
    [client.auth, "exchange"],
    [client.auth, "listKeys"],
    [client.directory, "createTenant"],
    [client.audit, "append"],
    [client.imports, "uploadImport"],
  ] as const) {
    assert.ok(!(name in service), name);
  }
});

test("a transport of one's own carries the calls", async () => {
  const transport = new Recorder();
  const client = new HygiaClient(transport);
  const options = { timeoutMs: 5 };
  await client.content.signEntry({ id: "x", contentHash: "sha256:0" }, options);
  assert.deepEqual(transport.calls, [
    [{ method: "POST", path: "/v1/entries/x/sign", body: { contentHash: "sha256:0" } }, options],
  ]);
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gateway, json, problem } from "./gateway.js";

const root = new URL("../../", import.meta.url);
const program = fileURLToPath(new URL("example.js", import.meta.url));

test("the README's example is the one that is compiled", async () => {
  const readme = await readFile(new URL("README.md", root), "utf8");
  const example = await readFile(new URL("test/example.ts", root), "utf8");
  assert.equal(/```ts\n(.*?)```/s.exec(readme)?.[1], example);
});

test("the README's example does what it says", async (t) => {
  const { baseUrl } = await gateway(t, (response, { method, headers }) => {
    if (headers.authorization !== "Bearer secret") problem(response, { status: 401, reason: "TOKEN_INVALID", detail: "No.", hint: "Log in." });
    else if (method === "GET") json(response, { entries: [{ id: "x", content: { title: "Asma" } }], nextPageToken: "" });
    else json(response, { findings: [{}, {}] });
  });
  const run = (token: string) =>
    promisify(execFile)(process.execPath, [program], { env: { HYGIA_URL: baseUrl, HYGIA_EDITOR_TOKEN: token } });
  assert.equal((await run("secret")).stdout, "Asma: 2 findings\n");
  assert.equal((await run("other")).stderr, "TOKEN_INVALID No. Log in.\n");
});

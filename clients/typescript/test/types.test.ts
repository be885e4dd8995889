import assert from "node:assert/strict";
import { test } from "node:test";
import type { anonymization, audit, content, Purpose } from "@hygia/client";

// What must not compile is marked; tsc fails where a mark is not needed.

test("requests need what the server needs", () => {
  const whole: content.SignEntryRequest = { id: "x", contentHash: "sha256:0" };
  // @ts-expect-error: contentHash must match a pattern that "" does not
  const part: content.SignEntryRequest = { id: "x" };
  // @ts-expect-error: the path holds the id
  const bare: content.GetEntryRequest = {};
  const none: content.ListEntriesRequest = {};
  assert.ok(whole && part && bare && none);
});

test("values have the types of proto3's JSON", () => {
  const index: audit.LoggedEvent["index"] = "18446744073709551615";
  const hashes: audit.GetConsistencyProofResponse["hashes"] = ["AAECAw=="];
  const action: anonymization.ActionInput = { keep: {} };
  // @ts-expect-error: 64-bit integers are strings
  const number: audit.LoggedEvent["index"] = 1;
  // @ts-expect-error: Empty has no members
  const keep: anonymization.ActionInput = { keep: { x: 1 } };
  // @ts-expect-error: no value of the enum
  const status: content.EntryStatus = "DRAFT";
  assert.ok(index && hashes && action && number && keep && status);
});

test("what is received is there, null where a message is not set", () => {
  const title = (entry: content.Entry): string | undefined => entry.content?.title;
  // @ts-expect-error: content may be null
  const wrong = (entry: content.Entry): string => entry.content.title;
  assert.deepEqual([title, wrong].map((f) => typeof f), ["function", "function"]);
});

test("purposes are named as the header names them", () => {
  const purposes: Purpose[] = ["administration", "editorial", "medical_review", "privacy", "audit"];
  // @ts-expect-error: unspecified is none
  purposes.push("unspecified");
  assert.ok(purposes);
});

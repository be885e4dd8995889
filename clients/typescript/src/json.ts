/**
 * How values that JSON has no form for are written (proto3's JSON mapping). The
 * names tell what a string holds; nothing is converted.
 *
 * @module
 */

/** A time in UTC, RFC 3339, such as "2026-03-01T12:00:00Z"; `new Date(t)` reads it. */
export type Timestamp = string;

/** A 64-bit integer in decimal digits; `BigInt(n)` reads it without loss. */
export type Int64 = string;

/** Bytes in base64 with padding (RFC 4648 section 4). */
export type Bytes = string;

/** A number, or one that JSON has no digits for. */
export type Float = number | "NaN" | "Infinity" | "-Infinity";

/** `{}`. */
export type Empty = Record<string, never>;

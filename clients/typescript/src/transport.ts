import { within } from "./deadline.js";
import { ProblemError, ResponseError } from "./errors.js";
import type { Purpose as ProtoPurpose } from "./gen/hygia.accounts.v1.js";
import { queryString } from "./request.js";

/** What an access is for, as the Hygia-Purpose header names it: "medical_review" and others. */
export type Purpose = HeaderName<ProtoPurpose>;

type HeaderName<Value> = Value extends "PURPOSE_UNSPECIFIED"
  ? never
  : Value extends `PURPOSE_${infer Name}`
    ? Lowercase<Name>
    : never;

/**
 * Gives the API token for one call; it is asked each time, so that it may renew
 * one. Without a token the call is sent as nobody's.
 */
export type TokenProvider = () => string | undefined | Promise<string | undefined>;

/** What holds for every call of a transport. */
export interface TransportOptions {
  /** Where the gateway is, such as "https://hygia.example.org"; a path stands before those of the API. */
  baseUrl: string | URL;
  token?: TokenProvider;
  /** Where none is given, the server takes what goes with the first of the person's roles. */
  purpose?: Purpose;
  /** In milliseconds; 30,000 where none is given; Infinity for no bound. */
  timeoutMs?: number;
  /** Makes the requests; the runtime's own where none is given. */
  fetch?: typeof fetch;
}

/** What holds for one call, before what holds for all. */
export interface CallOptions {
  /** Ends the call; its promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Bounds the call in milliseconds, from asking for the token to the last byte of the answer. */
  timeoutMs?: number;
  purpose?: Purpose;
}

/** A body that is sent as it is. */
export interface Content {
  mediaType: string;
  bytes: Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | string | ReadableStream<Uint8Array>;
}

/** One request of the API. */
export interface ApiRequest {
  method: "GET" | "PUT" | "POST" | "DELETE" | "PATCH";
  /** Percent-encoded, from the API's root. */
  path: string;
  query?: object;
  /** Becomes JSON. */
  body?: object;
  /** Is sent in the body's place. */
  content?: Content;
}

/** Carries requests to the server; what services are made of. */
export interface Transport {
  /**
   * Gives the answer's JSON, unchecked.
   *
   * @throws {@link ProblemError}, TimeoutError, ResponseError, the signal's reason,
   * what fetch throws, and what the token provider throws.
   */
  call<Answer>(request: ApiRequest, options?: CallOptions): Promise<Answer>;
}

const defaultTimeoutMs = 30_000;

/** A transport that uses fetch. It keeps nothing between calls. */
export class FetchTransport implements Transport {
  readonly #base: string;
  readonly #options: TransportOptions;

  /** @throws TypeError where the base URL is none of HTTP, or has a query, a fragment or credentials. */
  constructor(options: TransportOptions) {
    this.#base = base(options.baseUrl);
    this.#options = options;
  }

  call<Answer>(request: ApiRequest, options: CallOptions = {}): Promise<Answer> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? defaultTimeoutMs;
    return within(timeoutMs, options.signal, async (signal) => {
      const headers = await this.#headers(request, options);
      const send = this.#options.fetch ?? fetch;
      const response = await send(this.#base + request.path + queryString(request.query ?? {}), {
        method: request.method,
        headers,
        signal,
        redirect: "error", // the API has none, and a token follows nobody else's
        ...body(request),
      });
      if (!response.ok) throw await ProblemError.from(response);
      return (await answer(response)) as Answer;
    });
  }

  async #headers(request: ApiRequest, options: CallOptions): Promise<Headers> {
    const headers = new Headers({ Accept: "application/json, application/problem+json" });
    const token = await this.#options.token?.();
    if (token) headers.set("Authorization", `Bearer ${token}`);
    const purpose = options.purpose ?? this.#options.purpose;
    if (purpose) headers.set("Hygia-Purpose", purpose);
    if (request.content) headers.set("Content-Type", request.content.mediaType);
    else if (request.body) headers.set("Content-Type", "application/json");
    return headers;
  }
}

function base(given: string | URL): string {
  const url = new URL(given);
  if (!/^https?:$/.test(url.protocol) || url.search || url.hash || url.username || url.password) {
    throw new TypeError("baseUrl must be http:// or https://, a host, and a path at most");
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}

function body(request: ApiRequest): RequestInit {
  if (request.content) {
    const { bytes } = request.content;
    // A stream can only be sent while nothing comes back, and must say so.
    return bytes instanceof ReadableStream ? ({ body: bytes, duplex: "half" } as RequestInit) : { body: bytes };
  }
  return request.body ? { body: JSON.stringify(request.body) } : {};
}

async function answer(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ResponseError(response.status, "the answer is not JSON: is baseUrl a Hygia gateway?", { cause });
  }
}

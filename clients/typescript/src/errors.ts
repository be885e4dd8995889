/**
 * What a call throws. What is not listed here comes from the runtime as it is: the
 * reason of an AbortSignal, and fetch's TypeError where no connection was made.
 *
 * @module
 */

/** A part of a request that was refused. */
export interface ProblemField {
  /** Such as "content.authorIds[0]"; "" is the request as a whole. */
  path: string;
  /** What is wrong with it. */
  message: string;
}

/** Problem details (RFC 9457) with Hygia's members. */
export interface ProblemDetails {
  /** A URN such as "urn:hygia:problem:entry-not-found"; "about:blank" where the answer was no problem of Hygia's. */
  type: string;
  /** The kind of problem, in words. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** What happened, and where. */
  detail: string;
  /** What programs compare, such as "ENTRY_NOT_FOUND"; "" where the answer was no problem of Hygia's. */
  reason: string;
  /** What to do about it; "" where nothing is said. */
  hint: string;
  /** The parts of the request that were refused. */
  fields: readonly ProblemField[];
}

/** The server refused a call, or could not do it. Its message is the detail. */
export class ProblemError extends Error implements ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly reason: string;
  readonly hint: string;
  readonly fields: readonly ProblemField[];
  /** How long to wait before another try, in milliseconds, where the server says so. */
  readonly retryAfterMs: number | undefined;

  constructor(details: ProblemDetails, retryAfterMs?: number) {
    super(details.detail || details.title);
    this.name = "ProblemError";
    this.type = details.type;
    this.title = details.title;
    this.status = details.status;
    this.detail = details.detail;
    this.reason = details.reason;
    this.hint = details.hint;
    this.fields = details.fields;
    this.retryAfterMs = retryAfterMs;
  }

  /**
   * Reads the problem from an answer. One that is not Hygia's, such as a proxy's
   * page, gives its status alone; its body is not repeated.
   */
  static async from(response: Response): Promise<ProblemError> {
    const given = await problemBody(response);
    return new ProblemError(
      {
        type: text(given["type"], "about:blank"),
        title: text(given["title"], response.statusText || `HTTP status ${response.status}`),
        status: response.status,
        detail: text(given["detail"], ""),
        reason: text(given["reason"], ""),
        hint: text(given["hint"], ""),
        fields: Array.isArray(given["fields"]) ? given["fields"].filter(isField) : [],
      },
      retryAfter(response.headers),
    );
  }
}

/** A call took longer than it may. The server may have done what was asked. */
export class TimeoutError extends Error {
  /** What it was given, in milliseconds. */
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
    this.name = "TimeoutError";
    this.timeoutMs = timeoutMs;
  }
}

/** A success whose body is not what the API gives: something else answered. */
export class ResponseError extends Error {
  /** The HTTP status. */
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ResponseError";
    this.status = status;
  }
}

async function problemBody(response: Response): Promise<Record<string, unknown>> {
  try {
    const body = await response.text(); // read in any case, so that the connection serves again
    if (!/^application\/problem\+json\b/i.test(response.headers.get("Content-Type") ?? "")) return {};
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : {};
  } catch {
    return {}; // cut on the way: the status still says what there is to say
  }
}

function retryAfter(headers: Headers): number | undefined {
  const seconds = headers.get("Retry-After");
  return seconds !== null && /^\d{1,9}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}

function text(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isField(value: unknown): value is ProblemField {
  return isObject(value) && typeof value["path"] === "string" && typeof value["message"] === "string";
}

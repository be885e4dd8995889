import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** A request as it came over the wire. */
export interface Seen {
  method: string;
  /** Path and query, encoded as they came. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A server in the gateway's place. */
export interface Gateway {
  baseUrl: string;
  seen: Seen[];
}

/** Starts a server that keeps what it is asked; it ends with the test. */
export async function gateway(t: TestContext, answer: (response: ServerResponse, request: Seen) => void): Promise<Gateway> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body: Buffer.concat(pieces).toString() };
      seen.push(one);
      answer(response, one);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** Answers with JSON. */
export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

/** Answers with problem details. */
export function problem(response: ServerResponse, value: { status: number; [member: string]: unknown }, headers = {}): void {
  response.writeHead(value.status, { "Content-Type": "application/problem+json", ...headers }).end(JSON.stringify(value));
}

import { ResponseError } from "./errors.js";
import type { Import, UploadImportResponse } from "./gen/hygia.content.v1.js";
import type { CallOptions, Content, Transport } from "./transport.js";

/** As long as the server gives an upload, in milliseconds. */
const uploadTimeoutMs = 600_000;

/** Sends an export: an RPC of streams, which has no route that could be generated. */
export async function uploadWordPress(transport: Transport, xml: Content["bytes"], options: CallOptions = {}): Promise<Import> {
  const { import: started } = await transport.call<UploadImportResponse>(
    { method: "POST", path: "/v1/imports/wordpress", content: { mediaType: "application/xml", bytes: xml } },
    { timeoutMs: uploadTimeoutMs, ...options },
  );
  if (!started) throw new ResponseError(202, "the answer to an upload names no import");
  return started;
}

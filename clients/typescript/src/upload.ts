import { ResponseError } from "./errors.js";
import type { Import, UploadImportResponse } from "./gen/hygia.content.v1.js";
import type { InstallPluginResponse, Plugin } from "./gen/hygia.plugin.v1.js";
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

/** Sends a plugin package: an RPC of streams too. */
export async function installPlugin(
  transport: Transport, service: string, file: Content["bytes"], canaryPercent: number, options: CallOptions = {},
): Promise<Plugin> {
  const { plugin } = await transport.call<InstallPluginResponse>(
    {
      method: "POST", path: `/v1/services/${encodeURIComponent(service)}/plugins`, query: { canaryPercent },
      content: { mediaType: "application/vnd.hygia.plugin.v1.tar", bytes: file },
    },
    { timeoutMs: uploadTimeoutMs, ...options },
  );
  if (!plugin) throw new ResponseError(200, "the answer to an installation names no plugin");
  return plugin;
}

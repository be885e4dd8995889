/**
 * Hygia's REST API, typed. {@link HygiaClient} is where to begin.
 *
 * @module
 */

import { AuthService, DirectoryService } from "./gen/hygia.accounts.v1.js";
import { AnonymizationService } from "./gen/hygia.anonymization.v1.js";
import { AuditService } from "./gen/hygia.audit.v1.js";
import { ContentService, type Import, ImportService } from "./gen/hygia.content.v1.js";
import { SuiteService } from "./gen/hygia.gateway.v1.js";
import { type Plugin, PluginService } from "./gen/hygia.plugin.v1.js";
import { ValidationService } from "./gen/hygia.validation.v1.js";
import { type CallOptions, type Content, FetchTransport, type Transport, type TransportOptions } from "./transport.js";
import { installPlugin, uploadWordPress } from "./upload.js";

export * as accounts from "./gen/hygia.accounts.v1.js";
export * as anonymization from "./gen/hygia.anonymization.v1.js";
export * as audit from "./gen/hygia.audit.v1.js";
export * as content from "./gen/hygia.content.v1.js";
export * as document from "./gen/hygia.document.v1.js";
export * as gateway from "./gen/hygia.gateway.v1.js";
export * as plugin from "./gen/hygia.plugin.v1.js";
export * as status from "./gen/hygia.status.v1.js";
export * as validation from "./gen/hygia.validation.v1.js";
export { ProblemError, ResponseError, TimeoutError } from "./errors.js";
export type { ProblemDetails, ProblemField } from "./errors.js";
export type { Bytes, Empty, Float, Int64, Timestamp } from "./json.js";
export { FetchTransport } from "./transport.js";
export type { ApiRequest, CallOptions, Content, Purpose, TokenProvider, Transport, TransportOptions } from "./transport.js";

/** Every service of a Hygia suite. It keeps no connection and needs no closing. */
export class HygiaClient {
  readonly anonymization: AnonymizationService;
  readonly audit: AuditService;
  readonly auth: AuthService;
  readonly content: ContentService;
  readonly directory: DirectoryService;
  readonly imports: ImportService;
  readonly plugins: PluginService;
  readonly suite: SuiteService;
  readonly validation: ValidationService;
  readonly #transport: Transport;

  /** @param to - Where the gateway is and how to call it, or a transport of one's own. */
  constructor(to: TransportOptions | Transport) {
    const transport = "call" in to ? to : new FetchTransport(to);
    this.#transport = transport;
    this.anonymization = new AnonymizationService(transport);
    this.audit = new AuditService(transport);
    this.auth = new AuthService(transport);
    this.content = new ContentService(transport);
    this.directory = new DirectoryService(transport);
    this.imports = new ImportService(transport);
    this.plugins = new PluginService(transport);
    this.suite = new SuiteService(transport);
    this.validation = new ValidationService(transport);
  }

  /**
   * Sends a WordPress export (WXR, at most 64 MiB) and gives the import that it
   * starts; `imports.getImport` tells how far it is. A call may take ten minutes
   * where no timeout is given.
   *
   * `POST /v1/imports/wordpress`
   *
   * @param xml - In browsers a File fits; in Node.js, `fs.openAsBlob` gives a Blob
   * that is read while it is sent. Streams need HTTP/2 in browsers.
   */
  uploadWordPress(xml: Content["bytes"], options?: CallOptions): Promise<Import> {
    return uploadWordPress(this.#transport, xml, options);
  }

  /**
   * Sends a signed plugin package (at most 96 MiB) to a service that hosts
   * components, and gives how the plugin fares.
   *
   * `POST /v1/services/{service}/plugins`
   *
   * @param canaryPercent - The share of calls that it gets until it is promoted; all
   * of them where it is 0.
   */
  installPlugin(service: string, file: Content["bytes"], canaryPercent = 0, options?: CallOptions): Promise<Plugin> {
    return installPlugin(this.#transport, service, file, canaryPercent, options);
  }
}

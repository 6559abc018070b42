/** @module An exporter that is made at its first request: what sends is not loaded by a program that sends nothing. */

import type { ExportRequest, SendResult, WireExporter } from './exporter.ts';

export class DeferredExporter implements WireExporter {
  readonly #make: () => WireExporter;
  #exporter: WireExporter | undefined;
  #isClosed = false;

  /** @param make - called once, by the first `send`. */
  constructor(make: () => WireExporter) {
    this.#make = make;
  }

  send(request: ExportRequest, abort?: AbortSignal): SendResult | Promise<SendResult> {
    if (this.#exporter === undefined) {
      this.#exporter = this.#make();
      if (this.#isClosed) this.#exporter.close();
    }
    return this.#exporter.send(request, abort);
  }

  close(): void {
    this.#isClosed = true;
    this.#exporter?.close();
  }
}

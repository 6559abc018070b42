/** @module Several propagators as one (Context specification, "Composite Propagator"). */

import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';

export interface CompositePropagatorOptions {
  /** In the order they run; where two write one header, or read one value, the later wins. Default: none. */
  propagators?: readonly TextMapPropagator[];
}

/** Runs several propagators. One that throws is skipped, with a warning, and the others still run. */
export class CompositePropagator implements TextMapPropagator {
  private readonly propagators: readonly TextMapPropagator[];

  constructor(options: CompositePropagatorOptions = {}) {
    this.propagators = [...(options?.propagators ?? [])];
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    for (const propagator of this.propagators) {
      guard(propagator, undefined, () => propagator.inject(context, carrier, setter));
    }
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    let extracted = context;
    for (const propagator of this.propagators) {
      extracted = guard(propagator, extracted, () => propagator.extract(extracted, carrier, getter));
    }
    return extracted;
  }

  /** Names of all headers the propagators write, each once. */
  fields(): string[] {
    return [
      ...new Set(this.propagators.flatMap((propagator) => guard(propagator, [], () => propagator.fields()))),
    ];
  }
}

function guard<Result>(propagator: TextMapPropagator, fallback: Result, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    const name = propagator?.constructor?.name ?? 'object';
    const kind = error instanceof Error ? error.name : typeof error;
    warn(`propagator:${name}`, `propagator ${name}: expected it not to throw, got ${kind}; it is skipped.`);
    return fallback;
  }
}

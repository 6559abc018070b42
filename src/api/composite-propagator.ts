/** @module Several propagators as one (Context specification, "Composite Propagator"). */

import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import { isPropagator } from './is-propagator.ts';
import { refusePromise, swallowRejection } from './refuse-promise.ts';

export interface CompositePropagatorOptions {
  /** In the order they run; where two write one header, or read one value, the later wins. Default: none. */
  propagators?: readonly TextMapPropagator[];
}

/** {@link CompositePropagatorOptions} with a list that may be changed, as opentelemetry-js 2.x has it. */
export interface CompositePropagatorConfig extends CompositePropagatorOptions {
  propagators?: TextMapPropagator[];
}

/**
 * Runs several propagators. What is no propagator is left out, and one that throws or answers with something
 * else than a context, a promise included, is skipped; both with a warning, and the others still run. Never throws.
 */
export class CompositePropagator implements TextMapPropagator {
  private readonly propagators: readonly TextMapPropagator[];

  constructor(options: CompositePropagatorOptions = {}) {
    this.propagators = usable(options?.propagators);
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    for (const propagator of this.propagators) {
      const answer: unknown = guard(propagator, undefined, () => propagator.inject(context, carrier, setter));
      if (swallowRejection(answer)) {
        report(propagator, 'inject to write at once', 'a promise', 'what it writes later is lost');
      }
    }
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    let extracted = context;
    for (const propagator of this.propagators) {
      const answer = guard(propagator, extracted, () => propagator.extract(extracted, carrier, getter));
      if (swallowRejection(answer)) report(propagator, 'extract to return a context', 'a promise');
      else if (typeof answer?.getValue === 'function') extracted = answer;
      else report(propagator, 'extract to return a context', answer === null ? 'null' : typeof answer);
    }
    return extracted;
  }

  /** Names of all headers the propagators write, each once. */
  fields(): string[] {
    const names = this.propagators.flatMap((propagator) =>
      guard(propagator, [], () => {
        const fields = propagator.fields();
        refusePromise(fields, 'fields');
        return [...fields];
      }),
    );
    return [...new Set(names)];
  }
}

function usable(propagators: unknown): TextMapPropagator[] {
  if (propagators === undefined) return [];
  const list: readonly unknown[] = Array.isArray(propagators) ? propagators : [propagators];
  const others = list.filter((candidate) => !isPropagator(candidate));
  if (others.length > 0) {
    warn(
      'propagator-kind',
      `propagators: expected objects with inject and extract, got ${others.length} of ${list.length} without; they are left out.`,
    );
  }
  return list.filter(isPropagator);
}

function guard<Result>(propagator: TextMapPropagator, fallback: Result, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    report(propagator, 'it not to throw', error instanceof Error ? error.name : typeof error);
    return fallback;
  }
}

function report(
  propagator: TextMapPropagator,
  expected: string,
  got: string,
  consequence = 'it is skipped',
): void {
  const name = propagator.constructor?.name ?? 'object';
  warn(`propagator:${name}`, `propagator ${name}: expected ${expected}, got ${got}; ${consequence}.`);
}

/** @module The propagators of a process. */

import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';
import {
  B3InjectEncoding,
  B3Propagator,
  CompositePropagator,
  isPropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '../api/propagation.ts';
import { warnOnce } from '../diagnostics.ts';
import { readEnvironment } from './environment.ts';
import { selectNames } from './names.ts';
import { OPTIONS } from './options.ts';

export interface PropagatorOptions {
  /** A propagator, or names in the order they run; `none` or an empty list: none. */
  propagators?: TextMapPropagator | readonly PropagatorName[];
}

const PROPAGATORS = {
  tracecontext: () => new W3CTraceContextPropagator(),
  baggage: () => new W3CBaggagePropagator(),
  b3: () => new B3Propagator(),
  b3multi: () => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
} as const satisfies Record<string, () => TextMapPropagator>;

type Known = keyof typeof PROPAGATORS;
export type PropagatorName = Known | 'none';

const KNOWN = Object.keys(PROPAGATORS) as Known[];
const DEFAULT: readonly Known[] = ['tracecontext', 'baggage'];
/** Names of the specification that have no implementation here (Environment Variable Specification, "General"). */
const UNSUPPORTED: readonly string[] = ['jaeger', 'ottrace', 'xray'];

/**
 * The propagator in force, `undefined` for none. Default: `OTEL_PROPAGATORS`, else `tracecontext,baggage`.
 * Names listed twice count once (Environment Variable Specification, "General SDK Configuration"). `jaeger`,
 * `ottrace` and `xray` are named in a warning, and the others are used.
 */
export function resolvePropagator(options: PropagatorOptions = {}): TextMapPropagator | undefined {
  const explicit = options?.propagators;
  if (isPropagator(explicit)) return explicit;
  const [variable] = OPTIONS.propagators.environment;
  const names =
    select('option propagators', explicit) ??
    select(variable, readEnvironment(variable)?.split(',')) ??
    DEFAULT;
  if (names.length === 0) return undefined;
  return new DeferredPropagator(
    () => new CompositePropagator({ propagators: names.map((name) => PROPAGATORS[name]()) }),
  );
}

/** Makes a propagator at its first use: a program that receives and sends no headers never loads it. */
class DeferredPropagator implements TextMapPropagator {
  readonly #make: () => TextMapPropagator;
  #made: TextMapPropagator | undefined;

  constructor(make: () => TextMapPropagator) {
    this.#make = make;
  }

  get #propagator(): TextMapPropagator {
    this.#made ??= this.#make();
    return this.#made;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    this.#propagator.inject(context, carrier, setter);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    return this.#propagator.extract(context, carrier, getter);
  }

  fields(): string[] {
    return this.#propagator.fields();
  }
}

function select(subject: string, names: unknown): Known[] | undefined {
  if (!Array.isArray(names)) return selectNames(subject, names, KNOWN);
  const words = names.map((name) => String(name).trim().toLowerCase());
  const unsupported = UNSUPPORTED.filter((name) => words.includes(name));
  if (unsupported.length === 0) return selectNames(subject, words, KNOWN);
  warnOnce(
    `config:${subject}:unsupported`,
    `${subject}: expected names out of ${KNOWN.join(', ')}, none; got ${unsupported.join(', ')}, not supported here; ` +
      'the other names are used. Remove what is not supported.',
  );
  const others = words.filter((word) => !UNSUPPORTED.includes(word));
  return others.length === 0 ? undefined : selectNames(subject, others, KNOWN);
}

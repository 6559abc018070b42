/** @module Whether tracing starts at all, and where its spans go. */

import type { ExporterOption } from '../api/exporter-options.ts';
import { readEnvironment } from './environment.ts';
import { selectNames } from './names.ts';
import { OPTIONS } from './options.ts';
import { warnInvalid } from './readers.ts';
import { resolveBoolean } from './resolve.ts';

export interface ActivationOptions {
  /** Turns tracing off; propagation still works. Default `false`; `OTEL_SDK_DISABLED`. */
  disabled?: boolean;
  /** Registers the provider with `@opentelemetry/api`, unless one is already there. Default `true`. */
  registerGlobal?: boolean;
  /**
   * Where spans go: `'otlp'`, with the options of `init` and the variables; receivers with options of their own; `'console'`;
   * `'file'`, which appends to `.spandrel/traces.jsonl`, or `{ file: path }`; exporters. Each gets every span, whatever becomes of the others. An exporter that is not exactly ours puts the provider
   * in plug-in mode. One that cannot be used is left out, with one line about it; when none can, tracing is off. `none` or an
   * empty list: nowhere. Default `['otlp']`; `OTEL_TRACES_EXPORTER`, which takes names.
   */
  exporters?: readonly ExporterOption[];
}

export type ExporterName = Extract<ExporterOption, string>;
/** What a span can go to. */
export type UsableExporter = Exclude<ExporterOption, 'none'>;

export interface ResolvedActivationOptions {
  readonly disabled: boolean;
  readonly registerGlobal: boolean;
  readonly exporters: readonly UsableExporter[];
}

/** The activation options in force (Environment Variable Specification, "General SDK Configuration"). */
export function resolveActivation(options: ActivationOptions = {}): ResolvedActivationOptions {
  if (readEnvironment('OTEL_CONFIG_FILE') !== undefined) {
    warnInvalid('OTEL_CONFIG_FILE', 'no configuration file, which this version cannot read');
  }
  return {
    disabled: resolveBoolean('disabled', options?.disabled),
    registerGlobal: resolveBoolean('registerGlobal', options?.registerGlobal),
    exporters: resolveExporters(options?.exporters),
  };
}

const KNOWN = ['otlp', 'console', 'file'] as const;

function resolveExporters(explicit: readonly ExporterOption[] | undefined): readonly UsableExporter[] {
  const [variable] = OPTIONS.exporters.environment;
  return (
    (explicit === undefined ? undefined : selectExporters(explicit)) ??
    selectNames(variable, readEnvironment(variable)?.split(','), KNOWN) ?? ['otlp']
  );
}

/**
 * The usable ones of a list. Unlike one of names alone, a list with anything else in it falls back to nothing: its spans
 * must not go where nobody sent them.
 */
function selectExporters(explicit: readonly unknown[]): readonly UsableExporter[] | undefined {
  if (!Array.isArray(explicit) || explicit.every((entry) => typeof entry === 'string')) {
    return selectNames('option exporters', explicit, KNOWN);
  }
  const names = explicit.filter((entry) => typeof entry === 'string');
  if (names.some((name) => name.trim().toLowerCase() === 'none')) {
    warnInvalid('option exporters', 'none to stand alone', undefined, 'none is used');
    return [];
  }
  const known = names.length === 0 ? [] : (selectNames('option exporters', names, KNOWN) ?? []);
  const usable: UsableExporter[] = [];
  explicit.forEach((entry: unknown, index) => {
    if (typeof entry === 'object' && entry !== null) usable.push(entry as UsableExporter);
    else if (typeof entry === 'string') {
      const name = known.find((word) => word === entry.trim().toLowerCase());
      if (name !== undefined && !usable.includes(name)) usable.push(name);
    } else {
      warnInvalid(
        `option exporters[${index}]`,
        'a name, an object with an endpoint or a file, or an exporter',
        `a value of type ${typeof entry}`,
      );
    }
  });
  return usable;
}

/** @module Whether tracing starts at all, and where its spans go. */

import { readEnvironment } from './environment.ts';
import { OPTIONS } from './options.ts';
import { warnInvalid } from './readers.ts';
import { resolveBoolean } from './resolve.ts';

export interface ActivationOptions {
  /** Turns tracing off; propagation still works. Default `false`; `OTEL_SDK_DISABLED`. */
  disabled?: boolean;
  /** Registers the provider with `@opentelemetry/api`, unless one is already there. Default `true`. */
  registerGlobal?: boolean;
  /** Where spans go; `none` or an empty list: nowhere. Default `['otlp']`; `OTEL_TRACES_EXPORTER`. */
  exporters?: readonly ExporterName[];
}

export type ExporterName = 'otlp' | 'console' | 'none';

export interface ResolvedActivationOptions {
  readonly disabled: boolean;
  readonly registerGlobal: boolean;
  readonly exporters: readonly Exclude<ExporterName, 'none'>[];
}

/** The activation options in force (Environment Variable Specification, "General SDK Configuration"). */
export function resolveActivation(options: ActivationOptions = {}): ResolvedActivationOptions {
  return {
    disabled: resolveBoolean('disabled', options?.disabled),
    registerGlobal: resolveBoolean('registerGlobal', options?.registerGlobal),
    exporters: resolveExporters(options?.exporters),
  };
}

function resolveExporters(explicit: readonly ExporterName[] | undefined): ('otlp' | 'console')[] {
  const [variable] = OPTIONS.exporters.environment;
  const known = ['otlp', 'console'] as const;
  return (
    (explicit === undefined ? undefined : selectNames('option exporters', explicit, known)) ??
    selectNames(variable, readEnvironment(variable)?.split(','), known) ?? ['otlp']
  );
}

/**
 * The known names among `names`, each once, in order; `[]` for `none`. Unknown names are named in a warning
 * and skipped; `undefined` when none is left, so that the next source is asked.
 */
export function selectNames<Name extends string>(
  subject: string,
  names: unknown,
  known: readonly Name[],
): Name[] | undefined {
  if (names === undefined) return undefined;
  if (!Array.isArray(names)) {
    warnInvalid(subject, `a list of ${known.join(', ')} or none`, `a value of type ${typeof names}`);
    return undefined;
  }
  if (names.length === 0) return [];
  const words = names.map((name) => String(name).trim().toLowerCase()).filter((word) => word !== '');
  if (words.includes('none')) {
    if (words.length > 1) {
      warnInvalid(subject, 'none to stand alone', words.slice(0, 8).join(','), 'none is used');
    }
    return [];
  }
  const selected = words.filter((word) => known.includes(word as Name));
  const unknown = words.find((word) => !known.includes(word as Name));
  if (unknown !== undefined) {
    warnInvalid(subject, `names out of ${known.join(', ')}, none`, JSON.stringify(unknown.slice(0, 40)));
  }
  return selected.length === 0 ? undefined : ([...new Set(selected)] as Name[]);
}

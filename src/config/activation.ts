/** @module Whether tracing starts at all, and where its spans go. */

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
  if (readEnvironment('OTEL_CONFIG_FILE') !== undefined) {
    warnInvalid('OTEL_CONFIG_FILE', 'no configuration file, which this version cannot read');
  }
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

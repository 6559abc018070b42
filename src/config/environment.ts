/** @module The one place that reads environment variables. Parsing with warnings is in `readers.ts`. */

import { isGranted } from './permission.ts';

interface HostWithEnvironment {
  readonly process?: { readonly env?: Record<string, string | undefined> };
}

/**
 * Value of one environment variable, without surrounding white space.
 *
 * An empty or blank value counts as unset, as the OpenTelemetry specification asks (Environment Variable
 * Specification, "Parsing empty value"). Never throws: hosts without `process`, and hosts that refuse access
 * to the environment (Deno without `--allow-env`), behave as if the variable were unset; nobody is asked.
 */
export function readEnvironment(name: string): string | undefined {
  try {
    if (!isGranted({ name: 'env', variable: name })) return undefined;
    const value = (globalThis as HostWithEnvironment).process?.env?.[name];
    if (typeof value !== 'string') return undefined;
    const trimmed = value.trim();
    return trimmed === '' ? undefined : trimmed;
  } catch {
    return undefined;
  }
}

/** The first of `names` that is set, with its value; the caller lists them from highest to lowest precedence. */
export function readFirstEnvironment(
  names: readonly string[],
): { readonly name: string; readonly value: string } | undefined {
  for (const name of names) {
    const value = readEnvironment(name);
    if (value !== undefined) return { name, value };
  }
  return undefined;
}

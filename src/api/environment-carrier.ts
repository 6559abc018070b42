/**
 * @module Environment variables as the carrier between a process and its children (Context specification,
 * "Environment Variables as Context Propagation Carriers").
 */

import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';

/** Variables by name, such as `process.env` or the `env` of `child_process.spawn`. */
export type Environment = Record<string, string | undefined>;

const NORMAL = /^[A-Z_][A-Z0-9_]*$/;

/**
 * Reads propagation fields from environment variables: `traceparent` from `TRACEPARENT`, `x-b3-traceid` from
 * `X_B3_TRACEID`. The carrier given to `extract` is not looked at; pass `undefined`.
 *
 * Values are handed on as they are; propagators bound and check them. On Windows `process.env` ignores letter
 * case, so a variable set as `TraceParent` is found there, and only there.
 *
 * @example propagation.extract(ROOT_CONTEXT, undefined, new EnvironmentGetter())
 */
export class EnvironmentGetter implements TextMapGetter<unknown> {
  private readonly environment: Environment | undefined;

  /** @param environment - what is read. Default: `process.env`, as it is at each call; empty where there is none. */
  constructor(environment?: Environment) {
    this.environment = environment;
  }

  get(_carrier: unknown, key: string): string | undefined {
    return this.variables()[environmentName(key)];
  }

  /** Names of the variables that a field can be in: upper case letters, digits and underscores. */
  keys(_carrier?: unknown): string[] {
    const variables = this.variables();
    return Object.keys(variables).filter((name) => NORMAL.test(name) && variables[name] !== undefined);
  }

  private variables(): Environment {
    return this.environment ?? globalThis.process?.env ?? {};
  }
}

/**
 * Writes propagation fields to environment variables, for a child process. The carrier given to `inject` is not
 * looked at; pass `undefined`.
 *
 * Give each child a copy of its own: a process should not change the variables it was started with ("Environment
 * Variable Immutability"), and nothing but the object given here is written to. What the propagators of this
 * package write is at most 9 KiB, below the 32,767 characters of a variable on Windows. Where a copy holds
 * `TraceParent` and `TRACEPARENT`, Node.js on Windows passes on the latter only, which sorts first.
 *
 * @example
 * const env = { ...process.env };
 * propagation.inject(context.active(), undefined, new EnvironmentSetter(env));
 * spawn(command, { env });
 */
export class EnvironmentSetter implements TextMapSetter<unknown> {
  private readonly environment: Environment;

  /** @param environment - what is written to. A later field whose name becomes the same replaces the former. */
  constructor(environment: Environment) {
    this.environment = environment;
  }

  set(_carrier: unknown, key: string, value: string): void {
    this.environment[environmentName(key)] = value;
  }
}

/**
 * The variable of a field: letters in upper case, every character but ASCII letters, digits and underscores an
 * underscore, and one before a digit at the start ("Key Name Normalization").
 */
function environmentName(key: string): string {
  const name = key.replace(/[^A-Za-z0-9_]/g, '_').toUpperCase();
  return /^[A-Z_]/.test(name) ? name : `_${name}`;
}

/** @module What of `process` the end of a program concerns, where there is one. */

type Listener = (...args: never[]) => unknown;

/** The part of Node's `process` used here; Deno and Bun have it, other hosts do not. */
export interface HostProcess {
  readonly pid: number;
  on(event: string, listener: Listener): unknown;
  prependListener(event: string, listener: Listener): unknown;
  removeListener(event: string, listener: Listener): unknown;
  listeners(event: string): readonly unknown[];
  kill(pid: number, signal: string): unknown;
}

/** `undefined` on hosts whose end nobody is told of. */
export function hostProcess(): HostProcess | undefined {
  const { process } = globalThis as unknown as { process?: HostProcess };
  return typeof process?.on === 'function' ? process : undefined;
}

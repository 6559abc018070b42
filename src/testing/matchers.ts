/** The checks as matchers of Vitest and Jest, and as functions that throw, for `node:test`. */
import { type ExpectedSpan, haveNoErrors, haveSpan, useFewerTokensThan, type Verdict } from './matching.ts';

/** Matchers for `expect.extend(matchers)`, in Vitest and Jest. */
export const matchers = {
  toHaveSpan: (received: unknown, name: string, expected?: ExpectedSpan): Verdict =>
    haveSpan(received, name, expected),
  toHaveNoErrors: (received: unknown): Verdict => haveNoErrors(received),
  toUseFewerTokensThan: (received: unknown, limit: number): Verdict => useFewerTokensThan(received, limit),
};

/** For the types of a runner: `declare module 'vitest' { interface Matchers<T> extends TraceMatchers<T> {} }`. */
export interface TraceMatchers<Result = unknown> {
  /** There is a span of that name that is as expected. */
  toHaveSpan(name: string, expected?: ExpectedSpan): Result;
  /** There are spans, and none has the status ERROR. */
  toHaveNoErrors(): Result;
  /** All model calls together used fewer tokens; fails where no span has a usage. */
  toUseFewerTokensThan(limit: number): Result;
}

/** Under the name and code that runners know. */
class AssertionError extends Error {
  override readonly name = 'AssertionError';
  readonly code = 'ERR_ASSERTION';
}

function check({ pass, message }: Verdict): void {
  if (!pass) throw new AssertionError(message());
}

/** As `toHaveSpan`. @throws AssertionError with what was expected and the tree that came. */
export function assertSpan(received: unknown, name: string, expected?: ExpectedSpan): void {
  check(haveSpan(received, name, expected));
}

/** As `toHaveNoErrors`. @throws AssertionError */
export function assertNoErrors(received: unknown): void {
  check(haveNoErrors(received));
}

/** As `toUseFewerTokensThan`. @throws AssertionError */
export function assertFewerTokensThan(received: unknown, limit: number): void {
  check(useFewerTokensThan(received, limit));
}

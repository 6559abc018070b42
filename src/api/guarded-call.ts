/** Calls of what others wrote - processors, exporters: no exception, no rejection and no wait without end leaves here. */
import { warn } from '../diagnostics.ts';
import { PipeTimer } from '../export/pipe-timer.ts';
import { describe, messageOf } from './attributes.ts';

/**
 * Calls, and waits for a promise that is returned, at most `millis`. What throws, rejects or takes longer is reported
 * once a minute. Never rejects.
 */
export async function guardedWithin(
  what: string,
  owner: object,
  millis: number,
  call: () => unknown,
): Promise<void> {
  let timer: PipeTimer | undefined;
  try {
    const outcome = Promise.resolve(call()).then(() => true);
    const late = new Promise<boolean>((resolve) => {
      timer = new PipeTimer(() => resolve(false), true);
      timer.arm(millis);
    });
    if (!(await Promise.race([outcome, late]))) reportFault(what, owner, `it is not done after ${millis} ms`);
  } catch (error) {
    reportFault(what, owner, error);
  } finally {
    timer?.clear();
  }
}

const ANONYMOUS = '(anonymous class)';

/** The name of the class of a processor or exporter. */
export function nameOf(owner: object): string {
  try {
    return describe(owner.constructor?.name || ANONYMOUS);
  } catch {
    return ANONYMOUS;
  }
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** Tells owners apart whose classes have one name. */
function numberOf(owner: object): number {
  const number = numbers.get(owner) ?? ++lastNumber;
  numbers.set(owner, number);
  return number;
}

/** Handles the rejection of a promise that a hook answered with: hooks are not waited for, but nobody else does. */
export function watchAnswer(what: string, owner: object, answer: unknown): void {
  if (answer === undefined || answer === null || typeof (answer as { then?: unknown }).then !== 'function')
    return;
  (answer as PromiseLike<unknown>).then(undefined, (error: unknown) => reportFault(what, owner, error));
}

/** Says, of each owner at most once a minute, that a method of a processor or exporter failed. */
export function reportFault(what: string, owner: object, error: unknown): void {
  const name = nameOf(owner);
  warn(
    `fault-${numberOf(owner)}-${what}`,
    `${name}.${what} failed: ${messageOf(error)}. The other processors go on.`,
  );
}

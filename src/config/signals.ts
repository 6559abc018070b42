/** @module The signals before whose effect what has finished is sent. */

import { readEnvironment } from './environment.ts';
import { OPTIONS } from './options.ts';
import { warnInvalid } from './readers.ts';

/** Signals that end a process, and that a listener can hold up. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGBREAK', 'SIGUSR2'] as const;
export type FlushSignal = (typeof SIGNALS)[number];

export interface SignalOptions {
  /**
   * Signals before whose effect what has finished is sent, for up to 2 s: `true` for `SIGTERM` and `SIGINT`, or a list.
   * The signal is then raised again, so that the program ends as it would have; where the program has a listener of its
   * own, that one decides. Does nothing in worker threads, which get no signals. Default
   * `SPANDREL_FLUSH_ON_SIGNALS`, else `false`.
   */
  flushOnSignals?: boolean | readonly FlushSignal[];
}

const USUAL: readonly FlushSignal[] = ['SIGTERM', 'SIGINT'];

/** The signals in force, each once. */
export function resolveSignals(options: SignalOptions = {}): readonly FlushSignal[] {
  const [variable] = OPTIONS.flushOnSignals.environment;
  return (
    readSignals('option flushOnSignals', options?.flushOnSignals) ??
    readSignals(variable, fromText(readEnvironment(variable))) ??
    []
  );
}

function fromText(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  const words = text.toUpperCase().split(',');
  if (words.length > 1) return words;
  return { TRUE: true, FALSE: false, NONE: false }[words[0]] ?? words;
}

function readSignals(subject: string, value: unknown): readonly FlushSignal[] | undefined {
  if (value === undefined) return undefined;
  if (value === true) return USUAL;
  if (value === false) return [];
  const expected = `true, false or a list of ${SIGNALS.join(', ')}`;
  if (!Array.isArray(value)) {
    warnInvalid(subject, expected, `a value of type ${typeof value}`);
    return undefined;
  }
  const words = value.map((word) => String(word).trim());
  const unknown = words.find((word) => !SIGNALS.includes(word as FlushSignal));
  if (unknown !== undefined) warnInvalid(subject, expected, JSON.stringify(unknown.slice(0, 40)));
  return SIGNALS.filter((signal) => words.includes(signal));
}

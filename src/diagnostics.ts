/** @module Warnings: to `diag` when a logger is set, else one stderr line each. */

import { readEnvironment } from './config/environment.ts';

/** One minute: the shortest time between two lines of the same code, in milliseconds of the monotonic clock. */
const QUIET_MILLIS = 60_000;
/** Codes remembered at once. Beyond it, further codes share one slot, so neither memory nor output grows. */
const MAXIMUM_CODES = 256;
const OVERFLOW_CODE = 'diagnostics-overflow';
/** Longest message, in UTF-16 units; the rest is cut. */
const MAXIMUM_MESSAGE_LENGTH = 2_000;

/** Numeric order of `DiagLogLevel` in `@opentelemetry/api`, in steps of one. */
const LOG_LEVELS = ['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'] as const;
const DEFAULT_LOG_LEVEL = LOG_LEVELS.indexOf('info');

type Severity = 'error' | 'warn';

interface DiagLogger {
  error(message: string): void;
  warn(message: string): void;
}

interface Rate {
  printedAt: number;
  suppressed: number;
}

const rates = new Map<string, Rate>();
const saidOnce = new Set<string>();

/**
 * Reports something the user may want to act on.
 *
 * Goes to the logger registered with `diag.setLogger`, which applies its own level; without one, it is one
 * line on stderr that starts with `spandrel:`, unless `OTEL_LOG_LEVEL` is `none` or `error`. Each `code` is
 * reported at most once per minute, and the next report says how many were left out. Never throws.
 *
 * @param code - stable name of the condition; not shown.
 * @param message - what was expected, what came, what to do. Must not contain a secret.
 */
export function warn(code: string, message: string): void {
  report('warn', code, message);
}

/** As {@link warn}, but each `code` at most once per process. */
export function warnOnce(code: string, message: string): void {
  if (saidOnce.has(code)) return;
  if (saidOnce.size >= MAXIMUM_CODES) {
    report('warn', OVERFLOW_CODE, message);
    return;
  }
  saidOnce.add(code);
  emit('warn', message);
}

/** As {@link warn}, at error level: on stderr unless `OTEL_LOG_LEVEL` is `none`. */
export function error(code: string, message: string): void {
  report('error', code, message);
}

/** As {@link warn}, for callers that limit their lines themselves. */
export function announce(severity: Severity, message: string): void {
  emit(severity, message);
}

/** Forgets what was reported, for tests. @internal */
export function resetDiagnostics(): void {
  rates.clear();
  saidOnce.clear();
}

function report(severity: Severity, code: string, message: string): void {
  const now = monotonicMillis();
  const key = `${severity}:${slotFor(`${severity}:${code}`, now)}`;
  const rate = rates.get(key);
  if (rate !== undefined && now - rate.printedAt < QUIET_MILLIS) {
    rate.suppressed++;
    return;
  }
  // Recorded before printing, so that a logger which itself causes a warning cannot recurse.
  rates.set(key, { printedAt: now, suppressed: 0 });
  const suppressed = rate?.suppressed ?? 0;
  emit(
    severity,
    suppressed === 0 ? message : `${message} (${suppressed} more like this since the last line)`,
  );
}

function slotFor(key: string, now: number): string {
  const code = key.slice(key.indexOf(':') + 1);
  if (rates.has(key) || rates.size < MAXIMUM_CODES) return code;
  for (const [oldKey, rate] of rates) {
    if (now - rate.printedAt >= QUIET_MILLIS) rates.delete(oldKey);
  }
  return rates.size < MAXIMUM_CODES ? code : OVERFLOW_CODE;
}

function emit(severity: Severity, message: string): void {
  try {
    const line = `spandrel: ${oneLine(message)}`;
    const logger = registeredLogger();
    if (logger !== undefined) {
      logger[severity](line);
    } else if (LOG_LEVELS.indexOf(severity) <= logLevel()) {
      writeStandardError(line);
    }
  } catch {
    // A logger or a stream that throws must not reach the traced program, and there is nowhere left to say so.
  }
}

/** The logger given to `diag.setLogger`, read where the API keeps it: `diag` itself hides whether one is set. */
function registeredLogger(): DiagLogger | undefined {
  const api = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')];
  return (api as { diag?: DiagLogger } | undefined)?.diag;
}

function logLevel(): number {
  const value = readEnvironment('OTEL_LOG_LEVEL')?.toLowerCase();
  if (value === undefined) return DEFAULT_LOG_LEVEL;
  const level = (LOG_LEVELS as readonly string[]).indexOf(value);
  if (level >= 0) return level;
  const code = 'OTEL_LOG_LEVEL';
  if (!saidOnce.has(code)) {
    saidOnce.add(code);
    writeStandardError(`spandrel: OTEL_LOG_LEVEL: expected one of ${LOG_LEVELS.join(', ')}; using info.`);
  }
  return DEFAULT_LOG_LEVEL;
}

// What a terminal takes for a command: CSI sequences of ECMA-48, 5.4, with either introducer.
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
const TERMINAL_COMMANDS = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g;
// C0, DEL and C1; line and paragraph separator.
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
// Unicode Standard Annex 9, 2: what changes the order in which the rest of a line is shown.
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text from outside without what could forge a line, move the cursor or turn the text around: terminal commands and
 * bidirectional controls go, every run of control characters and line separators becomes a space.
 */
export function toPrintable(text: string): string {
  return text.replace(TERMINAL_COMMANDS, '').replace(CONTROLS, ' ').replace(BIDI_CONTROLS, '');
}

/** One report is one line, whatever text it quotes. */
function oneLine(message: string): string {
  const text = String(message);
  const cut = text.length > MAXIMUM_MESSAGE_LENGTH ? `${text.slice(0, MAXIMUM_MESSAGE_LENGTH)}…` : text;
  return toPrintable(cut);
}

interface ErrorStream {
  readonly destroyed?: boolean;
  write(text: string, done: (error?: Error | null) => void): unknown;
  on(event: 'error', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
}

let pendingWrites = 0;
let listening = false;
const ignore = (): void => {};

function writeStandardError(line: string): void {
  const stream = (globalThis as { process?: { stderr?: ErrorStream } }).process?.stderr;
  if (typeof stream?.write !== 'function' || typeof stream.on !== 'function') {
    globalThis.console.error(line);
    return;
  }
  if (stream.destroyed) return;
  // A closed pipe reports EPIPE as an 'error' event, which ends the process unless somebody listens. The
  // listener stays after a failed write because the event follows the callback.
  if (!listening) stream.on('error', ignore);
  listening = true;
  pendingWrites++;
  stream.write(`${line}\n`, (failure) => {
    if (--pendingWrites > 0 || failure) return;
    stream.removeListener('error', ignore);
    listening = false;
  });
}

/** Not the wall clock: a clock set back by an hour would silence every warning for that hour. */
function monotonicMillis(): number {
  return globalThis.performance?.now() ?? 0;
}

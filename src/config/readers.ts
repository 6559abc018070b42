/** @module Turns option values and environment text into checked values; what is wrong is said once and skipped. */

import { warnOnce } from '../diagnostics.ts';
import { readEnvironment } from './environment.ts';

/** What a number has to be. Bounds are inclusive. */
export interface NumberRule {
  /** Whole numbers only. Default `true`. */
  readonly integer?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  /** Shown in warnings, e.g. `milliseconds`. */
  readonly unit?: string;
}

// Decimal notation only: Number() would also take '0x10', '1_0' in some hosts and blank text.
const DECIMAL = /^[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?$/;

/** The number written in `text`, or `undefined` if it is not one or breaks `rule`. Does not warn. */
export function parseNumber(text: string, rule: NumberRule = {}): number | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  return isAllowed(value, rule) ? value : undefined;
}

/**
 * The first of `names` that is set and valid. One that is set but invalid is named in a warning, once, and
 * counts as unset (Environment Variable Specification, "Numeric value": warn and ignore).
 *
 * @param names - variables from highest to lowest precedence.
 */
export function readNumber(names: readonly string[], rule: NumberRule = {}): number | undefined {
  for (const name of names) {
    const text = readEnvironment(name);
    if (text === undefined) continue;
    const value = parseNumber(text, rule);
    if (value !== undefined) return value;
    warnInvalid(name, describeRule(rule), quote(text));
  }
  return undefined;
}

/** As {@link readNumber}, for one of a fixed list of words; letter case does not matter. */
export function readChoice<Choice extends string>(
  names: readonly string[],
  choices: readonly Choice[],
): Choice | undefined {
  for (const name of names) {
    const text = readEnvironment(name)?.toLowerCase();
    if (text === undefined) continue;
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    warnInvalid(name, `one of ${choices.join(', ')}`, quote(text));
  }
  return undefined;
}

/**
 * A boolean variable: only `true`, in any letter case, is true (Environment Variable Specification, "Boolean
 * value"). `undefined` when unset; anything but `true` and `false` warns once and is false.
 */
export function readBoolean(name: string): boolean | undefined {
  const text = readEnvironment(name)?.toLowerCase();
  if (text === undefined) return undefined;
  if (text !== 'true' && text !== 'false') warnInvalid(name, 'true or false', quote(text), 'false is used');
  return text === 'true';
}

/** `value` if it is a number that `rule` allows; anything else but `undefined` is named in a warning, once. */
export function checkNumberOption(name: string, value: unknown, rule: NumberRule): number | undefined {
  if (value === undefined || (typeof value === 'number' && isAllowed(value, rule))) return value;
  warnInvalid(`option ${name}`, describeRule(rule), describe(value));
  return undefined;
}

/** As {@link checkNumberOption}, for one of a fixed list of words. */
export function checkChoiceOption<Choice extends string>(
  name: string,
  value: unknown,
  choices: readonly Choice[],
): Choice | undefined {
  if (value === undefined) return undefined;
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) warnInvalid(`option ${name}`, `one of ${choices.join(', ')}`, describe(value));
  return choice;
}

/** As {@link checkNumberOption}, for a boolean. */
export function checkBooleanOption(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  warnInvalid(`option ${name}`, 'true or false', describe(value));
  return undefined;
}

/** As {@link checkNumberOption}, for text that is not empty. */
export function checkStringOption(name: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  warnInvalid(`option ${name}`, 'a string that is not empty', describe(value));
  return undefined;
}

/**
 * Says once that `subject` is not usable, and what happens instead.
 *
 * @param got - how the value reads; leave it out where the value may hold a secret.
 */
export function warnInvalid(
  subject: string,
  expected: string,
  got?: string,
  consequence = 'it is ignored',
): void {
  const came = got === undefined ? '' : `, got ${got}`;
  warnOnce(
    `config:${subject}`,
    `${subject}: expected ${expected}${came}; ${consequence}. Correct or remove it.`,
  );
}

function isAllowed(value: number, rule: NumberRule): boolean {
  if (Number.isNaN(value)) return false;
  if (rule.integer !== false && !Number.isInteger(value) && value !== rule.maximum) return false;
  return value >= (rule.minimum ?? Number.NEGATIVE_INFINITY) && value <= (rule.maximum ?? Number.MAX_VALUE);
}

function describeRule(rule: NumberRule): string {
  const noun = rule.integer === false ? 'a number' : 'a whole number';
  const unit = rule.unit === undefined ? '' : ` of ${rule.unit}`;
  const { minimum, maximum } = rule;
  if (minimum !== undefined && maximum !== undefined && Number.isFinite(maximum)) {
    return `${noun}${unit} from ${minimum} to ${maximum}`;
  }
  return minimum === undefined ? `${noun}${unit}` : `${noun}${unit}, at least ${minimum}`;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  return typeof value === 'number' || typeof value === 'boolean' || value === null
    ? String(value)
    : `a value of type ${typeof value}`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

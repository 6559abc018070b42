/** @module Precedence, once for all options: explicit, signal's variable, general variable, default. */

import {
  type BooleanOption,
  type BooleanOptionName,
  type Choice,
  type ChoiceOptionName,
  type NumberOption,
  type NumberOptionName,
  OPTIONS,
} from './options.ts';
import {
  checkBooleanOption,
  checkChoiceOption,
  checkNumberOption,
  type NumberRule,
  readBoolean,
  readChoice,
  readNumber,
} from './readers.ts';

/**
 * The value of a numeric option: `explicit`, else its variables, else its default. What is invalid is skipped.
 *
 * @param isAlone - whether its variables do not count.
 */
export function resolveNumber<Name extends NumberOptionName>(
  name: Name,
  explicit: number | undefined,
  isAlone: boolean = false,
): number | (typeof OPTIONS)[Name]['default'] {
  const option: NumberOption = OPTIONS[name];
  const rule: NumberRule = {
    integer: option.type === 'integer',
    minimum: option.minimum,
    maximum: option.maximum,
    unit: option.unit,
  };
  const value =
    checkNumberOption(name, explicit, rule) ??
    readNumber(isAlone ? [] : option.environment, rule) ??
    option.default;
  return value as number | (typeof OPTIONS)[Name]['default'];
}

/** As {@link resolveNumber}, for one word of a list. */
export function resolveChoice<Name extends ChoiceOptionName>(
  name: Name,
  explicit: Choice<Name> | undefined,
  isAlone: boolean = false,
): Choice<Name> {
  const { choices, environment, default: fallback } = OPTIONS[name];
  const words = choices as readonly Choice<Name>[];
  return (
    checkChoiceOption(name, explicit, words) ??
    readChoice(isAlone ? [] : environment, words) ??
    (fallback as Choice<Name>)
  );
}

/** As {@link resolveNumber}, for a boolean. */
export function resolveBoolean(name: BooleanOptionName, explicit: boolean | undefined): boolean {
  const option: BooleanOption = OPTIONS[name];
  const [variable] = option.environment;
  const fromEnvironment = variable === undefined ? undefined : readBoolean(variable);
  return checkBooleanOption(name, explicit) ?? fromEnvironment ?? option.default;
}

/** Names of parameters, read from the text of functions as compilers and minifiers leave it. */
import { expect, test } from 'vitest';
import { parameterNames } from '../../../src/ai/honeyhive/parameter-names.ts';

/** As text, so that no tool of the tests rewrites it. */
const made = (text: string) => new Function(`return (${text})`)() as (...args: never[]) => unknown;

test.each([
  ['function f(a, b) {}', ['a', 'b']],
  ['async function f(a, b = [1, 2], ...rest) {}', ['a', 'b', 'rest']],
  ['(a, b = ")", c) => a', ['a', 'b', 'c']],
  ['a => a', ['a']],
  ['async größe => größe', ['größe']],
  ['async (a) => a', ['a']],
  ['function* f(/* the id */ id, // and\n limit) {}', ['id', 'limit']],
  ['({ x, y }, b) => b', [undefined, 'b']],
  ['(a, b = (x, y) => x, c = { d: [1] }) => a', ['a', 'b', 'c']],
  ['function () {}', []],
  ['() => {}', []],
  ['class { static m(a, b) {} }.m', ['a', 'b']],
  ['Math.max', []],
  ['(function f(a) {}).bind(null)', []],
])('%s', (text, expected) => {
  expect(parameterNames(made(text))).toEqual(expected);
});

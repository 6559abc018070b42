/**
 * Evaluates `+ - * / ( )` over decimal numbers by recursive descent. Throws a SyntaxError that names the
 * position for anything else, so that the agent can hand the message back to the model.
 */
export function calculate(expression) {
  const tokens = expression.match(/\d+(?:\.\d+)?|[^\s]/g) ?? [];
  let at = 0;

  function fail() {
    const found = at < tokens.length ? `"${tokens[at]}"` : 'the end';
    return new SyntaxError(`expected a number or "(" at token ${at + 1} of "${expression}", found ${found}`);
  }

  function operand() {
    const token = tokens[at];
    if (token === '-') {
      at += 1;
      return -operand();
    }
    if (token === '(') {
      at += 1;
      const value = sumOfProducts();
      if (tokens[at] !== ')') throw new SyntaxError(`expected ")" at token ${at + 1} of "${expression}"`);
      at += 1;
      return value;
    }
    if (token === undefined || !/^\d/.test(token)) throw fail();
    at += 1;
    return Number(token);
  }

  function product() {
    let value = operand();
    while (tokens[at] === '*' || tokens[at] === '/') {
      const operator = tokens[at];
      at += 1;
      value = operator === '*' ? value * operand() : value / operand();
    }
    return value;
  }

  function sumOfProducts() {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '-') {
      const operator = tokens[at];
      at += 1;
      value = operator === '+' ? value + product() : value - product();
    }
    return value;
  }

  const value = sumOfProducts();
  if (at < tokens.length) throw fail();
  // Twelve digits hide the binary noise of 400 * 0.4 and keep every figure that a note can contain.
  return Number(value.toPrecision(12));
}

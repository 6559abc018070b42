/** @module The titles of tests as their sources have them: nothing is run, and templates keep their placeholders. */

import ts from 'typescript';

/** Words that make a test, whatever is chained to them (`test.each(table)`, `describe.each(table)`). */
const WORDS = ['describe', 'test', 'it'];
/** Chained to one of them, these make a test that does not run. */
const NOT_RUN = ['skip', 'todo', 'fails'];

/** The titles of a source, each below those of the groups around it: `group > title`. Tests that do not run have none. */
export function titlesOf(text: string): Set<string> {
  const source = ts.createSourceFile('test.ts', text, ts.ScriptTarget.ES2022, true);
  const titles = new Set<string>();
  const visit = (node: ts.Node, path: readonly string[]): void => {
    const call = readCall(node);
    if (call === undefined) {
      ts.forEachChild(node, (child) => visit(child, path));
      return;
    }
    if (!call.runs) return;
    const below = [...path, call.title];
    if (call.word !== 'describe') titles.add(below.join(' > '));
    else for (const argument of call.rest) visit(argument, below);
  };
  visit(source, []);
  return titles;
}

interface TestCall {
  readonly word: string;
  readonly runs: boolean;
  readonly title: string;
  readonly rest: readonly ts.Node[];
}

/** A call that makes a test or a group of them; `undefined` for any other node. */
function readCall(node: ts.Node): TestCall | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const [title, ...rest] = node.arguments;
  if (title === undefined || rest.length === 0) return undefined;
  if (!ts.isStringLiteralLike(title) && !ts.isTemplateExpression(title)) return undefined;
  let callee: ts.Expression = node.expression;
  let runs = true;
  while (ts.isCallExpression(callee) || ts.isPropertyAccessExpression(callee)) {
    if (ts.isPropertyAccessExpression(callee) && NOT_RUN.includes(callee.name.text)) runs = false;
    callee = callee.expression;
  }
  if (!ts.isIdentifier(callee) || !WORDS.includes(callee.text)) return undefined;
  const text = ts.isStringLiteralLike(title) ? title.text : title.getText().slice(1, -1);
  return { word: callee.text, runs, title: text, rest };
}

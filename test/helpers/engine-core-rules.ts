/**
 * @module The rules of `assembly/`: the subset of TypeScript that means the same to `asc` and to `tsc`. Checked on the
 * syntax tree, one file at a time.
 */

import ts from 'typescript';

const { SyntaxKind } = ts;

/** The two halves of the memory primitives. They are what the subset cannot say, so most rules pass them by. */
const MEMORY_FILES = ['mem.ts', 'mem.wasm.ts'];
const TYPES = ['i32', 'f64'];

const FORBIDDEN: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [SyntaxKind.AsExpression, 'cast'],
  [SyntaxKind.TypeAssertionExpression, 'cast'],
  [SyntaxKind.SatisfiesExpression, 'cast'],
  [SyntaxKind.NonNullExpression, 'cast'],
  [SyntaxKind.ClassDeclaration, 'class'],
  [SyntaxKind.ClassExpression, 'class'],
  [SyntaxKind.ArrowFunction, 'closure'],
  [SyntaxKind.FunctionExpression, 'closure'],
  [SyntaxKind.NewExpression, 'allocation'],
  [SyntaxKind.ArrayLiteralExpression, 'allocation'],
  [SyntaxKind.ObjectLiteralExpression, 'allocation'],
  [SyntaxKind.TemplateExpression, 'allocation'],
  [SyntaxKind.NoSubstitutionTemplateLiteral, 'allocation'],
  [SyntaxKind.StringLiteral, 'allocation'],
  [SyntaxKind.RegularExpressionLiteral, 'allocation'],
  [SyntaxKind.PropertyAccessExpression, 'property'],
  [SyntaxKind.ElementAccessExpression, 'property'],
  [SyntaxKind.TryStatement, 'exception'],
  [SyntaxKind.ThrowStatement, 'exception'],
  [SyntaxKind.ForOfStatement, 'iteration'],
  [SyntaxKind.ForInStatement, 'iteration'],
  [SyntaxKind.TrueKeyword, 'bool'],
  [SyntaxKind.FalseKeyword, 'bool'],
  [SyntaxKind.BigIntLiteral, 'type'],
]);

const ARITHMETIC = new Set([
  SyntaxKind.AsteriskToken,
  SyntaxKind.AsteriskEqualsToken,
  SyntaxKind.AsteriskAsteriskToken,
  SyntaxKind.AsteriskAsteriskEqualsToken,
  SyntaxKind.SlashToken,
  SyntaxKind.SlashEqualsToken,
  SyntaxKind.PercentToken,
  SyntaxKind.PercentEqualsToken,
]);
const UNSIGNED_SHIFT = new Set([
  SyntaxKind.GreaterThanGreaterThanGreaterThanToken,
  SyntaxKind.GreaterThanGreaterThanGreaterThanEqualsToken,
]);
const TRUTH = new Set([
  SyntaxKind.LessThanToken,
  SyntaxKind.LessThanEqualsToken,
  SyntaxKind.GreaterThanToken,
  SyntaxKind.GreaterThanEqualsToken,
  SyntaxKind.EqualsEqualsToken,
  SyntaxKind.EqualsEqualsEqualsToken,
  SyntaxKind.ExclamationEqualsToken,
  SyntaxKind.ExclamationEqualsEqualsToken,
  SyntaxKind.AmpersandAmpersandToken,
  SyntaxKind.BarBarToken,
]);

/** What breaks a rule in one file of `assembly/`: `rule: line n: text`, in the order of the file. */
export function coreRuleBreaks(fileName: string, source: string): string[] {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.ES2022, true);
  const found: string[] = [];
  const report = (rule: string, node: ts.Node) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    found.push(`${rule}: line ${line + 1}: ${node.getText(file).split('\n')[0]}`);
  };
  const isMemory = MEMORY_FILES.includes(fileName);
  const visit = (node: ts.Node): void => {
    checkDecorator(node, fileName, report);
    checkImport(node, report);
    if (ts.isImportDeclaration(node)) return;
    if (!isMemory) checkSubset(node, report);
    checkModuleState(node, report);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

type Report = (rule: string, node: ts.Node) => void;

function checkDecorator(node: ts.Node, fileName: string, report: Report): void {
  if (!ts.isDecorator(node)) return;
  if (fileName !== 'mem.wasm.ts' || node.expression.getText() !== 'inline') report('decorator', node);
}

function checkImport(node: ts.Node, report: Report): void {
  if (ts.isExportDeclaration(node) || ts.isExportAssignment(node)) report('re-export', node);
  if (!ts.isImportDeclaration(node)) return;
  const specifier = (node.moduleSpecifier as ts.StringLiteral).text;
  const bindings = node.importClause?.namedBindings;
  const isNamed =
    bindings !== undefined && ts.isNamedImports(bindings) && node.importClause?.name === undefined;
  if (!/^\.\/[a-z-]+\.ts$/.test(specifier) || specifier === './mem.wasm.ts' || !isNamed)
    report('import', node);
}

/** State would be one a process in the TypeScript engine and one an instance in the WebAssembly one. */
function checkModuleState(node: ts.Node, report: Report): void {
  if (!ts.isVariableStatement(node) || node.parent.kind !== SyntaxKind.SourceFile) return;
  if ((node.declarationList.flags & ts.NodeFlags.Const) === 0) report('module state', node);
}

function checkSubset(node: ts.Node, report: Report): void {
  const rule = FORBIDDEN.get(node.kind);
  if (rule !== undefined) report(rule, node);
  if (ts.isFunctionDeclaration(node)) checkFunction(node, report);
  checkType(node, report);
  if (ts.isBinaryExpression(node)) {
    const operator = node.operatorToken.kind;
    if (ARITHMETIC.has(operator)) report('arithmetic', node);
    if (UNSIGNED_SHIFT.has(operator)) report('unsigned shift', node);
    if (TRUTH.has(operator) && !isCondition(node)) report('bool', node);
  }
  if (
    ts.isPrefixUnaryExpression(node) &&
    node.operator === SyntaxKind.ExclamationToken &&
    !isCondition(node)
  ) {
    report('bool', node);
  }
  if (ts.isNumericLiteral(node) && !(Number(node.text) <= 0x7fffffff)) report('range', node);
}

function checkFunction(node: ts.FunctionDeclaration, report: Report): void {
  if (node.parent.kind !== SyntaxKind.SourceFile) report('closure', node);
  if (node.type === undefined) report('type', node);
  const isPlain = node.asteriskToken === undefined && node.typeParameters === undefined;
  const isAsync = node.modifiers?.some(({ kind }) => kind === SyntaxKind.AsyncKeyword) ?? false;
  if (!isPlain || isAsync) report('closure', node);
}

/** Every name says its type: what is left to inference, the two compilers infer differently. */
function checkType(node: ts.Node, report: Report): void {
  if (ts.isTypeReferenceNode(node)) {
    if (!TYPES.includes(node.getText())) report('type', node);
  } else if (ts.isTypeNode(node) && node.kind !== SyntaxKind.VoidKeyword) {
    report('type', node);
  } else if ((ts.isVariableDeclaration(node) || ts.isParameter(node)) && node.type === undefined) {
    report('type', node);
  } else if (
    ts.isTypeAliasDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isEnumDeclaration(node)
  ) {
    report('type', node);
  }
}

/** A truth value is 1 or 0 to one compiler and true or false to the other; only a condition may see it. */
function isCondition(node: ts.Expression): boolean {
  const { parent } = node;
  if (ts.isParenthesizedExpression(parent)) return isCondition(parent);
  if (ts.isBinaryExpression(parent))
    return TRUTH.has(parent.operatorToken.kind) && isLogical(parent) && isCondition(parent);
  if (ts.isPrefixUnaryExpression(parent))
    return parent.operator === SyntaxKind.ExclamationToken && isCondition(parent);
  if (ts.isIfStatement(parent) || ts.isWhileStatement(parent) || ts.isDoStatement(parent)) {
    return parent.expression === node;
  }
  if (ts.isForStatement(parent) || ts.isConditionalExpression(parent)) return parent.condition === node;
  return false;
}

function isLogical({ operatorToken }: ts.BinaryExpression): boolean {
  return (
    operatorToken.kind === SyntaxKind.AmpersandAmpersandToken || operatorToken.kind === SyntaxKind.BarBarToken
  );
}

/** The exported functions of a file, as `name(parameters): type`. */
export function exportedSignatures(source: string): string[] {
  const file = ts.createSourceFile('mem.ts', source, ts.ScriptTarget.ES2022, true);
  return file.statements.filter(ts.isFunctionDeclaration).map((node) => {
    const isExported = node.modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword) ?? false;
    const parameters = node.parameters.map((parameter) => parameter.getText(file)).join(', ');
    return `${isExported ? 'export ' : ''}${node.name?.text}(${parameters}): ${node.type?.getText(file)}`;
  });
}

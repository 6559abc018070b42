// Makes what CommonJS modules of a build give each other constants. esbuild writes each export as a getter and each use of
// it as a look-up on an object of getters, dozens of them on the way of a span (`sync-bare` of `npm run bench -- wrappers`
// shows them). What is never assigned again is read once, and exports are plain members.

const API = '@opentelemetry/api';

/** The names that a module exports, each with the expression that reads it. */
function exportsOf(code) {
  const [, block = ''] = /^__export\(\w+, \{\n([\s\S]*?)\n\}\);$/m.exec(code) ?? [];
  return new Map(
    [...block.matchAll(/^ {2}(\w+): \(\) => ([\w$.]+),?$/gm)].map(([, name, read]) => [name, read]),
  );
}

/** Whether a variable of a module gets its value where it is declared, and never another. */
function isConstant(code, name) {
  if (new RegExp(`^(?:async )?(?:function\\*?|class) ${name}\\b`, 'm').test(code)) {
    return !isAssigned(code, name, 0);
  }
  return new RegExp(`^(?:var|let|const) ${name} = `, 'm').test(code) && !isAssigned(code, name, 1);
}

/** Another variable of the same name counts as well: then it is read anew each time, as esbuild has it. */
function isAssigned(code, name, declarations) {
  const assignments = code.match(
    new RegExp(
      `(?<![\\w$.])${name} *(?:=(?![=>])|[-+*/%&|^]=|(?:\\*\\*|<<|>>>?|\\?\\?|\\|\\||&&)=|\\+\\+|--)`,
      'g',
    ),
  );
  return (assignments?.length ?? 0) > declarations || new RegExp(`(?:\\+\\+|--)${name}\\b`).test(code);
}

/** Modules by their variable in a module: those of the build, and the API. */
function importsOf(code) {
  const found = code.matchAll(
    /^var (import_\w+) = require\("(\.\/shared-[\w-]+\.cjs|@opentelemetry\/api)"\);$/gm,
  );
  return new Map([...found].map(([, variable, path]) => [variable, path.replace('./', '')]));
}

/**
 * @param modules - the CommonJS text that esbuild made, by the name of the file.
 * @returns the same, with what is constant read once. Lines stay where a source map has them.
 */
export function withConstantExports(modules) {
  const constants = new Map();
  const isConstantExport = (file, name) => {
    if (file === API) return true;
    if (!constants.has(file)) constants.set(file, new Map());
    const known = constants.get(file);
    if (!known.has(name)) known.set(name, judge(file, name));
    return known.get(name);
  };
  const judge = (file, name) => {
    const code = modules.get(file);
    const read = code && exportsOf(code).get(name);
    if (read === undefined) return false;
    const [variable, member] = read.split('.');
    if (member === undefined) return isConstant(code, read);
    const from = importsOf(code).get(variable);
    return from !== undefined && isConstantExport(from, member);
  };
  return new Map([...modules].map(([file, code]) => [file, rewrite(file, code, isConstantExport)]));
}

function rewrite(file, code, isConstantExport) {
  const exported = exportsOf(code);
  let text = code;
  for (const [variable, from] of importsOf(code)) {
    const used = new Set(
      [...code.matchAll(new RegExp(`\\b${variable}\\.(\\w+)`, 'g'))].map(([, name]) => name),
    );
    const names = [...used].filter((name) => isConstantExport(from, name));
    if (names.length === 0) continue;
    for (const name of names) {
      text = text
        .replaceAll(new RegExp(`\\(0, ${variable}\\.${name}\\)`, 'g'), `${variable}$$${name}`)
        .replaceAll(new RegExp(`\\b${variable}\\.${name}\\b`, 'g'), `${variable}$$${name}`);
    }
    const members = names.map((name) => `${name}: ${variable}$${name}`).join(', ');
    const load = `var ${variable} = require("${from === API ? API : `./${from}`}");`;
    text = text.replace(load, () => `${load} var { ${members} } = ${variable};`);
  }
  if (exported.size === 0) return text;
  const reads = exportsOf(text);
  const members = [...exported.keys()].map((name) =>
    isConstantExport(file, name)
      ? `${name}: ${reads.get(name)}`
      : `get ${name}() { return ${reads.get(name)}; }`,
  );
  const last = `module.exports = Object.defineProperty({ ${members.join(', ')} }, "__esModule", { value: true });`;
  return withoutHelpers(`${withoutGetters(text)}${last}\n`);
}

/** The lines of what is taken out stay, empty. */
const blank = (found) => found.replaceAll(/[^\n]/g, '');

/** Without what esbuild made of the exports. */
function withoutGetters(text) {
  return text
    .replace(/^__export\(\w+, \{\n[\s\S]*?\n\}\);$/m, blank)
    .replace(/^module\.exports = __toCommonJS\(\w+\);$/m, '')
    .replace(/^0 && \(module\.exports = \{[\s\S]*?\}\);$/m, blank);
}

/** Without those of esbuild's own functions that nothing calls any more; one may have been the last to call another. */
function withoutHelpers(text) {
  const unused = [...text.matchAll(/^var (__\w+|\w+_exports) = (?:.*;|.*\{\n[\s\S]*?\n\};)$/gm)].find(
    ([, name]) => text.match(new RegExp(`\\b${name}\\b`, 'g')).length === 1,
  );
  return unused === undefined ? text : withoutHelpers(text.replace(unused[0], blank));
}

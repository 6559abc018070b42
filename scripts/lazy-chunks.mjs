// What a CommonJS build loads when it is first used: each chunk is some modules of src/ that others import as always.
// `require` is synchronous, so no caller sees the difference; ES modules have no such thing and import all of it.
import { relative } from 'node:path';

/** Modules of src/ by the name of the chunk that holds them and what only they need. */
export const LAZY_CHUNKS = {
  'dialect-honeyhive': ['ai/dialects/honeyhive'],
  'dialect-langfuse': ['ai/dialects/langfuse'],
  'dialect-openinference': ['ai/dialects/openinference'],
  'dialect-traceloop': ['ai/dialects/traceloop'],
  'engine-ts': ['engine/ts'],
  'exporter-console': ['export/console-span-exporter'],
  'exporter-file': ['api/file-span-exporter'],
  'flush-on-signals': ['exit/signal-hooks'],
  'follow-response': ['ai/follow-response', 'ai/follow-stream'],
  masking: ['api/mask-span', 'api/redaction'],
  'environment-carrier': ['api/environment-carrier'],
  metrics: ['api/sdk-metrics', 'api/span-metrics', 'api/processor-metrics', 'api/exporter-metrics'],
  'model-clients': [
    'ai/instrument/anthropic',
    'ai/instrument/model-call',
    'ai/instrument/openai-chat',
    'ai/instrument/openai-embeddings',
    'ai/instrument/openai-responses',
    'ai/instrument/own-spans',
    'ai/instrument/provider',
  ],
  'otlp-fetch': ['export/fetch-client'],
  'otlp-http': ['export/otlp-http'],
  'otlp-json': ['export/otlp-json-body', 'export/decoding-wire-exporter'],
  'plug-in-mode': [
    'api/encoded-object-export',
    'api/exporter-calls',
    'api/plugin-processors',
    'api/plugin-span',
    'api/request-encoder',
  ],
  provider: [
    'api/exporter-options',
    'api/overhead-controller',
    'api/span',
    'api/tracer-provider',
    'config/activation',
    'config/content',
    'config/dialect',
    'config/propagators',
    'config/resource',
    'config/sampler',
    'config/signals',
    'exit/exit-hooks',
    'exit/request-flushes',
    'exit/watched-tracer-provider',
  ],
  propagators: ['api/baggage-propagator', 'api/composite-propagator', 'api/trace-context-propagator'],
  'propagator-b3': ['api/b3-propagator'],
  samplers: [
    'api/always-record-sampler',
    'api/composable-always-on-off-sampler',
    'api/composable-annotating-sampler',
    'api/composable-parent-threshold-sampler',
    'api/composable-probability-sampler',
    'api/composable-rule-based-sampler',
    'api/composite-sampler',
    'api/trace-id-ratio-based-sampler',
  ],
  'shorten-content': ['api/shorten-content'],
  'tls-files': ['export/tls-files'],
};

const chunkOf = new Map(
  Object.entries(LAZY_CHUNKS).flatMap(([chunk, modules]) =>
    modules.map((module) => [`src/${module}.ts`, chunk]),
  ),
);

/** An esbuild plugin: an import of a lazy chunk from outside is left as an import of its file. */
export function cutLazyChunks(root) {
  const pathOf = (path) => relative(root, path);
  return {
    name: 'lazy-chunks',
    setup(build) {
      build.onResolve({ filter: /^\.{1,2}\// }, async ({ path, importer, resolveDir, pluginData, kind }) => {
        if (pluginData === 'resolving' || importer === '' || importer.startsWith('entry:')) return undefined;
        const found = await build.resolve(path, { importer, resolveDir, kind, pluginData: 'resolving' });
        const chunk = chunkOf.get(pathOf(found.path));
        if (chunk === undefined || chunk === chunkOf.get(pathOf(importer))) return undefined;
        return { path: `./lazy-${chunk}.cjs`, external: true };
      });
    },
  };
}

/** The file in which all modules see which chunks are loaded. */
export const LOADED = 'loaded.cjs';

/** Its text. All members are there from the beginning, so that asking for one is a look at a known place. */
export function loadedModule() {
  const members = Object.keys(LAZY_CHUNKS).map((chunk) => `  '${chunk}': undefined,\n`);
  return `module.exports = {\n${members.join('')}};\n`;
}

/**
 * Makes the imports of lazy chunks in a CommonJS module calls of a function that loads them. Nothing is an instance of a
 * class that was not loaded, so asking that loads nothing. Lines stay where a source map has them.
 */
export function loadLazily(text) {
  const names = [];
  const declared = text.replace(
    /^(?:var|const) import_(lazy_\w+) = require\("\.\/lazy-([\w-]+)\.cjs"\);$/gm,
    (_, name, chunk) => {
      names.push({ name, chunk });
      return `var load_${name} = () => loaded["${chunk}"] ??= require("./lazy-${chunk}.cjs");`;
    },
  );
  if (names.length === 0) return text;
  const lazy = names.reduce(
    (changed, { name, chunk }) =>
      changed
        .replaceAll(
          new RegExp(`\\binstanceof import_${name}\\.(\\w+)`, 'g'),
          `instanceof (loaded["${chunk}"]?.$1 ?? Unloaded)`,
        )
        .replaceAll(new RegExp(`\\bnew import_${name}\\.(\\w+)`, 'g'), `new (load_${name}().$1)`)
        .replaceAll(new RegExp(`\\bimport_${name}\\.`, 'g'), `load_${name}().`),
    declared,
  );
  if (/\bimport_lazy_/.test(lazy))
    throw new Error('expected every use of a lazy chunk to name an export of it');
  return `var loaded = require("./${LOADED}"); ${lazy}function Unloaded() {}\n`;
}

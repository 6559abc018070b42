// Runs recipes on one side: `node child.mjs SIDE SDK RECIPES OUTPUT URL`. The spans of recipe N go to URL/N; what a
// caller saw, and when each recipe ran, is written to OUTPUT as JSON.
import { readFileSync, writeFileSync } from 'node:fs';
import { context, diag } from '@opentelemetry/api';
import { decode, makeSampler, runRecipe, seededIds } from './interpreter.mjs';
import { loadSide } from './sides.mjs';

const [side, sdkName, recipesFile, outputFile, url] = process.argv.slice(2);
const { sdk, witness, processors } = await loadSide(side, sdkName);

// What either SDK says of bad input is not compared.
const silent = () => {};
diag.setLogger({ error: silent, warn: silent, info: silent, debug: silent, verbose: silent });
context.setGlobalContextManager(new sdk.AsyncLocalStorageContextManager().enable());

async function run(recipe, index) {
  const { resource, sampler } = recipe;
  const looker = witness();
  const provider = new sdk.TracerProvider({
    spanLimits: decode(recipe.spanLimits),
    ...(!recipe.hasOwnIds && { idGenerator: seededIds(recipe.seed) }),
    ...(sampler.kind !== 'default' && { sampler: makeSampler(sampler, sdk) }),
    ...(resource && {
      resource: sdk.resourceFromAttributes(decode(resource.attributes), { schemaUrl: resource.schemaUrl }),
    }),
    spanProcessors: [...(looker ? [looker] : []), ...processors(`${url}/${index}`)],
  });
  const from = Date.now();
  const { seen, areObjects } = await runRecipe(recipe, provider);
  const to = Date.now();
  await provider.forceFlush();
  await provider.shutdown();
  return { seen, areObjects, notes: looker?.notes, from, to };
}

const runs = [];
for (const [index, recipe] of JSON.parse(readFileSync(recipesFile, 'utf8')).entries()) {
  runs.push(await run(recipe, index));
}
const text = (_key, value) => (typeof value === 'bigint' ? String(value) : value);
writeFileSync(outputFile, JSON.stringify({ origin: performance.timeOrigin, runs }, text));

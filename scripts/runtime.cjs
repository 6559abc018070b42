// Loaded before all else, so that what is missing is named: no syntax here is newer than Node 6.
'use strict';

const NODE = 20;

const node = typeof process === 'object' && process.versions ? process.versions.node : undefined;
if (node !== undefined && Number.parseInt(node, 10) < NODE) {
  throw new Error(`spandrel: expected Node ${NODE} or later, got ${node}. Update Node.`);
}

try {
  require('@opentelemetry/api');
} catch (error) {
  if (error.code !== 'MODULE_NOT_FOUND') throw error;
  const missing = new Error(
    'spandrel: expected the package @opentelemetry/api beside it, found none. Run: npm install @opentelemetry/api@1.9',
  );
  missing.code = error.code;
  throw missing;
}

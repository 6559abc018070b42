/** Whether the `@opentelemetry/api` of the process is one that this package was made for. */
import { warnOnce } from '../diagnostics.ts';

/** As `peerDependencies` in package.json says it. */
const RANGE = '>=1.9.0 <1.11.0';
/** Deno with `OTEL_DENO=true` has an API of its own there, which says it is 1.999.999 (Deno 2.9). */
const KNOWN = /^1\.(?:9|10|999)\./;

/**
 * Says once that the API is another. To be called after a registration, which is where the API writes its version down: the
 * copy that was first in the process, and not necessarily the one that is imported here.
 */
export function checkApiVersion(registered: { readonly version?: unknown }): void {
  const { version } = registered;
  if (typeof version === 'string' && KNOWN.test(version)) return;
  const found = typeof version === 'string' ? version : 'one that keeps its state elsewhere';
  warnOnce(
    'api-version',
    `expected @opentelemetry/api ${RANGE}, got ${found}: spans of instrumentations, or all of them, may be lost. ` +
      'Run: npm install @opentelemetry/api@1.9',
  );
}

/**
 * @module Platforms that end, or freeze, a process once a response is sent, unless they are told what to wait for:
 * `waitUntil(promise)` of the request under way. Each puts it where a library can find it.
 */

/** One request, as its platform shows it. */
export interface PlatformRequest {
  waitUntil?(promise: Promise<unknown>): unknown;
}

interface RequestHolder {
  get?(): PlatformRequest | null | undefined;
}

/** `@vercel/functions` reads the first (3.9, `get-context.js`), Next.js the second (16, `builtin-request-context.js`). */
const HOLDERS = [Symbol.for('@vercel/request-context'), Symbol.for('@next/request-context')];

const host = globalThis as {
  [holder: symbol]: RequestHolder | undefined;
  /** Netlify functions (`@netlify/runtime` 4, `globals.ts`). */
  Netlify?: { readonly context?: PlatformRequest | null };
};

/**
 * What answers which request is under way, on a platform that can be told to wait; `undefined` elsewhere. Platforms set
 * this up before they load the program.
 */
export function detectPlatform(): (() => PlatformRequest | undefined) | undefined {
  const holders = HOLDERS.filter((name) => typeof host[name]?.get === 'function');
  const isNetlify = typeof host.Netlify === 'object' && host.Netlify !== null && 'context' in host.Netlify;
  if (holders.length === 0 && !isNetlify) return undefined;
  return () => {
    const requests = [...holders.map((name) => host[name]?.get?.()), host.Netlify?.context];
    return requests.find((request) => typeof request?.waitUntil === 'function') ?? undefined;
  };
}

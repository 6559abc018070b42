/** Headers, in the forms that programs have them: a record, as Node.js does, or the `Headers` of the Fetch standard. */
import { type Context, propagation, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';

/** Its members are read by methods: the API's own getter and setter know records alone. */
const HEADERS: TextMapGetter<Headers> & TextMapSetter<Headers> = {
  get: (headers, key) => headers.get(key) ?? undefined,
  keys: (headers) => [...headers.keys()],
  set: (headers, key, value) => headers.set(key, value),
};

/** Whichever class they are of: frameworks bring their own. */
function isHeaders(carrier: unknown): carrier is Headers {
  const { get, set, keys } = (carrier ?? {}) as Partial<Headers>;
  return [get, set, keys].every((method) => typeof method === 'function');
}

export function injectInto(context: Context, carrier: unknown): void {
  if (isHeaders(carrier)) propagation.inject(context, carrier, HEADERS);
  else propagation.inject(context, carrier);
}

export function extractFrom(context: Context, carrier: unknown): Context {
  return isHeaders(carrier)
    ? propagation.extract(context, carrier, HEADERS)
    : propagation.extract(context, carrier);
}

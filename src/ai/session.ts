/** Whom spans belong to: carried by the context, so that concurrent requests never mix. */
import { type Attributes, type Context, propagation, type Span } from '@opentelemetry/api';
import { describe } from '../api/attributes.ts';
import { activeContext, spanOf, withContext, withSharedAttributes } from '../api/context.ts';
import { warnOnce } from '../diagnostics.ts';
import { extractFrom, injectInto } from './carrier.ts';
import type { SessionProperties } from './fields.ts';
import { activeDialect } from './settings.ts';

export type { SessionProperties };

export interface CarryOptions {
  /**
   * Whether other services get them as well, as W3C baggage, where a propagator for that is set. They are then in the
   * headers of every outgoing request of the instrumentations. Default `false`.
   */
  asBaggage?: boolean;
}

/** Names of baggage entries; the same whatever the dialect. */
const BAGGAGE = {
  sessionId: 'session.id',
  sessionName: 'session.name',
  userId: 'user.id',
} as const;

/**
 * Runs `fn` with a session: every span started in it, and in what it awaits, carries the session, spans of
 * instrumentations included. The active span gets it too. Sessions nest; inner members win. Returns what `fn` returns.
 */
export function withSession<R>(
  properties: SessionProperties,
  fn: () => R,
  { asBaggage = false }: CarryOptions = {},
): R {
  const given = readSession(properties);
  const dialect = activeDialect();
  const attributes = dialect.session(given);
  currentSpan()?.setAttributes(attributes);
  // Of tags and metadata there may be many: what says whose the session is keeps its place before them.
  const { tags, metadata } = given;
  const core: Attributes = {};
  const other: Attributes = {};
  const many = dialect.session({ tags, metadata });
  for (const [key, value] of Object.entries(attributes)) (key in many ? other : core)[key] = value;
  const context = withSharedAttributes(activeContext(), { core, other });
  const entries: Record<string, string> = {};
  for (const [member, key] of Object.entries(BAGGAGE)) {
    const value = given[member as keyof typeof BAGGAGE];
    if (value !== undefined) entries[key] = value;
  }
  return withContext(asBaggage ? withBaggage(context, entries) : context, fn);
}

/** Runs `fn` with attributes that every span started in it carries. Names are used as they are, in every dialect. */
export function withAttributes<R>(
  attributes: Attributes,
  fn: () => R,
  { asBaggage = false }: CarryOptions = {},
): R {
  const context = withSharedAttributes(activeContext(), { other: attributes ?? {} });
  if (!asBaggage) return withContext(context, fn);
  const entries = Object.entries(attributes ?? {}).map(([key, value]) => [key, String(value)]);
  return withContext(withBaggage(context, Object.fromEntries(entries)), fn);
}

function withBaggage(context: Context, entries: Record<string, string>): Context {
  let baggage = propagation.getBaggage(context) ?? propagation.createBaggage();
  for (const [key, value] of Object.entries(entries)) baggage = baggage.setEntry(key, { value });
  return propagation.setBaggage(context, baggage);
}

/** What a program gave for a session; members of another type are left out, with a warning. */
function readSession(given: SessionProperties): SessionProperties {
  const session: SessionProperties = {};
  const { tags, metadata } = given ?? {};
  for (const member of ['sessionId', 'sessionName', 'userId'] as const) {
    const value: unknown = given?.[member];
    if (value === undefined || value === null) continue;
    if (typeof value === 'string' || typeof value === 'number') session[member] = String(value);
    else
      warnOnce(`session-${member}`, `${member}: expected a string, got ${describe(value)}; it is left out.`);
  }
  if (Array.isArray(tags)) session.tags = tags.map(describe);
  if (typeof metadata === 'object' && metadata !== null) session.metadata = { ...metadata };
  return session;
}

/** The active span, to write to; `undefined` where there is none. */
export function currentSpan(): Span | undefined {
  return spanOf(activeContext());
}

/** Writes the active context to `Headers`, or to a record of strings, by the propagators in force. Returns it. */
export function inject<Carrier extends object>(carrier: Carrier): Carrier {
  injectInto(activeContext(), carrier);
  return carrier;
}

/**
 * Runs `fn` in the context that `inject` wrote elsewhere, as `Headers` or the headers of Node.js have it: its spans continue
 * that trace, in its session if that travelled.
 */
export function extract<R>(carrier: unknown, fn: () => R): R {
  return withContext(extractContext(carrier), fn);
}

/** The context that `inject` wrote elsewhere. Where it wrote none, the active one. */
export function extractContext(carrier: unknown): Context {
  const context = extractFrom(activeContext(), carrier);
  const baggage = propagation.getBaggage(context);
  const session: SessionProperties = {};
  for (const [member, key] of Object.entries(BAGGAGE)) {
    const value = baggage?.getEntry(key)?.value;
    if (value !== undefined) session[member as keyof typeof BAGGAGE] = value;
  }
  const attributes = activeDialect().session(session);
  return Object.keys(attributes).length === 0 ? context : withSharedAttributes(context, { core: attributes });
}

/** @module Adds to the active span, and to a session that has begun. */

import type { Span } from '@opentelemetry/api';
import { captureContent } from '../../api/capture-content.ts';
import { activeContext } from '../../api/context.ts';
import { warnOnce } from '../../diagnostics.ts';
import { capturesContent } from '../../init.ts';
import { contentText } from '../content.ts';
import { memberKey } from '../dialects/honeyhive-session.ts';
import { enrichSpan as enrich } from '../enrich.ts';
import { currentSpan } from '../session.ts';
import { allDestinations, onlyMembership } from './destination.ts';
import { type Membership, membershipOf } from './membership.ts';
import { readGroup, readSessionId } from './options.ts';
import { readGroups, type SessionGroups } from './session-groups.ts';
import type { Values } from './values.ts';

export interface EnrichSpanParams {
  config?: Values;
  metadata?: Values;
  metrics?: Values;
  feedback?: Values;
  /** Further inputs, beside those that were captured. */
  inputs?: Values;
  /** Further outputs, beside the result. */
  outputs?: Values;
  /** Not in the original. */
  userProperties?: Values;
  /** What went wrong: sets the status of the span to ERROR. */
  error?: unknown;
  eventName?: string;
}

export interface EnrichSessionParams extends SessionGroups {
  /** Default: the session of the context, else that of the tracer. */
  sessionId?: string | undefined;
}

const GROUPS = ['config', 'metadata', 'metrics', 'feedback', 'userProperties'] as const;

/** Adds to the active span, or, without one, does nothing. Groups grow with each call. Never throws. */
export function enrichSpan(params: EnrichSpanParams = {}): void {
  const span = currentSpan();
  if (span === undefined || !span.isRecording()) return;
  try {
    const given = params ?? {};
    const groups = GROUPS.filter((name) => given[name]).map((name) => [name, readGroup(given[name])]);
    enrich(
      { ...Object.fromEntries(groups), eventName: given.eventName, error: given.error || undefined },
      span,
    );
    if (!capturesContent()) return;
    for (const group of ['inputs', 'outputs'] as const) addMembers(span, group, readGroup(given[group]));
  } catch {
    warnOnce('honeyhive-enrich-span', 'enrichSpan: what was given cannot be read; it is left out.');
  }
}

function addMembers(span: Span, group: 'inputs' | 'outputs', members: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(members)) {
    const key = memberKey(group, name);
    const isScalar = typeof value === 'number' || typeof value === 'boolean';
    if (isScalar) span.setAttribute(key, value);
    else captureContent(span, key, value ?? null, contentText);
  }
}

/**
 * Adds to the session of the context, else to that of the only tracer, or to the one named. The call to the server is
 * made in the background, several together where they can be: `flush` waits for it, this does not. Inputs are told when a
 * session starts; the server takes none later.
 */
export async function enrichSession(params: EnrichSessionParams = {}): Promise<void> {
  updateSession(membershipOf(activeContext()) ?? onlyMembership(), params);
}

export function updateSession(member: Membership | undefined, params: EnrichSessionParams): void {
  const { sessionId, inputs, ...groups } = params ?? {};
  const id = readSessionId(sessionId) ?? member?.association.sessionId;
  // A session that is named needs a server only.
  const destination = member?.destination ?? allDestinations()[0];
  if (destination === undefined || id === undefined) {
    warnOnce(
      'honeyhive-enrich-session',
      'enrichSession: there is no session; call it inside one, or give a sessionId.',
    );
    return;
  }
  if (inputs !== undefined) {
    warnOnce(
      'honeyhive-session-inputs',
      'enrichSession: inputs are those given at the start; they are left out.',
    );
  }
  const { rest, mask } = destination;
  const said = readGroups(groups, mask, capturesContent());
  if (Object.keys(said).length === 0) return;
  rest.add({ method: 'PUT', path: '/events', body: { event_id: id, ...said } }, { key: id });
}

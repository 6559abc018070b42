/** @module Starts sessions: their ids are made here, so that nobody waits for the server. */

import { warnOnce } from '../../diagnostics.ts';
import { capturesContent } from '../../init.ts';
import type { Destination } from './destination.ts';
import { readSessionId } from './options.ts';
import { readGroups, type SessionGroups } from './session-groups.ts';

/** Of `createSession` and `withSession`. What is left out is the tracer's. */
export interface SessionParams extends Pick<SessionGroups, 'inputs' | 'metadata' | 'userProperties'> {
  /** A UUID. Default: a new one. */
  sessionId?: string;
  sessionName?: string;
  source?: string;
  /** Whether the server is told nothing: it makes the session when its first span comes. Default `false`. */
  skipApiCall?: boolean;
}

export interface SessionStart extends SessionParams {
  readonly project: string;
  readonly sessionName: string;
  readonly source: string;
}

/** A new session, of which the server is told in the background. Returns its id. */
export function startSession(destination: Destination, given: SessionStart): string {
  const id = readSessionId(given.sessionId) ?? globalThis.crypto.randomUUID();
  if (given.skipApiCall === true) return id;
  const { inputs, metadata, userProperties, project, sessionName, source } = given;
  const session = {
    project,
    session_name: sessionName,
    source,
    session_id: id,
    start_time: Date.now(),
    ...readGroups({ inputs, metadata, userProperties }, destination.mask, capturesContent()),
  };
  destination.rest.add(
    { method: 'POST', path: '/session/start', body: { session } },
    { onDone: (answer) => checkId(answer, id) },
  );
  return id;
}

function checkId(answer: unknown, id: string): void {
  const { session_id: taken } = Object(answer) as { session_id?: unknown };
  if (typeof taken !== 'string' || taken.toLowerCase() === id) return;
  warnOnce(
    'honeyhive-other-session',
    'HoneyHive: the server gave a session another id than ours; its spans have ours.',
  );
}

/** @module What is said of a session over REST: a snapshot, masked, in the server's names. */

import { SpanKind } from '@opentelemetry/api';
import { type Mask, Masking } from '../../api/mask.ts';
import { warnOnce } from '../../diagnostics.ts';
import { contentText } from '../content.ts';
import type { Group } from '../fields.ts';
import type { Values } from './values.ts';

/** What `enrichSession` and `createSession` take; each member is a group of named values. */
export interface SessionGroups {
  metadata?: Values;
  feedback?: Values;
  metrics?: Values;
  config?: Values;
  inputs?: Values;
  outputs?: Values;
  userProperties?: Values;
}

const NAMES: Readonly<Record<keyof SessionGroups, string>> = {
  metadata: 'metadata',
  feedback: 'feedback',
  metrics: 'metrics',
  config: 'config',
  inputs: 'inputs',
  outputs: 'outputs',
  userProperties: 'user_properties',
};
const CONTENT: ReadonlySet<string> = new Set(['inputs', 'outputs']);

/**
 * The groups as they travel: copies, so that what the program does to its own later changes nothing.
 *
 * @param keepContent - whether inputs and outputs are said.
 */
export function readGroups(
  given: SessionGroups,
  mask: Mask | undefined,
  keepContent: boolean,
): Record<string, Group> {
  const groups: Record<string, Group> = {};
  for (const [member, name] of Object.entries(NAMES)) {
    const group = given[member as keyof SessionGroups];
    if (typeof group !== 'object' || group === null || (CONTENT.has(member) && !keepContent)) continue;
    const copy = snapshot(group);
    if (copy === undefined || Object.keys(copy).length === 0) continue;
    if (mask !== undefined) {
      const span = {
        name: 'session',
        kind: SpanKind.INTERNAL,
        scope: 'spandrel/honeyhive',
        get: () => undefined,
      };
      new Masking(mask, span).attributes(copy as never);
    }
    groups[name] = copy;
  }
  return groups;
}

/** Its members as JSON has them; `undefined` for what cannot be read. */
function snapshot(group: object): Group | undefined {
  try {
    const copy: unknown = JSON.parse(contentText(group) as string);
    return typeof copy === 'object' && copy !== null ? (copy as Group) : undefined;
  } catch {
    warnOnce('honeyhive-group', 'HoneyHive: a group of a session cannot be read; it is left out.');
    return undefined;
  }
}

/** Adds the groups of one body to those of another; of a value with one name the later counts. */
export function mergeGroups(into: unknown, added: unknown): void {
  const target = into as Record<string, unknown>;
  for (const [name, value] of Object.entries(added as object)) {
    target[name] = typeof value === 'object' ? { ...(target[name] as object | undefined), ...value } : value;
  }
}

/** @module Whose a span is, carried by the context. */

import { type Attributes, type Context, createContextKey } from '@opentelemetry/api';
import { withSharedAttributes } from '../../api/context.ts';
import { type Association, sessionAttributes } from '../dialects/honeyhive-session.ts';
import type { Destination } from './destination.ts';

const KEY = createContextKey('spandrel honeyhive membership');

/** A session of a destination. */
export interface Membership {
  readonly destination: Destination;
  readonly association: Association;
  /** What every span of it carries. */
  readonly attributes: Attributes;
}

export function membership(destination: Destination, association: Association): Membership {
  return { destination, association, attributes: sessionAttributes(association) };
}

export function membershipOf(context: Context): Membership | undefined {
  return context.getValue(KEY) as Membership | undefined;
}

/** A context whose spans, those of instrumentations included, belong to the session. */
export function inMembership(context: Context, member: Membership): Context {
  if (membershipOf(context) === member) return context;
  return withSharedAttributes(context.setValue(KEY, member), { core: member.attributes });
}

/** @module Wraps functions: each call is a span of the session of its context. */

import { captureContent } from '../../api/capture-content.ts';
import { activeContext, spanOf } from '../../api/context.ts';
import { warnOnce } from '../../diagnostics.ts';
import { capturesContent } from '../../init.ts';
import { contentText } from '../content.ts';
import { memberKey } from '../dialects/honeyhive-session.ts';
import type { SpanType } from '../fields.ts';
import type { AnyFunction } from '../trace-options.ts';
import { callTraced, planOf } from '../traced-call.ts';
import { copyProperties } from '../wrap.ts';
import { isAmbiguous, onlyMembership } from './destination.ts';
import { inMembership, type Membership, membershipOf } from './membership.ts';
import { readGroup } from './options.ts';
import { parameterNames } from './parameter-names.ts';
import type { Values } from './values.ts';

/** Of `traceFunction` and all made from it. */
export interface TraceFunctionOptions {
  /** `model`, `tool` or `chain`, in any letter case. Default: none is said, and the server takes it for a tool. */
  eventType?: string | undefined;
  /** Settings, such as a prompt's version. */
  config?: Values | undefined;
  metadata?: Values | undefined;
  /** Default: the name of the function, else `model event` and the like. */
  eventName?: string | undefined;
}

/** Whose spans a wrapper makes where the context does not say. */
export type DefaultMembership = () => Membership | undefined;

const EVENT_TYPES: readonly string[] = ['model', 'tool', 'chain'];

function readEventType(given: unknown): SpanType | undefined {
  if (given === undefined || given === null) return undefined;
  const type = String(given).toLowerCase();
  if (EVENT_TYPES.includes(type)) return type as SpanType;
  warnOnce(
    'honeyhive-event-type',
    `eventType: expected one of ${EVENT_TYPES.join(', ')}; the one given is ignored.`,
  );
  return undefined;
}

/** Wraps a function; what comes back looks like it in every way that a program can ask for. */
export function traced<F extends AnyFunction>(
  fn: F,
  options: TraceFunctionOptions | undefined,
  membershipBy: DefaultMembership,
  fallbackName = fn.name,
): F {
  const { eventType, eventName, config, metadata } = options ?? {};
  const type = readEventType(eventType);
  const name = eventName || fallbackName || (type === undefined ? 'event' : `${type} event`);
  const plan = planOf(name, {
    type,
    config: config && readGroup(config),
    metadata: metadata && readGroup(metadata),
    captureInput: false,
  });
  let names: ReturnType<typeof parameterNames> | undefined;
  const inside = function (this: unknown, ...args: unknown[]): unknown {
    names ??= parameterNames(fn);
    captureArguments(names, args);
    return Reflect.apply(fn, this, args);
  };
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    const context = activeContext();
    const member = choose(membershipOf(context), membershipBy());
    if (member === undefined) {
      if (isAmbiguous()) warnUnknownSession();
      return Reflect.apply(fn, this, args);
    }
    const parent = inMembership(context, member);
    return callTraced({ ...plan, parent, tracer: member.destination.tracer }, inside, this, args);
  };
  copyProperties(fn, wrapper);
  return wrapper as unknown as F;
}

/** The session of the context, unless it is one of another server or key than the tracer's. */
export function choose(current: Membership | undefined, own: Membership | undefined): Membership | undefined {
  if (current === undefined || own === undefined) return current ?? own;
  return current.destination === own.destination ? current : own;
}

function captureArguments(names: ReturnType<typeof parameterNames>, args: readonly unknown[]): void {
  const span = spanOf(activeContext());
  if (!span?.isRecording() || !capturesContent()) return;
  for (const [index, value] of args.entries()) {
    captureContent(span, memberKey('inputs', `_params_.${names[index] ?? index}`), value, contentText);
  }
}

function warnUnknownSession(): void {
  warnOnce(
    'honeyhive-unknown-session',
    'HoneyHive: a function was called outside any session, and there are several tracers: it is not traced. Call it ' +
      'inside tracer.trace() or tracer.withSession().',
  );
}

/** For functions of the module: the session of the only tracer. */
export const anyMembership: DefaultMembership = onlyMembership;

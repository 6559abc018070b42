/** @module Sessions that go from one service to another in headers. */

import { propagation } from '@opentelemetry/api';
import { activeContext, attachContext } from '../../api/context.ts';
import { warnOnce } from '../../diagnostics.ts';
import { extractFrom, injectInto } from '../carrier.ts';
import { type Association, BAGGAGE } from '../dialects/honeyhive-session.ts';
import { inMembership, type Membership, membership } from './membership.ts';
import { readSessionId } from './options.ts';

/** What `link` gives back, for `unlink`. */
export interface LinkToken {
  dispose(): void;
}

/** Writes the active trace, and the session as baggage, to a carrier such as the headers of a request. Returns it. */
export function injectContext<Carrier extends object>(
  carrier: Carrier,
  member: Membership | undefined,
): Carrier {
  const context = activeContext();
  let baggage = propagation.getBaggage(context) ?? propagation.createBaggage();
  for (const [name, key] of Object.entries(BAGGAGE)) {
    const value = member?.association[name as keyof typeof BAGGAGE];
    if (value !== undefined) baggage = baggage.setEntry(key, { value });
  }
  injectInto(propagation.setBaggage(context, baggage), carrier);
  return carrier;
}

/** Makes the trace and the session of a carrier the active ones, from here on until `unlink`. */
export function link(carrier: unknown, own: Membership): LinkToken {
  const context = extractFrom(activeContext(), carrier);
  const baggage = propagation.getBaggage(context);
  const association: Association = { ...own.association };
  const sessionId = readSessionId(baggage?.getEntry(BAGGAGE.sessionId)?.value);
  if (sessionId !== undefined) association.sessionId = sessionId;
  const linked = inMembership(context, membership(own.destination, association));
  const token = attachContext(linked);
  if (token !== undefined) return token;
  warnOnce(
    'honeyhive-link',
    'link: the registered context manager cannot attach a context; use extract() of spandrel.',
  );
  return { dispose: () => {} };
}

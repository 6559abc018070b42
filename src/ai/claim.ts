/**
 * One model call may pass several layers that are traced: a framework, and the client that it calls. The outer one
 * claims the call; the inner one leaves usage to it, so that tokens are counted once.
 */
import { type Context, createContextKey } from '@opentelemetry/api';

const CLAIM_KEY = createContextKey('spandrel claimed model call');

/** The context for a model call whose usage the span around it reports. */
export function claimModelCall(context: Context): Context {
  return context.setValue(CLAIM_KEY, true);
}

/** The context for work that is no part of a claimed call, such as a tool. */
export function releaseModelCall(context: Context): Context {
  return isClaimed(context) ? context.deleteValue(CLAIM_KEY) : context;
}

/** Whether a span around reports the usage of the model call that is made in this context. */
export function isClaimed(context: Context): boolean {
  return context.getValue(CLAIM_KEY) === true;
}

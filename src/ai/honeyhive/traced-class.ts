/** @module Traces the methods of a class, in the session of their calls. */

import { methodsOf } from '../trace-class.ts';
import { type DefaultMembership, type TraceFunctionOptions, traced } from './traced-function.ts';

export interface TraceClassOptions extends Omit<TraceFunctionOptions, 'eventName'> {
  /** Methods that are traced. Default: all. */
  include?: readonly string[];
  /** Methods that are not. Default: none. */
  exclude?: readonly string[];
}

type AnyClass = abstract new (...args: never[]) => unknown;

/** A decorator; a span is called `Class.method`. */
export function decorateClass(
  options: TraceClassOptions,
  membershipBy: DefaultMembership,
): <C extends AnyClass>(target: C) => C {
  const { include, exclude, ...own } = options ?? {};
  return (target) => {
    for (const holder of [target.prototype as object, target]) {
      for (const { key, name, descriptor, method } of methodsOf(holder, include, exclude)) {
        const value = traced(method, own, membershipBy, `${target.name}.${name}`);
        Object.defineProperty(holder, key, { ...descriptor, value });
      }
    }
    return target;
  };
}

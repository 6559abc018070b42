/** Propagators API specification, "TextMap Propagator": carriers of any kind, through the setter and getter given. */
import {
  type BaggageEntry,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '../../src/api/propagation.ts';

const composite = new CompositePropagator({
  propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
});
const parent = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
const baggage = propagation.createBaggage({ user: { value: 'ä b' } as BaggageEntry });
const context = propagation.setBaggage(trace.setSpanContext(ROOT_CONTEXT, parent), baggage);

/** A carrier that is no object of strings, and whose keys know no case. */
type Carrier = Map<string, string>;
const setter: TextMapSetter<Carrier> = {
  set: (carrier, key, value) => void carrier.set(key.toUpperCase(), value),
};
const getter: TextMapGetter<Carrier> = {
  get: (carrier, key) => carrier.get(key.toUpperCase()),
  keys: (carrier) => [...carrier.keys()],
};

afterEach(() => propagation.disable());

describe('a propagator', () => {
  test('writes by the setter, only the fields it names, and reads by the getter', () => {
    const carrier: Carrier = new Map();
    composite.inject(context, carrier, setter);
    const fields = composite.fields().map((field) => field.toUpperCase());
    expect(getter.keys(carrier).filter((key) => !fields.includes(key))).toEqual([]);
    expect(carrier.get('TRACEPARENT')).toBe(`00-${parent.traceId}-${parent.spanId}-01`);
    expect(carrier.get('BAGGAGE')).toBe('user=%C3%A4%20b');
    const extracted = composite.extract(ROOT_CONTEXT, carrier, getter);
    expect(trace.getSpanContext(extracted)).toMatchObject({ ...parent, isRemote: true });
    expect(propagation.getBaggage(extracted)?.getEntry('user')?.value).toBe('ä b');
  });

  test('that finds nothing leaves the context as it was', () => {
    expect(composite.extract(context, new Map(), getter)).toBe(context);
  });

  test('registered with the API is the global one, for both directions', () => {
    propagation.setGlobalPropagator(composite);
    const carrier: Carrier = new Map();
    propagation.inject(context, carrier, setter);
    expect(trace.getSpanContext(propagation.extract(ROOT_CONTEXT, carrier, getter))?.spanId).toBe(
      parent.spanId,
    );
    expect(propagation.fields()).toEqual(composite.fields());
  });
});

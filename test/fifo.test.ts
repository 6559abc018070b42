import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fifo } from '../src/export/fifo.ts';

test('gives what an array would give, in any order of calls', () => {
  const call = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ take: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 3000 })) }),
  );
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
      const queue = new Fifo<number>();
      const model: number[] = [];
      let next = 0;
      for (const one of calls) {
        if ('push' in one) {
          for (let index = 0; index < one.push; index += 1) {
            queue.push(next);
            model.push(next);
            next += 1;
          }
        } else {
          expect(queue.take(one.take)).toEqual(model.splice(0, one.take));
        }
        expect(queue.length).toBe(model.length);
      }
    }),
    { numRuns: 100 },
  );
});

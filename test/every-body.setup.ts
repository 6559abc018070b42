/** Before all tests: forgets the bodies of the last run. After them: `protoc` decodes those of this one. */
import { rmSync } from 'node:fs';
import { probeProtoc, protocAcceptsAll } from './helpers/protoc.ts';
import { keptBodies } from './helpers/suite-bodies.ts';

export function setup(): void {
  rmSync(keptBodies().folder, { recursive: true, force: true });
}

export function teardown(): void {
  const { bodies } = keptBodies();
  if (bodies.length === 0) return;
  const reason = probeProtoc();
  if (reason === undefined) {
    const runs = protocAcceptsAll(bodies);
    console.log(`protoc decoded the ${bodies.length} bodies that the tests made, in ${runs} runs`);
  } else if (process.env.SPANDREL_REQUIRE === 'all') {
    throw new Error(`expected protoc, to decode the ${bodies.length} bodies that the tests made: ${reason}`);
  } else {
    console.warn(`skipped: ${bodies.length} bodies made by the tests were not decoded again: ${reason}`);
  }
}

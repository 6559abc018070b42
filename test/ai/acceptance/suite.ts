/** Every case that runs in every runtime. */
import { functions } from './functions.ts';
import { type Case, type Modules, runCase } from './kit.ts';
import { streams } from './streams.ts';

export const cases: Record<string, Case> = { ...functions, ...streams };

/** For a runtime without a test runner: prints what failed, then how many passed. */
export async function runAll(modules: Omit<Modules, 'asObjects'>): Promise<void> {
  let passed = 0;
  for (const [name, run] of Object.entries(cases)) {
    for (const asObjects of [false, true]) {
      try {
        await runCase(run, { ...modules, asObjects });
        passed += 1;
      } catch (error) {
        console.log(`failed: ${name} (${asObjects ? 'plug-in' : 'arena'}): ${(error as Error).stack}`);
      }
    }
  }
  console.log(`passed: ${passed} of ${Object.keys(cases).length * 2}`);
}

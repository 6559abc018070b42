/** The programs of the guide to moving from HoneyHive, as they stand, against the built package. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { requireCounterpart } from '../../helpers/counterparts.ts';
import { blocksOf, runProgram as runBlockWith } from '../../helpers/guide-programs.ts';
import { API_KEY, standIn } from '../../helpers/honeyhive-stand-in.ts';

const describeBuilt = requireCounterpart('the built package', () =>
  existsSync('dist/esm/honeyhive.mjs') ? undefined : 'Expected dist/, which `npm run build` makes.',
);

describeBuilt('moving from HoneyHive', () => {
  const programs = blocksOf('docs/guides/from-honeyhive.md', 'js');
  const ran = new Set<string>();
  const programThat = (part: string): string => {
    const [program, ...others] = programs.filter((code) => code.includes(part));
    if (program === undefined || others.length > 0) throw new Error(`expected one program with "${part}"`);
    return program;
  };
  const runProgram = async (part: string) => {
    const server = await standIn();
    ran.add(part);
    const environment = { HH_API_KEY: API_KEY, HH_PROJECT: 'guide', HH_API_URL: server.url };
    const { code, stdout, stderr } = await runBlockWith(programThat(part), { environment });
    expect({ code, stderr, faults: server.faults }).toEqual({ code: 0, stderr: '', faults: [] });
    return { server, stdout, names: server.spans.map(({ name }) => name).sort() };
  };

  test('the first trace', async () => {
    const { server, stdout, names } = await runProgram('first trace');
    expect(stdout).toBe('According to notes on bees: yes.\n');
    expect(names).toEqual(['answer', 'complete', 'search']);
    expect(server.sessions).toMatchObject([{ session_name: 'first trace', source: 'dev', project: 'guide' }]);
    expect(server.updates).toMatchObject([{ feedback: { helpful: true } }]);
    expect(server.one('search').plain['honeyhive_inputs._params_.query']).toBe('bees');
  });

  test('one session a request', async () => {
    const { server, stdout, names } = await runProgram('chat with');
    expect(stdout).toBe('hello, ada; hello, bob; hello, eve\n');
    expect(names).toEqual(['handle', 'handle', 'handle']);
    for (const { plain, session } of server.spans) {
      const user = plain['honeyhive_inputs._params_.user'];
      const [{ session_id }] = server.sessions.filter(
        ({ session_name }) => session_name === `chat with ${user}`,
      );
      expect(session).toBe(session_id);
      expect(server.updates.find(({ event_id }) => event_id === session)).toMatchObject({
        user_properties: { user },
      });
    }
  });

  test('from one service to the next', async () => {
    const { server, names } = await runProgram('injectContext');
    expect(names).toEqual(['call', 'work']);
    expect(server.one('work')).toMatchObject({
      parentSpanId: server.one('call').spanId,
      session: server.one('call').session,
    });
    expect(server.one('work').session).toBe(server.sessions[1].session_id);
  });

  test('whole classes, and spans by name', async () => {
    const { names } = await runProgram('class Store');
    expect(names).toEqual(['Store.find']);
  });

  test('has no program that these do not run', () => {
    expect(ran.size).toBe(programs.length);
  });
});

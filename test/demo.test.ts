/** The demonstration, run the way a reader of the README runs it: as a process, judged by what it prints. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../examples/agent/main.mjs', import.meta.url));
// "A few seconds", asserted at twice the figure for a busy machine.
const DEADLINE_MS = 2 * 10_000;

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Row {
  depth: number;
  name: string;
  kind: string;
  milliseconds: number;
  tokens?: { prompt: number; completion: number };
  children: Row[];
}

/**
 * Runs the demo to the end. `close` comes only after every process that inherited stderr has ended, so a child
 * of the demo that outlives it makes this reject.
 */
function runDemo(...options: string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the demo was not over after ${DEADLINE_MS} ms; it printed:\n${stdout}\n${stderr}`));
    }, DEADLINE_MS);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** Reads the printed tree back. */
function readTree(stdout: string): Row[] {
  const rows: Row[] = [];
  const path: Row[] = [];
  const pattern = /^([│├└─ ]*)(\S.*?) {2,}([A-Z]*) +([\d.]+) ms(?: +(\d+) → (\d+) tokens)?$/;
  for (const line of stdout.split('\n')) {
    const match = pattern.exec(line);
    if (match === null) continue;
    const [, indent, name, kind, milliseconds, prompt, completion] = match;
    const row: Row = {
      depth: indent.length / 3,
      name,
      kind,
      milliseconds: Number(milliseconds),
      children: [],
    };
    if (prompt !== undefined) row.tokens = { prompt: Number(prompt), completion: Number(completion) };
    (row.depth === 0 ? rows : path[row.depth - 1].children).push(row);
    path.length = row.depth;
    path.push(row);
  }
  return rows;
}

/** A port that was free a moment ago: nothing answers there. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function named(rows: Row[], name: string): Row[] {
  return rows.filter((row) => row.name === name);
}

describe('the demo with its own receiver', () => {
  let run: Run;
  let roots: Row[];

  beforeAll(async () => {
    run = await runDemo();
    roots = readTree(run.stdout);
  }, DEADLINE_MS + 1_000);

  test('ends well, without a word on stderr or an escape sequence in a pipe', () => {
    expect(run.stderr).toBe('');
    expect(run.code).toBe(0);
    expect(run.stdout).not.toContain('\u001b');
  });

  test('answers from the notes, with the sum that was asked for', () => {
    expect(run.stdout).toContain('[bees]');
    expect(run.stdout.replace(/\s+/g, ' ')).toContain('3 * 2,000,000 = 6,000,000');
  });

  test('shows one trace: everything is below the agent', () => {
    expect(roots.map((row) => [row.name, row.kind])).toEqual([['research_agent', 'AGENT']]);
    expect([...new Set(roots[0].children.map((row) => row.name))].sort()).toEqual([
      'OpenAI Chat Completions',
      'calculator',
      'open_notes',
      'read_note',
      'search_notes',
      'write_answer',
    ]);
  });

  test('puts the retrieval inside the tool that called it', () => {
    const [search] = named(roots[0].children, 'search_notes');
    expect(search.kind).toBe('TOOL');
    expect(search.children.map((row) => [row.name, row.kind])).toEqual([['rank_notes', 'RETRIEVER']]);
  });

  test('shows the model calls with the tokens that the model reported', () => {
    const calls = named(roots[0].children, 'OpenAI Chat Completions');
    expect(calls).toHaveLength(4);
    const prompts = calls.map((call) => call.tokens?.prompt ?? 0);
    expect(prompts[0]).toBeGreaterThan(0);
    // Each call carries the whole conversation so far.
    expect(prompts).toEqual([...prompts].sort((a, b) => a - b));
    expect(calls.every((call) => call.kind === 'LLM' && (call.tokens?.completion ?? 0) > 0)).toBe(true);
  });

  test('puts the streamed call inside the span that counts its tokens', () => {
    const [answer] = named(roots[0].children, 'write_answer');
    expect(answer.tokens?.completion).toBeGreaterThan(0);
    expect(answer.children.map((row) => [row.name, row.kind])).toEqual([['OpenAI Chat Completions', 'LLM']]);
    // The stream takes tens of milliseconds; a span that ended at the first chunk would not.
    expect(answer.children[0].milliseconds).toBeGreaterThan(answer.milliseconds / 2);
  });

  test('closes the books: what was started is what the receiver decoded', () => {
    const decoded = Number(/^(\d+) spans in \d+ request/m.exec(run.stdout)?.[1]);
    expect(decoded).toBe(12);
    for (const [key, value] of Object.entries({
      started: 12,
      exported: 12,
      failed: 0,
      waiting: 0,
      live: 0,
    })) {
      expect(run.stdout).toMatch(new RegExp(`^ +${key} +${value}$`, 'm'));
    }
    expect(run.stdout).toMatch(/^The agent took \d+ ms/m);
  });
});

test('another question gets another answer, from other notes', { timeout: DEADLINE_MS + 1_000 }, async () => {
  const run = await runDemo('--question', 'How far does high water fall behind after 5 days?');
  expect(run.code).toBe(0);
  expect(run.stdout).toContain('[tides]');
  expect(run.stdout.replace(/\s+/g, ' ')).toContain('5 * 50 = 250');
});

describe('the demo with a receiver that is down', () => {
  let run: Run;
  let port: number;

  beforeAll(async () => {
    port = await closedPort();
    run = await runDemo('--endpoint', `http://someone:hidden-word@127.0.0.1:${port}`);
  }, DEADLINE_MS + 1_000);

  test('still answers, with exit code 0', () => {
    expect(run.code).toBe(0);
    expect(run.stdout.replace(/\s+/g, ' ')).toContain('3 * 2,000,000 = 6,000,000');
    expect(run.stdout).toMatch(/^The agent took \d+ ms/m);
  });

  test('says so in exactly one line that names the address', () => {
    const lines = `${run.stdout}\n${run.stderr}`.split('\n');
    const about = lines.filter((line) => /receiver|ECONNREFUSED|spandrel:/.test(line));
    expect(about).toHaveLength(1);
    expect(about[0]).toContain(`127.0.0.1:${port}`);
    expect(run.stderr).toBe('');
  });

  test('prints no part of the address that is a secret', () => {
    expect(run.stdout + run.stderr).not.toContain('hidden-word');
  });
});

/**
 * The whole demonstration: starts a stand-in model and a receiver, runs the agent with tracing on, and prints
 * what the receiver saw. Everything listens on 127.0.0.1 at free ports and ends with this process.
 */
import { parseArgs } from 'node:util';
import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { OpenAI } from 'openai';
import { flush, init, shutdown, stats } from 'spandrel';
import { createAgent } from './agent.mjs';
import { askReport, startServer, stopServer } from './children.mjs';
import { printDelivery, printReport, printStats, printUnreached } from './report.mjs';
import { bold, createWrappingWriter, dim, heading, line } from './terminal.mjs';

const DEFAULT_QUESTION = 'Why do bees dance, and how many flower visits are behind 3 jars of honey?';
const SERVICE_NAME = 'research-agent';
const FLUSH_DEADLINE_MS = 2_000;
const SHUTDOWN_DEADLINE_MS = 500;
const USAGE = 'usage: npm run demo -- [--question "..."] [--endpoint http://host:4318]';

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        question: { type: 'string', default: DEFAULT_QUESTION },
        endpoint: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    process.stderr.write(`${error.message}\n${USAGE}\n`);
    process.exit(2);
  }
}

/** Collects the SDK's warnings, so that the demonstration can say once, at the end, what went wrong. */
function collectWarnings() {
  const warnings = [];
  const collect = (message) => warnings.push(message);
  const ignore = () => {};
  const logger = { error: collect, warn: collect, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  return warnings;
}

function startTracing(endpoint) {
  // The stand-in receiver reads no gzip, whatever OTEL_EXPORTER_OTLP_COMPRESSION says.
  init({ endpoint, serviceName: SERVICE_NAME, compression: 'none' });
  // An ECMAScript import cannot be patched from outside, so the instrumentation is given the class.
  new OpenAIInstrumentation().manuallyInstrument(OpenAI);
}

async function runAgent(modelUrl, question) {
  const client = new OpenAI({ baseURL: `${modelUrl}/v1`, apiKey: 'none-needed', maxRetries: 0 });
  const writer = createWrappingWriter();
  const agent = createAgent({ client, onText: (text) => writer.write(text) });
  heading(question);
  line();
  const startedAt = performance.now();
  const outcome = await agent(question);
  writer.end();
  return { ...outcome, milliseconds: performance.now() - startedAt };
}

async function reportDelivery(receiver, endpoint, warnings) {
  const { exported } = await flush(FLUSH_DEADLINE_MS);
  if (exported === 0) printUnreached(endpoint, stats(), warnings);
  else if (receiver === undefined) printDelivery(exported, endpoint, SERVICE_NAME, warnings);
  else printReport(await askReport(receiver), warnings);
}

async function main() {
  const options = readOptions();
  if (options.help) {
    line(USAGE);
    return;
  }
  const servers = [];
  try {
    const model = await startServer('model-server.mjs');
    servers.push(model);
    const receiver = options.endpoint === undefined ? await startServer('receiver.mjs') : undefined;
    if (receiver) servers.push(receiver);
    const endpoint = options.endpoint ?? receiver.url;

    const warnings = collectWarnings();
    startTracing(endpoint);
    const outcome = await runAgent(model.url, options.question);
    await reportDelivery(receiver, endpoint, warnings);
    printStats(stats());
    await shutdown(SHUTDOWN_DEADLINE_MS);
    line();
    line(
      `${bold(`The agent took ${outcome.milliseconds.toFixed(0)} ms`)} ` +
        dim(`for ${outcome.turns + 1} model calls and ${outcome.toolCalls} tool calls.`),
    );
  } finally {
    await Promise.all(servers.map(stopServer));
  }
}

await main();

import { dim, heading, line, yellow } from './terminal.mjs';
import { drawTree, sumTokens } from './tree.mjs';

/** The trace as the receiver decoded it. */
export function printReport({ requests, spans }, warnings) {
  heading('The trace, as the receiver decoded it');
  line();
  for (const row of drawTree(spans)) line(row);
  const tokens = sumTokens(spans);
  line();
  line(
    dim(
      `${spans.length} spans in ${count(requests, 'request')}; ` +
        `${tokens.prompt} prompt and ${tokens.completion} completion tokens`,
    ),
  );
  printWarnings(warnings);
}

/** Where to look, when the receiver is not ours to ask. */
export function printDelivery(exported, endpoint, serviceName, warnings) {
  heading('The trace');
  line();
  line(`${exported} spans went to ${withoutSecrets(endpoint)}: look there for the service "${serviceName}".`);
  printWarnings(warnings);
}

/** The one line for a receiver that took nothing. */
export function printUnreached(endpoint, { lastError, waiting }, [warning]) {
  const reason = lastError ?? warning ?? `no answer from ${withoutSecrets(endpoint)} in time`;
  const kept = waiting > 0 ? ` ${waiting} spans wait.` : '';
  line();
  line(yellow(`The receiver took no spans: ${asSentence(reason)}${kept} The agent's answer is unaffected.`));
}

/** The SDK's own account of every span that was started. Its last error is told above, once. */
export function printStats({ lastError: _told, lastErrorTime: _toldToo, ...numbers }) {
  heading('stats()');
  line();
  for (const [key, value] of Object.entries(numbers)) line(`  ${key.padEnd(22)}${show(value)}`);
}

function show(value) {
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).filter(([, part]) => part !== 0);
  return entries.length === 0 ? '0' : entries.map(([key, part]) => `${key} ${part}`).join(', ');
}

function asSentence(text) {
  return `${text.replace(/^spandrel: /, '').replace(/\.$/, '')}.`;
}

function printWarnings(warnings) {
  for (const warning of new Set(warnings)) line(yellow(warning));
}

function count(amount, noun) {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function withoutSecrets(endpoint) {
  if (!URL.canParse(endpoint)) return 'the given endpoint';
  const { origin, pathname } = new URL(endpoint);
  return origin + (pathname === '/' ? '' : pathname);
}

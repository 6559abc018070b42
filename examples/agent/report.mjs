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

/** The one line for a receiver that took nothing. The warnings of the SDK say why; the first is enough. */
export function printUnreached(endpoint, [warning]) {
  line();
  const reason = warning === undefined ? '' : ` (${warning})`;
  line(
    yellow(`The receiver at ${withoutSecrets(endpoint)} took no spans${reason}; the answer is unaffected.`),
  );
}

/** The SDK's own account of every span that was started. */
export function printStats(stats) {
  heading('stats()');
  line();
  for (const [key, value] of Object.entries(stats)) {
    if (value !== undefined && value !== null) line(`  ${key.padEnd(22)}${show(value)}`);
  }
}

function show(value) {
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).filter(([, part]) => part !== 0);
  return entries.length === 0 ? '0' : entries.map(([key, part]) => `${key} ${part}`).join(', ');
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

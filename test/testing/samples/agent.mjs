// The code under test of the sample suites: an agent, and a call of a library that was given its tracer early.
import { trace as api } from '@opentelemetry/api';
import { span, traceAgent, traceModel, traceTool, usage } from 'spandrel';

const library = api.getTracer('some-library');
const search = traceTool(async function search(query) {
  if (query === '') throw new Error('empty query');
  library.startSpan('look up').end();
  return [`notes on ${query}`];
});
const complete = traceModel(async function complete(prompt) {
  usage({ inputTokens: prompt.length, outputTokens: 4 });
  return 'Yes.';
});
export const agent = traceAgent(async function agent(question) {
  const [note] = await search(question).catch(() => ['nothing']);
  return span('think', () => complete(note));
});

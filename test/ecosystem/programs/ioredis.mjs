/** A client of a real Redis server, whose port is the second argument, instrumented. */
import { createRequire } from 'node:module';
import { trace } from '@opentelemetry/api';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { print, programArguments, start } from './sdk.mjs';

const provider = await start([
  new IORedisInstrumentation({
    dbStatementSerializer: (command, parameters) => `${command} ${parameters.length}`,
    requestHook: (span, { cmdName }) => span.setAttribute('hook.command', cmdName),
    responseHook: (span, _command, _parameters, reply) => span.setAttribute('hook.reply', String(reply)),
    requireParentSpan: false,
  }),
]);
const Redis = createRequire(import.meta.url)('ioredis');
const tracer = trace.getTracer('program');
// Without the ready check, whose answer is the state of the server, times included, and without naming the client
// to the server, which older ones refuse.
const redis = new Redis({
  host: '127.0.0.1',
  port: Number(programArguments[0]),
  lazyConnect: true,
  enableReadyCheck: false,
  disableClientInfo: true,
});

const replies = await tracer.startActiveSpan('caller', async (span) => {
  await redis.connect();
  const list = [await redis.set('word', 'bee'), await redis.get('word')];
  await provider.forceFlush();
  list.push(await redis.incr('word').catch((error) => error.message));
  list.push(await redis.pipeline().set('a', 1).incr('a').exec());
  list.push(await redis.multi().incr('a').get('a').exec());
  list.push(await Promise.all([redis.get('a'), redis.hset('h', { x: 1, y: 2 }), redis.hgetall('h')]));
  span.end();
  return list;
});
replies.push(await redis.eval('return ARGV[1]', 0, 'alone'));
await redis.quit();
await provider.shutdown();
print({ replies });

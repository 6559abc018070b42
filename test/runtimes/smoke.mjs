/**
 * One small program for every runtime: nested spans across `await`, a generator, an error, then flush and shutdown.
 *
 * @param spandrel - the package.
 * @param options - `carries`: whether the runtime carries context over `await`; elsewhere parents are named.
 * @returns what the runtime said of itself, for whoever compares it with what the receiver got.
 */
export async function smoke(spandrel, { endpoint, engine, compression, carries = true }) {
  const { currentSpan, flush, init, shutdown, span, stats, trace } = spandrel;
  init({ endpoint, serviceName: 'smoke', engine, compression });
  const under = (parent) => (carries ? {} : { parent });

  const tool = trace(
    async (question) => {
      const self = currentSpan();
      await turn();
      return span('inside', () => `${question}!`, under(self));
    },
    { name: 'tool' },
  );

  async function* words() {
    const self = currentSpan();
    yield 'one';
    await turn();
    span('between', () => {}, under(self));
    yield 'two';
  }

  await span('root', async (root) => {
    await tool('why');
    const read = [];
    const said = trace(words, under(root))();
    for await (const word of said) read.push(word);
    if (read.join() !== 'one,two') throw new Error(`expected both words, got ${read}`);
    await trace(fails, under(root))().catch(() => {});
  });

  const { engine: used } = stats();
  const flushed = await flush();
  const after = stats();
  await shutdown();
  return { engine: used, flushed, waiting: after.waiting, lastError: String(after.lastError?.message ?? '') };
}

async function fails() {
  await turn();
  throw new RangeError('no');
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

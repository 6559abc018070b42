/** The rejections that nobody handled while `run` ran, which would end a program. */
export async function unhandledRejections(run: () => void): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', listener);
  try {
    run();
    // Node reports them when the microtasks of this turn are done.
    await new Promise(setImmediate);
  } finally {
    process.off('unhandledRejection', listener);
  }
  return unhandled;
}

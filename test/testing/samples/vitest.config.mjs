export default {
  root: import.meta.dirname ?? new URL('.', import.meta.url).pathname,
  test: { include: ['*.sample.mjs'], exclude: ['node.sample.mjs'] },
};

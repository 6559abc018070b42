/**
 * What the command borrows: a transpiler, which loads TypeScript and what it imports, and globs, which Node 20 has none
 * of. A bundle of its own, read when a file is to be found or loaded.
 */
export { createJiti } from 'jiti/static';
export { glob } from 'tinyglobby';

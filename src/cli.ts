#!/usr/bin/env node
/** The `spandrel` command, as it is started. */
import { fileURLToPath } from 'node:url';
import { main } from './cli/main.ts';

await main(fileURLToPath(import.meta.url), process.argv.slice(2));

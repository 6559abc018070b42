/**
 * @module `spandrel/register`: traces a program that does not know of it, configured by `OTEL_*` variables alone.
 *
 * `node --import spandrel/register app.js`, or `--require` for CommonJS. Starts what `init()` without options
 * starts, before the program's first module; with `OTEL_SDK_DISABLED=true`, nothing. Loads no instrumentation: spans
 * are those of the program, and of instrumentations it registers, through `@opentelemetry/api`.
 */

import { initOnce } from './init.ts';

initOnce();

/** What the AI layer asks of the options in force. */
import { activeDialectName } from '../init.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { GENAI, GENAI_1_36 } from './dialects/genai.ts';
import { HONEYHIVE } from './dialects/honeyhive.ts';
import { LANGFUSE } from './dialects/langfuse.ts';
import { OPENINFERENCE } from './dialects/openinference.ts';
import { TRACELOOP } from './dialects/traceloop.ts';

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  genai: GENAI,
  'genai-1.36': GENAI_1_36,
  // Read when one is chosen: a build loads the file of a dialect then.
  get openinference() {
    return OPENINFERENCE;
  },
  get honeyhive() {
    return HONEYHIVE;
  },
  get langfuse() {
    return LANGFUSE;
  },
  get traceloop() {
    return TRACELOOP;
  },
};

/** The dialect of the provider that `init` made, else the default one. */
export function activeDialect(): Dialect {
  return DIALECTS[activeDialectName()];
}

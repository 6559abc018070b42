/** What the AI layer asks of the options in force. */
import { activeDialectName } from '../init.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { GENAI, GENAI_1_36 } from './dialects/genai.ts';
import { HONEYHIVE } from './dialects/honeyhive.ts';
import { OPENINFERENCE } from './dialects/openinference.ts';

const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  genai: GENAI,
  'genai-1.36': GENAI_1_36,
  openinference: OPENINFERENCE,
  honeyhive: HONEYHIVE,
  langfuse: GENAI,
  traceloop: GENAI,
};

/** The dialect of the provider that `init` made, else the default one. */
export function activeDialect(): Dialect {
  return DIALECTS[activeDialectName()];
}

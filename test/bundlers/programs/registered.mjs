/** Nothing of the entry is used by name: a bundler that drops it drops tracing. */
import { trace } from '@opentelemetry/api';
import 'spandrel/register';

trace.getTracer('app').startSpan('registered').end();

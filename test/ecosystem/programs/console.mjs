/** The console exporter of the SDK that the first argument after the provider's names. */
import * as api from '@opentelemetry/api';
import { loadSdk, programArguments, sdkName } from './sdk.mjs';
import { spanLimits, work } from './work.mjs';

const { NodeTracerProvider, resourceFromAttributes } = await loadSdk(sdkName);
const { ConsoleSpanExporter, SimpleSpanProcessor } = await loadSdk(programArguments[0]);
const provider = new NodeTracerProvider({
  spanLimits,
  resource: resourceFromAttributes({ 'service.name': 'console' }),
  spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
});
work(provider, api);
await provider.shutdown();

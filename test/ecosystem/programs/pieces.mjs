/**
 * A provider of the SDK named with processors and exporters of both, or, with the argument `alone`, of
 * opentelemetry-js 2.x only.
 */
import * as api from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { combineAll } from './combinations.mjs';
import { loadSdk, print, programArguments, sdkName } from './sdk.mjs';

const upstream = { ...(await loadSdk('upstream')), JsonExporter };
const spandrel = programArguments[0] === 'alone' ? {} : { spandrel: await loadSdk('spandrel') };
const { NodeTracerProvider } = await loadSdk(sdkName);

print(
  await combineAll({
    sdks: { upstream, ...spandrel },
    provider: (options) => new NodeTracerProvider(options),
    api,
    serializer: JsonTraceSerializer,
  }),
);

/**
 * As programs/pieces.mjs, with opentelemetry-js 3.x: its provider has one name, its processors take an object, and
 * it works with version 1.10 of the API only.
 */
import * as api from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import * as sdk from '@opentelemetry/sdk-trace';
import * as spandrel from 'spandrel/otel';
import { combineAll } from '../programs/combinations.mjs';

const [, , sdkName, alone] = process.argv;
const upstream = { ...sdk, OTLPTraceExporter, JsonExporter };
const { TracerProvider } = sdkName === 'spandrel' ? spandrel : sdk;

const paths = await combineAll({
  sdks: alone === 'alone' ? { upstream } : { upstream, spandrel },
  provider: (options) => new TracerProvider(options),
  asOptions: true,
  api,
  serializer: JsonTraceSerializer,
});
process.stdout.write(JSON.stringify(paths));

/** @module `spandrel/ai-sdk`: traces the AI SDK, the package `ai`. */

export { type AiSdkTelemetry, aiSdkTelemetry } from './ai/integrations/ai-sdk.ts';
export { aiSdkTracer } from './ai/integrations/ai-sdk-tracer.ts';

/** @module The resource detectors, under the names of `@opentelemetry/resources`, and the one `init` runs by itself. */

export { basicDetector } from './basic-detector.ts';
export { envDetector } from './env-detector.ts';
export { hostDetector } from './host-detector.ts';
export { osDetector } from './os-detector.ts';
export { processDetector } from './process-detector.ts';
export {
  type DetectedResource,
  type DetectedResourceAttributes,
  detectResources,
  type ResourceDetectionConfig,
  type ResourceDetector,
} from './resource-detector.ts';
export { serviceInstanceIdDetector } from './service-instance-id-detector.ts';

/** @module Detects what `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` say. */

import { environmentAttributes } from '../config/resource-environment.ts';
import type { DetectedResource, ResourceDetector } from './resource-detector.ts';

class EnvDetector implements ResourceDetector {
  detect(): DetectedResource {
    return { attributes: environmentAttributes() };
  }
}

/** The attributes in `OTEL_RESOURCE_ATTRIBUTES`, of which one bad entry voids all, and `OTEL_SERVICE_NAME`. */
export const envDetector: ResourceDetector = new EnvDetector();

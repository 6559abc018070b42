/** @module Detects the instance of the service (Resource semantic conventions, "Service"). */

import { type DetectedResource, type ResourceDetector, SCHEMA_URL } from './resource-detector.ts';

class ServiceInstanceIdDetector implements ResourceDetector {
  private id: string | undefined;

  detect(): DetectedResource {
    // Absent in browsers outside a secure context.
    this.id ??= globalThis.crypto?.randomUUID?.();
    return { attributes: { 'service.instance.id': this.id }, schemaUrl: SCHEMA_URL };
  }
}

/** `service.instance.id`: a random UUID, the same one as long as the process lives. */
export const serviceInstanceIdDetector: ResourceDetector = new ServiceInstanceIdDetector();

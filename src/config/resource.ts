/** @module The resource of a provider. */

import { defaultResource, type ResourceAttributes, resourceFromAttributes } from '../api/resource.ts';
import { detectResources } from '../api/resource-detectors.ts';
import type { Resource } from '../api/types.ts';
import { type DetectorOptions, resolveDetectors } from './detectors.ts';
import { checkStringOption, warnInvalid } from './readers.ts';
import { environmentAttributes } from './resource-environment.ts';

export interface ResourceOptions extends DetectorOptions {
  /** Value of `service.name`. Default: `OTEL_SERVICE_NAME`, else that of the other sources. */
  serviceName?: string;
  /** Further attributes, which beat those of `resource` and of `OTEL_RESOURCE_ATTRIBUTES`. Default: none. */
  resourceAttributes?: ResourceAttributes;
  /** A resource made elsewhere, ours or that of opentelemetry-js. Default: none. */
  resource?: Resource;
}

/**
 * The resource in force. Later beats earlier: the default resource, what the detectors find,
 * `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`, `resource`, `resourceAttributes`, `serviceName` (Resource SDK
 * specification, "Specifying resource information via an environment variable").
 */
export function resolveResource(options: ResourceOptions = {}): Resource {
  let resource = defaultResource()
    .merge(detectResources({ detectors: resolveDetectors(options) }))
    .merge(environmentResource());
  const given = options?.resource;
  if (isResource(given)) {
    resource = resource.merge(given);
  } else if (given !== undefined) {
    warnInvalid(
      'option resource',
      'a Resource, as made by resourceFromAttributes()',
      `a value of type ${typeof given}`,
    );
  }
  const attributes = options?.resourceAttributes;
  if (typeof attributes === 'object' && attributes !== null) {
    resource = resource.merge(resourceFromAttributes(attributes));
  } else if (attributes !== undefined) {
    warnInvalid(
      'option resourceAttributes',
      'an object of attributes',
      `a value of type ${typeof attributes}`,
    );
  }
  const serviceName = checkStringOption('serviceName', options?.serviceName);
  return serviceName === undefined
    ? resource
    : resource.merge(resourceFromAttributes({ 'service.name': serviceName }));
}

/** The resource that the environment describes. */
function environmentResource(): Resource {
  return resourceFromAttributes(environmentAttributes());
}

function isResource(value: unknown): value is Resource {
  const candidate = value as Resource | null | undefined;
  return typeof candidate?.getRawAttributes === 'function' || typeof candidate?.attributes === 'object';
}

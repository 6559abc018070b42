/** @module Attributes of the resource that the environment describes. */

import { readEnvironment } from './environment.ts';
import { parseKeyValueList } from './key-value-list.ts';
import { OPTIONS } from './options.ts';
import { warnInvalid } from './readers.ts';

/**
 * `OTEL_RESOURCE_ATTRIBUTES`, of which one bad member voids the whole list, with a warning; then
 * `OTEL_SERVICE_NAME` (Resource SDK specification, "Specifying resource information via an environment variable").
 */
export function environmentAttributes(): Record<string, string> {
  const attributes: (readonly [string, string])[] = [];
  const [listVariable] = OPTIONS.resourceAttributes.environment;
  const text = readEnvironment(listVariable);
  if (text !== undefined) {
    const list = parseKeyValueList(text, { equalsInValue: false });
    if ('fault' in list) {
      warnInvalid(
        listVariable,
        'key=value,… in percent-encoding',
        list.fault,
        'the whole variable is ignored',
      );
    } else {
      attributes.push(...list.pairs);
    }
  }
  const serviceName = readEnvironment(OPTIONS.serviceName.environment[0]);
  if (serviceName !== undefined) attributes.push(['service.name', serviceName]);
  return Object.fromEntries(attributes);
}

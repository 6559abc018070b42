/** Tells values that `JSON.stringify` writes as they should be written, which spares a call for each of their members. */

/** A larger value is written member by member. */
const MOST_NODES = 10_000;
const MAX_DEPTH = 64;
/** Strings this long may be media. */
const LONG = 64;

/** Nodes that may still be looked at; not held across calls. */
let left = 0;

/** Whether a value is made of plain objects, lists, strings, numbers and booleans alone, none of them base64 of something. */
export function isPlainValue(value: object): boolean {
  left = MOST_NODES;
  return isPlainNode(value, 0);
}

function isPlainNode(value: unknown, depth: number): boolean {
  left -= 1;
  if (left < 0 || depth > MAX_DEPTH) return false;
  switch (typeof value) {
    case 'string':
      return value.length < LONG || !value.startsWith('data:');
    case 'number':
    case 'boolean':
    case 'undefined':
      return true;
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlainNode(item, depth + 1)) return false;
    return !('toJSON' in value);
  }
  return isPlainObject(value as Record<string, unknown>, depth);
}

function isPlainObject(value: Record<string, unknown>, depth: number): boolean {
  const prototype = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return false;
  for (const key in value) {
    const member = value[key];
    if (!isPlainNode(member, depth + 1)) return false;
    if (typeof member === 'string' && member.length >= LONG && mayBeMedia(value, key)) return false;
  }
  return true;
}

/** Next to it stands what type it is; cheap, and settled by `mediaOfString`. */
function mayBeMedia(holder: Record<string, unknown>, key: string): boolean {
  return (
    key === 'b64_json' ||
    holder.format !== undefined ||
    holder.media_type !== undefined ||
    holder.mediaType !== undefined ||
    holder.mimeType !== undefined ||
    holder.mime_type !== undefined
  );
}

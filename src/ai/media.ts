/** Images, sound and files among content: what they are and how large, in place of their bytes. */

/** Shorter strings are left alone, whatever they hold. */
const SHORTEST_BASE64 = 64;
/** Of a string, as much is looked at to tell base64 from text; text has blanks. */
const LOOKED_AT = 1024;
const BASE64 = /^[\w+/-]+={0,2}$/;
/** A data URL (RFC 2397) anywhere in a text. Linear: each part is bounded, or of characters that the next has not. */
const DATA_URL = /data:([\w.+-]{1,64}\/[\w.+-]{1,64})(?:;[\w.=+-]{1,64}){0,4};base64,([\w+/-]{64,}={0,2})/g;

/** Members that say of what type the others are: Anthropic, MCP and AI SDK, Gemini, the GenAI conventions. */
const TYPES = ['media_type', 'mediaType', 'mimeType', 'mime_type'] as const;

/** `[image/png, 12345 bytes]` */
export function mediaText(bytes: number, type?: string, name?: string): string {
  return `[${[name, type, `${bytes} bytes`].filter(Boolean).join(', ')}]`;
}

/** The text for a value that is bytes or a file; `undefined` for any other. @param holder - the object it is a member of. */
export function mediaOfObject(value: object, holder: unknown): string | undefined {
  if (ArrayBuffer.isView(value)) return mediaText(value.byteLength, typeIn(holder));
  if (value instanceof ArrayBuffer) return mediaText(value.byteLength, typeIn(holder));
  if (typeof Blob !== 'function' || !(value instanceof Blob)) return undefined;
  const { size, type } = value;
  return mediaText(size, type, (value as Partial<File>).name);
}

/** The text for a string that is base64, by what its holder says: text that merely looks like it is left alone. */
export function mediaOfString(value: string, key: string, holder: unknown): string | undefined {
  if (value.length < SHORTEST_BASE64) return undefined;
  if (value.startsWith('data:')) return undefined;
  const type = typeIn(holder) ?? (key === 'data' ? soundIn(holder) : undefined);
  if ((type === undefined && key !== 'b64_json') || !looksLikeBase64(value)) return undefined;
  return mediaText(bytesOfBase64(value), type);
}

/** The same text with every data URL in it replaced; JSON stays JSON. */
export function withoutDataUrls(text: string): string {
  if (!text.includes(';base64,')) return text;
  return text.replace(DATA_URL, (_, type: string, data: string) => mediaText(bytesOfBase64(data), type));
}

/** `{ data, format: 'wav' }`, as OpenAI has it. */
function soundIn(holder: unknown): string | undefined {
  const { format } = (holder ?? {}) as { format?: unknown };
  return typeof format === 'string' && format.length <= LOOKED_AT ? `audio/${format}` : undefined;
}

function typeIn(holder: unknown): string | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined;
  for (const key of TYPES) {
    const type = (holder as Record<string, unknown>)[key];
    if (typeof type === 'string') return type;
  }
  return undefined;
}

function looksLikeBase64(text: string): boolean {
  return BASE64.test(text.slice(0, LOOKED_AT)) && BASE64.test(text.slice(-SHORTEST_BASE64));
}

function bytesOfBase64(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return Math.floor(((text.length - padding) * 3) / 4);
}

/** Copies content without what is no text: an image of megabytes is told by its kind and size. */
import type { MessagePart } from '../fields.ts';

const DATA_URL = /^data:([^;,]{0,100})[^,]{0,100},/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
/** Shorter texts stay: what looks like base64 may be a word. */
const SHORTEST_BASE64 = 512;
const MAX_DEPTH = 32;
const MAX_NODES = 100_000;

/** Bytes that base64 stands for. */
function decodedSize(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return Math.floor((base64.length * 3) / 4) - padding;
}

function bytesNote(base64: string): string {
  return `[${decodedSize(base64)} bytes]`;
}

/** The text, or, where it is a data URL or base64, a note of its size. */
export function withoutBytes(text: string): string {
  if (text.length < SHORTEST_BASE64) return text;
  const head = text.slice(0, SHORTEST_BASE64);
  const prefix = DATA_URL.exec(head)?.[0];
  if (prefix !== undefined) return prefix + bytesNote(text.slice(prefix.length));
  return BASE64.test(head) && BASE64.test(text.slice(-SHORTEST_BASE64)) ? bytesNote(text) : text;
}

/** A part that was sent along: its kind, and where it is or how large it is. */
export function mediaPart(
  modality: string,
  source: { url?: unknown; data?: unknown; fileId?: unknown; mimeType?: unknown },
): MessagePart {
  const { url, data, fileId, mimeType } = source;
  if (typeof fileId === 'string') return { type: 'file', modality, file_id: fileId };
  if (typeof data === 'string') {
    // Base64 without a head of its own, or a data URL.
    const prefix = DATA_URL.exec(data.slice(0, SHORTEST_BASE64));
    const content = bytesNote(data.slice(prefix?.[0].length ?? 0));
    return { type: 'blob', modality, mime_type: mimeType ?? prefix?.[1], content };
  }
  if (typeof url !== 'string') return { type: 'blob', modality, mime_type: mimeType };
  return url.startsWith('data:')
    ? mediaPart(modality, { data: url, mimeType })
    : { type: 'uri', modality, uri: url };
}

/** A copy of plain data as it is now, without bytes; deeper or further members than anyone would read are left out. */
export function copied(value: unknown): unknown {
  return new Copy().of(value, 0);
}

class Copy {
  private left = MAX_NODES;

  of(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return withoutBytes(value);
    if (typeof value !== 'object' || value === null) return value;
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (depth === MAX_DEPTH || this.left <= 0) return '[Too deep]';
    this.left -= 1;
    if (Array.isArray(value))
      return value.slice(0, Math.max(this.left, 0)).map((one) => this.of(one, depth + 1));
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function')
      return (value as { toJSON(): unknown }).toJSON();
    const copy: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) copy[key] = this.of(member, depth + 1);
    return copy;
  }
}

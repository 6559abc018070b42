/**
 * The control: opentelemetry-js again, in a copy of its own, with the two methods that put a string into
 * protobuf handing long strings to the runtime's native UTF-8 writer. Whatever spandrel gains over this side
 * is not gained by native string writing alone.
 */
import * as upstream from './upstream.mjs?patched';

/** Below this, the loop over characters is faster than crossing into native code. */
const NATIVE_FROM = 48;

const { sizeEstimator, writer } = upstream.stringWriters;
const loopedSize = sizeEstimator.prototype.writeString;
const loopedWrite = writer.prototype.writeString;

sizeEstimator.prototype.writeString = function writeString(text) {
  if (text.length < NATIVE_FROM) {
    loopedSize.call(this, text);
    return;
  }
  const bytes = Buffer.byteLength(text);
  this.writeVarint(bytes);
  this.pos += bytes;
};

writer.prototype.writeString = function writeString(text) {
  if (text.length < NATIVE_FROM) {
    loopedWrite.call(this, text);
    return;
  }
  const bytes = Buffer.byteLength(text);
  this.writeVarint(bytes);
  this._ensureCapacity(bytes);
  if (this.nativeView?.buffer !== this._buffer.buffer) this.nativeView = Buffer.from(this._buffer.buffer);
  this.nativeView.utf8Write(text, this.pos, bytes);
  this.pos += bytes;
};

export const { serializer, open, openExporting } = upstream;
export const version = `${upstream.version}, native strings`;

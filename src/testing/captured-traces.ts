/** What one capture got. */
import type { ReadableSpan } from '../api/types.ts';
import { type CapturedSpan, spansUnder, tokensOf, toTree } from './captured-span.ts';
import { treeText } from './tree-text.ts';

/** Spans that are not in the capture. */
export interface Missing {
  /** Spans that had not ended when the function was done. */
  readonly open: number;
  /** Spans that were lost, by reason; empty unless the arena is full. */
  readonly lost: Readonly<Record<string, number>>;
}

/** The spans of one function, and what it returned. */
export class CapturedTraces<Result = unknown> {
  readonly result: Result;
  /** Spans without a parent in the capture, in the order they started. */
  readonly roots: readonly CapturedSpan[];
  /** All spans, each before its children. */
  readonly spans: readonly CapturedSpan[];
  readonly missing: Missing;

  constructor(result: Result, spans: readonly ReadableSpan[], missing: Missing) {
    this.result = result;
    this.roots = toTree(spans);
    this.spans = spansUnder(this.roots);
    this.missing = missing;
  }

  /** The first span of that name, from the top; `undefined` where there is none. */
  find(name: string): CapturedSpan | undefined {
    return this.spans.find((span) => span.name === name);
  }

  /** Tokens of all model calls; `undefined` where no span has a usage. A span above others that have one is not counted. */
  get tokens(): number | undefined {
    return tokensOf(this.roots);
  }

  /** The tree, as messages show it. */
  toString(): string {
    return treeText(this.roots, this.missing);
  }
}

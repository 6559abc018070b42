/** Usage is counted once: of the spans around one model call, the innermost that knows its usage carries it. */
import type { Context, Span } from '@opentelemetry/api';
import { layerOf, SpanFrame } from '../api/context.ts';
import type { Usage } from './fields.ts';
import { replaceUsage, usageOf } from './record.ts';

/** Tokens and cost are known at different places: a client reports tokens, its user the cost. */
const TOKENS = 1;
const COST = 2;

/** One call's place among the calls around it. */
export class UsageClaim {
  private readonly outer: UsageClaim | undefined;
  private isOpen = true;
  /** What calls inside have reported. */
  private inside = 0;
  /** What this call has reported, or what a span of another make around it will report. */
  private own = 0;

  constructor(outer: UsageClaim | undefined) {
    let open = outer;
    // A call that starts another and ends first, for ever, makes no chain that grows.
    while (open !== undefined && !open.isOpen) open = open.outer;
    this.outer = open;
  }

  /** Leaves the tokens to a span of another make, around the call and inside the calls around it. */
  leaveTokens(): void {
    for (let claim: UsageClaim | undefined = this; claim !== undefined; claim = claim.outer)
      claim.inside |= TOKENS;
  }

  /** Takes from the record of the call's span, which is about to end, what is reported elsewhere; claims the rest. */
  settle(span: Span): void {
    this.isOpen = false;
    const usage = usageOf(span);
    if (usage === undefined) return;
    const known = (hasTokens(usage) ? TOKENS : 0) | (usage.cost === undefined ? 0 : COST);
    const taken = this.inside | this.reportedAround();
    this.own = known & ~taken;
    if ((known & taken) !== 0) replaceUsage(span, without(usage, taken));
    for (let outer = this.outer; outer !== undefined; outer = outer.outer) outer.inside |= this.own;
  }

  private reportedAround(): number {
    let reported = 0;
    for (let { outer } = this; outer !== undefined; outer = outer.outer) reported |= outer.own;
    return reported;
  }
}

function hasTokens({ cost: _, ...tokens }: Usage): boolean {
  return Object.values(tokens).some((count) => count !== undefined);
}

function without({ cost, ...tokens }: Usage, taken: number): Usage | undefined {
  if (taken === (TOKENS | COST)) return undefined;
  return (taken & TOKENS) === 0 ? tokens : { cost };
}

/** The context of a call: its span, and its claim among the calls around it. */
export function callFrame(parent: Context, span: Span): SpanFrame {
  const layer = layerOf(parent);
  return new SpanFrame(parent, span, new UsageClaim(layer instanceof UsageClaim ? layer : undefined));
}

export function claimOf(frame: SpanFrame): UsageClaim | undefined {
  return frame.layer instanceof UsageClaim ? frame.layer : undefined;
}

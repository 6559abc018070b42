/**
 * Seeded random numbers: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM
 * TOMS 47, 2021), its state filled by the finaliser of MurmurHash3 over a Weyl sequence (SplitMix in 32 bits).
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  constructor(a: number, b: number, c: number, d: number) {
    this.a = a | 0;
    this.b = b | 0;
    this.c = c | 0;
    // All zero is the one state that it never leaves.
    this.d = (a | b | c | d) === 0 ? 1 : d | 0;
  }

  /** @param seed - any number; two that differ in their 32 low bits, or above, give different sequences. */
  static of(seed: number): Random {
    let state = (seed ^ Math.floor(seed / 2 ** 32)) | 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      return mixed ^ (mixed >>> 16);
    };
    return new Random(next(), next(), next(), next());
  }

  /** Uniform in the integers from 0 to 2^32 - 1. */
  next(): number {
    const product = Math.imul(this.b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }

  /** Uniform in the integers from 0 to `count` - 1; off by less than `count` in 2^32. */
  below(count: number): number {
    return Math.floor((this.next() / 2 ** 32) * count);
  }
}

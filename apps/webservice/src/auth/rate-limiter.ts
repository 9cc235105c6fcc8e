interface Bucket {
  tokens: number;
  at: number;
}

const MOST_BUCKETS = 20_000;

/** Token buckets by key, in this process. `now`: monotonic milliseconds. */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Takes one of `perSecond * seconds` tokens, which refill over `seconds`. Returns 0 if one was taken, otherwise the seconds until one is
   * available.
   */
  take(key: string, amount: number, seconds = 1): number {
    const bucket = this.refilled(key, amount, seconds);
    if (bucket.tokens < 1) return Math.max(1, Math.ceil(((1 - bucket.tokens) / amount) * seconds));
    bucket.tokens -= 1;
    return 0;
  }

  /** Like `take`, but takes nothing: whether one is available. */
  peek(key: string, amount: number, seconds = 1): number {
    const { tokens } = this.refilled(key, amount, seconds);
    return tokens >= 1 ? 0 : Math.max(1, Math.ceil(((1 - tokens) / amount) * seconds));
  }

  private refilled(key: string, amount: number, seconds: number): Bucket {
    const now = this.now();
    let bucket = this.buckets.get(key);
    if (!bucket) {
      if (this.buckets.size >= MOST_BUCKETS) this.buckets.clear();
      bucket = { tokens: amount, at: now };
      this.buckets.set(key, bucket);
    }
    bucket.tokens = Math.min(amount, bucket.tokens + ((now - bucket.at) / 1_000 / seconds) * amount);
    bucket.at = now;
    return bucket;
  }
}

/** Something that an operator hears of once when it begins and once when it ends. */
interface ConditionRule<Seen> {
  /** It has begun when this many looks in a row have found it. Default 1. */
  readonly looks?: number;
  readonly holds: (seen: Seen) => boolean;
  readonly begins: (seen: Seen) => void;
  readonly ends: (seen: Seen) => void;
}

/** Whether it holds, from look to look. */
export class Condition<Seen> {
  private found = 0;
  private hasBegun = false;

  constructor(private readonly rule: ConditionRule<Seen>) {}

  look(seen: Seen): void {
    const { looks = 1, holds, begins, ends } = this.rule;
    if (holds(seen)) {
      this.found++;
      if (this.hasBegun || this.found < looks) return;
      this.hasBegun = true;
      begins(seen);
      return;
    }
    this.found = 0;
    if (!this.hasBegun) return;
    this.hasBegun = false;
    ends(seen);
  }
}

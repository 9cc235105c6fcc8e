/** A condition that is reported to the operator once when it begins and once when it ends. */
interface ConditionRule<Seen> {
  /** Number of consecutive checks that must find the condition before it is reported. Default 1. */
  readonly looks?: number;
  readonly holds: (seen: Seen) => boolean;
  readonly begins: (seen: Seen) => void;
  readonly ends: (seen: Seen) => void;
}

/** Evaluates a condition at each check and reports its changes. */
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

  /** The checks before this moment do not count for a beginning, because something has kept the condition from being checked. */
  forget(): void {
    this.found = 0;
  }
}

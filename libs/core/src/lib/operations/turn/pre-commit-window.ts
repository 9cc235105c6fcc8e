import type { TurnBuilder } from './turn-builder';

/** Limits for what a turn does before it commits (ADR 29): entries, bytes of values, milliseconds. */
const WINDOW = { entries: 64, bytes: 256 * 1024, ms: 20 } as const;

/** How far a turn runs ahead of its commit. Unless it is full of entries, it takes at least one command. */
export class PreCommitWindow {
  private readonly began: number;
  private isFirst = true;

  constructor(
    private readonly turn: TurnBuilder,
    private readonly now: () => number,
  ) {
    this.began = now();
  }

  /** True while another command may be performed in this turn. */
  isOpen(): boolean {
    const { entries, bytes } = this.turn;
    if (entries.length >= WINDOW.entries) return false;
    if (this.isFirst) return !(this.isFirst = false);
    return bytes < WINDOW.bytes && this.now() - this.began < WINDOW.ms;
  }
}

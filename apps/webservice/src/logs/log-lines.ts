import { LEVELS_BY_LETTER, type LogLevel } from '@taskrunner/core/journal';
import type { NumberedChunk } from '@taskrunner/core/ports';

/** One line of a run's log. */
export interface LogLine {
  /** Its number in the run, from 1 without gaps. */
  readonly number: number;
  /** Milliseconds since the epoch, database time. */
  readonly at: number;
  readonly level: LogLevel;
  readonly step: string;
  /** The attempt of the step. Null: the step has no attempts, or it is not recorded. */
  readonly attempt: number | null;
  /** The start of the step's executor that wrote it. An attempt has several if a worker was lost or handed the run over. */
  readonly execution: number;
  readonly text: string;
}

/** Filter for lines. */
export interface LineFilter {
  /** Lines of this step and its descendants. */
  readonly step: string | null;
  /** Lines of this attempt of their step. */
  readonly attempt: number | null;
  /** Lines of this level and above. */
  readonly level: LogLevel | null;
}

const RANK: Readonly<Record<LogLevel, number>> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };

/** The lines of a chunk after a line number, as stored: a letter for the level, the text, a line feed. */
export function linesOf(chunk: NumberedChunk, after: number): readonly LogLine[] {
  const { firstLine, lines, step, attempt, execution, at } = chunk;
  const texts = new TextDecoder().decode(chunk.data).split('\n').slice(0, lines);
  return texts.flatMap((stored, index): LogLine[] => {
    const number = firstLine + index;
    return number > after
      ? [
          {
            ...{ number, at, level: LEVELS_BY_LETTER[stored.charAt(0)] ?? 'info', step, attempt, execution },
            text: stored.slice(1),
          },
        ]
      : [];
  });
}

/** True if a chunk may have lines that a filter lets through. Their levels are compared line by line. */
export function hasWanted({ step, attempt }: LineFilter, chunk: Pick<NumberedChunk, 'step' | 'attempt'>): boolean {
  return (step === null || isWithin(chunk.step, step)) && (attempt === null || chunk.attempt === attempt);
}

/** True for a level that is at least as urgent as another one, and without another one. */
export function isUrgent(level: LogLevel, least: LogLevel | null): boolean {
  return least === null || rankOf(level) >= rankOf(least);
}

/** Levels as numbers: a more urgent level is greater. */
export function rankOf(level: LogLevel): number {
  return RANK[level];
}

/** True if a place is another place or below it: `map[0]::scan` is below `map[0]` and `map`. */
export function isWithin(place: string, other: string): boolean {
  return place === other || place.startsWith(`${other}::`) || place.startsWith(`${other}[`);
}

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { LogLevel, LogLine } from '@taskrunner/client';

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

/** Selection of lines, as the API has it. */
interface LogSelection {
  readonly after: number;
  /** Null: all. */
  readonly tail: number | null;
  readonly step: string | null;
  readonly attempt: number | null;
  readonly level: string | null;
}

/** Reads the selection of a query. */
export function selectionOf(query: URLSearchParams): LogSelection {
  const number = (name: string): number | null => (query.has(name) ? Number(query.get(name)) : null);
  return {
    after: number('after') ?? 0,
    ...{ tail: number('tail'), step: query.get('step'), attempt: number('attempt'), level: query.get('level') },
  };
}

/** The lines of a kept log as server-sent events, in the form of the API. `last`: the last event; null: the run has not ended. */
export async function* logEvents(
  path: string,
  selection: LogSelection,
  last: LogLine | null,
): AsyncGenerator<Uint8Array> {
  const { tail } = selection;
  const kept: LogLine[] = [];
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const line = JSON.parse(text) as LogLine;
    if (!isSelected(line, selection)) continue;
    if (tail === null) yield eventOf(line);
    else {
      kept.push(line);
      if (kept.length > tail) kept.shift();
    }
  }
  for (const line of kept) yield eventOf(line);
  if (last !== null) yield eventOf(last);
}

function isSelected(line: LogLine, { after, step, attempt, level }: LogSelection): boolean {
  const { sequence, stepId = '', level: own = 'info' } = line;
  return (
    sequence > after &&
    (step === null || isWithin(stepId, step)) &&
    (attempt === null || line.attempt === attempt) &&
    (level === null || LEVELS.indexOf(own) >= LEVELS.indexOf(level as LogLevel))
  );
}

/** `map[0]::scan` is below `map[0]` and `map`. */
function isWithin(place: string, other: string): boolean {
  return place === other || place.startsWith(`${other}::`) || place.startsWith(`${other}[`);
}

function eventOf(line: LogLine): Uint8Array {
  return Buffer.from(`id: ${line.sequence}\ndata: ${JSON.stringify(line)}\n\n`);
}

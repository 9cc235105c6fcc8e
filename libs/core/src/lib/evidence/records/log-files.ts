import { onceFor } from '../../foundation/once-for';
import type { Entry } from '../../journal/page';
import type { EventOf, RunFacts } from './run-facts';

type Chunk = EventOf<'log'>;

/** The file of one execution's stream, and the chunks that the journal numbered in it. */
export interface LogFile {
  readonly path: string;
  readonly step: string;
  readonly execution: number;
  readonly chunks: readonly Chunk[];
}

/** The log files of a run, in the order in which the journal first names their streams. */
export function logFiles({ entries }: Pick<RunFacts, 'entries'>): readonly LogFile[] {
  return filesIn(entries);
}

const filesIn = onceFor((entries: readonly Entry[]): readonly LogFile[] => {
  const streams = new Map<string, Chunk[]>();
  for (const { event } of entries) {
    if (event.type !== 'log') continue;
    const key = `${event.execution} ${event.step}`;
    const chunks = streams.get(key);
    if (chunks) chunks.push(event);
    else streams.set(key, [event]);
  }
  return [...streams.values()].map((chunks, i) => {
    const { step, execution } = chunks[0] as Chunk;
    return { path: `logs/${String(i + 1).padStart(6, '0')}.log`, step, execution, chunks };
  });
});

import type { Placed, RunFacts } from './run-facts';

/** The file of one execution's stream, and the chunks that the journal numbered in it. */
export interface LogFile {
  readonly path: string;
  readonly step: string;
  readonly execution: number;
  readonly chunks: readonly Placed<'log'>[];
}

/** The log files of a run, in the order in which the journal first names their streams. */
export function logFiles({ entries }: Pick<RunFacts, 'entries'>): readonly LogFile[] {
  const streams = new Map<string, Placed<'log'>[]>();
  for (const { event, seq, at } of entries) {
    if (event.type !== 'log') continue;
    const key = `${event.execution} ${event.step}`;
    const chunks = streams.get(key) ?? [];
    chunks.push({ ...event, seq, at });
    streams.set(key, chunks);
  }
  return [...streams.values()].map((chunks, i) => {
    const { step, execution } = chunks[0] as Placed<'log'>;
    return { path: `logs/${String(i + 1).padStart(6, '0')}.log`, step, execution, chunks };
  });
}

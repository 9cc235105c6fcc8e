import { readEvidence } from '../lib/evidence/records/evidence-documents';
import type { RunId, TenantId } from '../lib/foundation/ids';
import { SealableLogStore, type NumberedChunk } from '../lib/ports/runs/log-store';
import type { Sample } from './sample-signing';

/** The chunks of a sample's log as they stood in rows: by its journal, from its streams. */
export function sampleChunks({ evidence }: Sample): NumberedChunk[] {
  const { facts } = readEvidence(evidence);
  const taken = new Map<string, number>();
  let line = 1;
  const rows: NumberedChunk[] = [];
  const attempts = new Map<string, number>();
  for (const { event } of facts.entries) {
    if (event.type === 'step.started') attempts.set(`${event.execution} ${event.step}`, event.attempt);
    if (event.type !== 'log') continue;
    const { step, execution, chunk, lines, bytes } = event;
    const stream = evidence.logs.find((one) => one.step === step && one.execution === execution);
    const from = taken.get(`${execution} ${step}`) ?? 0;
    taken.set(`${execution} ${step}`, from + bytes);
    const data = (stream?.data as Uint8Array).subarray(from, from + bytes);
    const attempt = attempts.get(`${execution} ${step}`) ?? null;
    rows.push({ firstLine: line, lines, step, attempt, execution, chunk, at: 1_000 + line, data });
    line += lines;
  }
  return rows;
}

/** The log of one run as rows. */
export class LogRows extends SealableLogStore {
  /** The most chunks that anybody asked for at once. */
  most = 0;

  /** `again`: what the bytes of a chunk are when they are read for the second time. */
  constructor(
    public chunks: NumberedChunk[],
    private readonly again: (data: Uint8Array) => Uint8Array = (data) => data,
  ) {
    super();
  }

  async append(): Promise<readonly boolean[]> {
    return [];
  }

  async read(_tenant: TenantId, _run: RunId, afterLine: number, limit: number): Promise<readonly NumberedChunk[]> {
    this.most = Math.max(this.most, limit);
    return this.chunks.filter(({ firstLine, lines }) => firstLine + lines - 1 > afterLine).slice(0, limit);
  }

  async bytes(
    _tenant: TenantId,
    _run: RunId,
    { step, execution }: { readonly step: string; readonly execution: number },
    first: number,
    last: number,
  ): Promise<readonly Uint8Array[]> {
    this.most = Math.max(this.most, last - first + 1);
    return this.chunks
      .filter((one) => one.step === step && one.execution === execution && one.chunk >= first && one.chunk <= last)
      .map(({ data }) => this.again(data));
  }

  /** All bytes of a step's chunks. */
  whole(step: string): Uint8Array {
    return Buffer.concat(this.chunks.filter((chunk) => chunk.step === step).map(({ data }) => data));
  }
}

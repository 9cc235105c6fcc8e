import type { StepId } from '../../../foundation/ids';
import type { Reported } from '../../../ports/workers/assignment-report';

/** Limits of one report. */
const REPORT_RESULTS = 256;
const REPORT_PARTS = 2_048;
const REPORT_BYTES = 4 * 1024 * 1024;

/** A chunk of a log whose lines the driver has not numbered, and the report that announces it. */
interface ReportedChunk {
  readonly report: number;
  readonly step: StepId;
  readonly execution: number;
  readonly bytes: number;
}

/** Events of an assignment until the driver has taken them: those that go into the next report, and chunks that wait for line numbers. */
export class ReportQueue {
  private readonly unsaid: Reported[] = [];
  private chunks: readonly ReportedChunk[] = [];

  /** Number of events that no report contains. */
  get count(): number {
    return this.unsaid.length;
  }

  add(...parts: readonly Reported[]): void {
    this.unsaid.push(...parts);
  }

  /** Takes the events of the next report, as many as one may have. */
  next(): readonly Reported[] {
    let results = 0;
    let bytes = 0;
    const end = this.unsaid.findIndex((part, place) => {
      if (part.kind === 'given') results++;
      if (part.kind === 'given' && part.body.type === 'attempt.succeeded')
        bytes += part.body.outputs?.kind === 'value' ? part.body.outputs.size : 0;
      return place > 0 && (results > REPORT_RESULTS || place >= REPORT_PARTS || bytes > REPORT_BYTES);
    });
    return this.unsaid.splice(0, end < 0 ? this.unsaid.length : end);
  }

  /** The report at this position of the inbox contains these events. */
  posted(report: number, reported: readonly Reported[]): void {
    const chunks = reported.flatMap((part): readonly ReportedChunk[] => {
      if (part.kind !== 'fact' || part.fact.type !== 'log') return [];
      const { step, execution, bytes } = part.fact;
      return [{ report, step, execution, bytes }];
    });
    this.chunks = [...this.chunks, ...chunks];
  }

  /** The driver has taken the reports up to this position: takes the chunks that have line numbers now. */
  seen(position: number): readonly ReportedChunk[] {
    const numbered = this.chunks.filter(({ report }) => report <= position);
    this.chunks = this.chunks.filter(({ report }) => report > position);
    return numbered;
  }
}

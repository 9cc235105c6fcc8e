import { storableTexts } from '../../foundation/storable-text';
import type { LogLevel } from '../../journal/log-line';
import type { ExecutionReport, Outcome } from '../../ports/step/executor';
import type { Fact } from '../../run/run-event';
import type { Redaction } from '../../secret/redaction';
import type { Redactor } from '../../secret/redactor';
import type { ExecutionLog } from './execution-log';

/** Filters the reports of an execution before anything is stored, so that no secret passes, and no text that rows cannot hold. */
export class RedactedReport implements ExecutionReport {
  private readonly streams: Readonly<Record<'stdout' | 'stderr', Redaction | null>>;

  constructor(
    private readonly redactor: Redactor,
    private readonly log: ExecutionLog,
    private readonly report: (fact: Fact) => void,
  ) {
    this.streams = { stdout: redactor.stream(), stderr: redactor.stream() };
  }

  line(level: LogLevel, text: string): Promise<void> {
    return this.log.line(level, this.redactor.text(text));
  }

  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void> {
    return this.log.output(stream, this.streams[stream]?.push(bytes) ?? bytes);
  }

  fact(fact: Fact): void {
    const redacted = storableTexts(this.redactor.json(fact));
    // Step ids come from the plan, so they are not redacted.
    this.report('step' in fact ? ({ ...redacted, step: fact.step } as Fact) : redacted);
  }

  /** Called at the end of the execution: releases output that was held back. */
  async end(): Promise<void> {
    for (const [name, stream] of Object.entries(this.streams) as ['stdout' | 'stderr', Redaction | null][])
      if (stream) await this.log.output(name, stream.end());
  }
}

/** An outcome without secrets. They are removed from messages; outputs that hold one are refused as a whole. */
export function redactedOutcome(redactor: Redactor, outcome: Outcome): Outcome {
  if (redactor.isIdle) return outcome;
  if (outcome.kind === 'failed') return { ...outcome, message: redactor.text(outcome.message) };
  if (outcome.kind !== 'succeeded' || !redactor.holdsIn(outcome.outputs)) return outcome;
  const message = 'an output of the step contains a secret';
  return { kind: 'failed', code: 'SECRET_IN_OUTPUT', message, retryable: false, exitCode: null };
}

import { buffer } from 'node:stream/consumers';
import {
  ApiProblem,
  createClient,
  isOver,
  type Interruption,
  type LogLine,
  type Run,
  type SubmitRunBody,
  type TaskRunnerClient,
} from '@taskrunner/client';
import type { Json } from '@taskrunner/core/foundation';

/** A test sees each failure: nothing is repeated that the test does not repeat. */
const ONCE = { giveUpAfterMs: 0 };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, Json>;
}

/** A caller of the API. Every request of the suite to the API is sent by `@taskrunner/client`. */
export class Caller {
  readonly client: TaskRunnerClient;

  /** Without a token: null. */
  constructor(server: string, token: string | null) {
    this.client = createClient({ server, token: token === null ? null : () => token });
  }

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await this.raw(method, path, body, headers);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, Json>),
    };
  }

  raw(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.client.send(path, { method, headers, body });
  }

  /** Submits a run, and returns its id. Rejects if it is not accepted. */
  async submit(manifest: string, inputs: Json = {}, more: object = {}): Promise<string> {
    const { runId } = await this.client.submit({ manifest, inputs, ...more } as SubmitRunBody, ONCE);
    return runId;
  }

  async summary(run: string): Promise<Record<string, Json>> {
    return (await this.ask('GET', `/api/runs/${run}`)).body;
  }

  /** Waits until the run has one of these statuses, also while it is refused. Rejects when the run has ended with another one. */
  async until(run: string, states: readonly string[], seconds = 60): Promise<Record<string, Json>> {
    for (const end = Date.now() + seconds * 1_000; ;) {
      const left = end - Date.now();
      const found = await this.firstWith(run, states, Math.max(0, left));
      if (found !== null && states.includes(found.status)) return found as unknown as Record<string, Json>;
      // A halted run may be resumed.
      if (left <= 0 || (found !== null && isOver(found) && found.status !== 'halted'))
        throw new Error(`${run}: ${JSON.stringify(found ?? (await this.summary(run)))}`);
      await pause(100);
    }
  }

  /** The run when it has one of these statuses or executes nothing more; null: not in this time, or it cannot be read now. */
  private async firstWith(run: string, states: readonly string[], timeoutMs: number): Promise<Run | null> {
    const stopping = new AbortController();
    const timer = setTimeout(() => stopping.abort(), timeoutMs);
    try {
      // One request is held until the end, and one for each change otherwise.
      if (states.every((status) => isOver({ status: status as Run['status'] })))
        return await this.client.wait(run, { timeoutMs, ...ONCE });
      let last: Run | null = null;
      for await (last of this.client.watch(run, { signal: stopping.signal, ...ONCE }))
        if (states.includes(last.status)) return last;
      return last;
    } catch (error) {
      // Altered records are refused until a worker has halted the run, and a service may be unavailable.
      if (stopping.signal.aborted || ApiProblem.is(error)) return null;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The evidence of a run, once it has ended and is sealed. */
  async sealed(run: string): Promise<Uint8Array> {
    await this.client.wait(run, { timeoutMs: 60_000 });
    const { stream } = await this.client.evidence(run);
    return new Uint8Array(await buffer(stream));
  }

  /** Lines of a log, until the run has ended or until `stopAfter` lines were read, and what interrupted the stream. */
  async lines(
    run: string,
    options: { readonly after?: number; readonly stopAfter?: number } = {},
  ): Promise<{ readonly lines: readonly NumberedLine[]; readonly interruptions: readonly Interruption[] }> {
    const { after = 0, stopAfter = Infinity } = options;
    const lines: NumberedLine[] = [];
    const interruptions: Interruption[] = [];
    const onInterrupted = (one: Interruption): void => void interruptions.push(one);
    for await (const line of this.client.followLogs(run, { after, onInterrupted })) {
      lines.push(numbered(line));
      if (lines.length >= stopAfter) break;
    }
    return { lines, interruptions };
  }

  /** Approves the gate's current request. */
  async approve(run: string, gate: string, change: object = {}): Promise<Answer> {
    const { gateDigest, planHash } = await this.client.gate(run, gate);
    return this.ask('POST', `/api/runs/${run}/approve`, {
      gateId: gate,
      decision: 'approved',
      planHash,
      gateDigest,
      reason: 'reviewed',
      ...change,
    });
  }
}

interface NumberedLine {
  readonly id: number;
  readonly data: Record<string, Json>;
}

function numbered(line: LogLine): NumberedLine {
  return { id: line.sequence, data: line };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

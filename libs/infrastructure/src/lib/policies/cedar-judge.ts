import { Worker } from 'node:worker_threads';
import type { AuthorizationAnswer, AuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs';
import type { JsonObject } from '@taskrunner/core/foundation';
import { undecided, type PolicyAnswer, type PolicySource } from '@taskrunner/core/policy';
import { PolicyJudge } from '@taskrunner/core/ports';
import { answerOf, cedarCall, readCedar } from './cedar-engine';
import { NotCedar } from './cedar-context';

/** Limits of the thread. Its questions are bounded and made by us, and its answers are validated by us. */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const { isAuthorized } = require(workerData);
parentPort.on('message', (call) => parentPort.postMessage(isAuthorized(call)));
`;

/**
 * Evaluates Cedar policies in a thread, one at a time. An evaluation cannot be interrupted, so one that takes too long ends together with
 * its thread, and the gate stays closed. The next question starts another thread.
 */
export class CedarJudge extends PolicyJudge {
  private thread: Worker | null = null;
  private last: Promise<unknown> = Promise.resolve();

  /** `timeoutMs`: maximum time of one evaluation, including the start of the thread. */
  constructor(private readonly timeoutMs: number) {
    super();
  }

  async judge({ source }: PolicySource, input: JsonObject, gate: string): Promise<PolicyAnswer> {
    const read = readCedar(source);
    if (read.kind === 'faults') return undecided('it does not compile');
    let call: AuthorizationCall;
    try {
      call = cedarCall(read.policies, input, gate);
    } catch (error) {
      return undecided(NotCedar.is(error) ? error.message : 'the engine failed');
    }
    const answer = this.last.then(() => this.ask(call));
    this.last = answer;
    return answer;
  }

  async close(): Promise<void> {
    await this.thread?.terminate();
    this.thread = null;
  }

  private async ask(call: AuthorizationCall): Promise<PolicyAnswer> {
    const thread = (this.thread ??= this.startThread());
    const answer = await answerFrom(thread, call, this.timeoutMs);
    if (answer.kind === 'undecided') {
      // Late or broken: its state must not answer the next question.
      this.thread = null;
      await thread.terminate();
    }
    return answer;
  }

  private startThread(): Worker {
    const thread = new Worker(THREAD, {
      eval: true,
      workerData: require.resolve('@cedar-policy/cedar-wasm/nodejs'),
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    // Its end is reported to the caller who waits for an answer, and to the next question.
    thread.on('error', () => undefined);
    thread.on('exit', () => {
      if (this.thread === thread) this.thread = null;
    });
    thread.unref();
    return thread;
  }
}

async function answerFrom(thread: Worker, call: AuthorizationCall, timeoutMs: number): Promise<PolicyAnswer> {
  return new Promise((resolve) => {
    const settle = (answer: PolicyAnswer): void => {
      clearTimeout(timer);
      thread.off('message', onMessage).off('exit', onExit);
      resolve(answer);
    };
    const onMessage = (said: AuthorizationAnswer): void => settle(answerOf(said));
    const onExit = (): void => settle(undecided('the engine failed'));
    const timer = setTimeout(() => settle(undecided('it took too long')), timeoutMs);
    thread.on('message', onMessage).on('exit', onExit);
    thread.postMessage(call);
  });
}

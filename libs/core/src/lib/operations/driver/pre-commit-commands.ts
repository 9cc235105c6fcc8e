import { itemsLeftOut, itemsLeftOutText, LOOP_ITEMS_LIMIT } from '../../binding/left-out-items';
import type { RunProjection } from '../../binding/run-projection';
import type { BindingContext } from '../../binding/scope';
import type { StepId } from '../../foundation/ids';
import type { GateRequest } from '../../gate/gate-request';
import type { Command } from '../../run/command';
import type { InputEventBody } from '../../run/run-event';
import { NO_REUSE, type OriginalRun } from '../claimed-run/original-run';
import { UNSATISFIABLE } from '../delivery/announce';
import { tooFewApprovers } from '../../gate/approvers';
import { executionContextOf } from '../execution/executions';
import type { TurnBuilder } from '../turn/turn-builder';
import type { RunMeans } from './post-commit-dispatcher';
import { answerQuestion, judgePolicy, policyEnginesOf } from './questions';

/** Performs commands that may run before their commit. Their answers are part of the same turn. */
export class PreCommitCommands {
  /** True if the run killed its process. Nothing of it is evaluated that is not necessary. */
  isPoison = false;

  /** @param original of a rerun that takes something over: what it does again */
  constructor(
    private readonly means: RunMeans,
    private readonly original: OriginalRun | null,
    private readonly contextOf: (results: RunProjection) => BindingContext,
  ) {}

  async perform(turn: TurnBuilder, command: Command): Promise<InputEventBody | 'lost' | 'left'> {
    const { dependencies, run, values, initiators, executions } = this.means;
    const context = this.contextOf(turn.results);
    switch (command.type) {
      case 'answer': {
        if (this.isPoison) return unanswered(command);
        if (command.question === 'reuse') return this.reuse(turn, command.step);
        const { profileDigest, admissionDigest } = run;
        const nonce = command.question === 'gate' ? dependencies.nonce() : '';
        const facts = { at: turn.at, nonce, profileDigest, admissionDigest };
        const { body, values: needed, gate } = await answerQuestion(context, values, command, facts);
        for (const digest of needed) turn.needs(digest);
        if (gate) turn.rendered.set(command.step, gate);
        if (body.type === 'question.answered') await this.noteItemsLeftOut(turn, context, body);
        return body;
      }
      case 'judge':
        return judgePolicy(() => context, values, command, turn.at, initiators, policyEnginesOf(dependencies, run));
      case 'start':
        return executions.execute(
          executionContextOf(() => context),
          command,
        );
      case 'stop':
        throw new TypeError('a stop never runs ahead');
    }
  }

  /** Adds the result of a command to the turn. The log of a verdict precedes it, because nothing may follow the end of a run. */
  async take(turn: TurnBuilder, body: InputEventBody): Promise<void> {
    if (body.type === 'policy.judged') {
      const fact = await this.means.policyLog.write(body);
      if (fact) turn.record(fact);
    }
    turn.give(body);
    if (body.type === 'question.answered') this.noteUnsatisfiable(turn, body);
  }

  /** Says in the journal and in the log that a loop leaves out items beyond `maxIterations`, which may be the default of the format. */
  private async noteItemsLeftOut(
    turn: TurnBuilder,
    context: BindingContext,
    { step, answer }: Extract<InputEventBody, { type: 'question.answered' }>,
  ): Promise<void> {
    const found = itemsLeftOut(context, step, answer);
    if (found === null) return;
    const line = await this.means.containerLog.write(step, 'warn', [itemsLeftOutText(found)], 'LOOP_LOG_LOST');
    if (line) turn.record(line);
    turn.record({ type: 'note', code: LOOP_ITEMS_LIMIT, detail: { step, ...found } });
  }

  /**
   * Reports a gate that too few of the configured people may decide, which would wait forever: in the journal, as an announcement and as an
   * alarm.
   */
  private noteUnsatisfiable(
    turn: TurnBuilder,
    { answer, step }: Extract<InputEventBody, { type: 'question.answered' }>,
  ): void {
    if (answer.kind !== 'gate' || turn.state.steps.get(step)?.kind !== 'waiting') return;
    const { dependencies, run, values, initiators } = this.means;
    const request = values.known.get(answer.gateDigest) as unknown as GateRequest;
    const eligible = tooFewApprovers(dependencies.announcing.people, initiators, request);
    if (eligible === null) return;
    const detail = { gate: step, eligible, required: request.requirement.minApprovals };
    turn.record({ type: 'note', code: UNSATISFIABLE, detail });
    dependencies.alarm(run, UNSATISFIABLE, detail);
  }

  /** The original's result that a leaf reuses, if it does, with its artifacts and value. */
  private async reuse(turn: TurnBuilder, step: StepId): Promise<InputEventBody> {
    const { answer, facts, value } = this.original?.takeOver(turn.results, step) ?? NO_REUSE;
    await this.means.values.adopt(answer.outputs, value);
    for (const fact of facts) turn.record(fact);
    turn.needs(answer.outputs);
    return { type: 'question.answered', step, question: 'reuse', answer };
  }
}

/** What this asks for may have killed the run's process, so it is not evaluated again. */
function unanswered({ step, question }: Extract<Command, { type: 'answer' }>): InputEventBody {
  const answer = { kind: 'fault', code: 'POISON', message: 'its run has killed its process' } as const;
  return { type: 'question.answered', step, question, answer };
}

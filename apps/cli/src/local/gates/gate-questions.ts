import type { Run } from '@taskrunner/client';
import { isOver } from '@taskrunner/core/foundation';
import { questionsUntil } from '../../decisions/question-until';
import { DECISIONS, decide, shownRequest } from '../../decisions/terminal-decision';
import { CannotDecide, objectionTo } from '../../decisions/may-decide';
import { askOutcome } from '../../decisions/outcomes';
import type { Server } from '../../server/server';
import { reportError } from '../../terminal/report-error';
import { safeLine } from '../../terminal/safe-text';
import type { Terminal } from '../../terminal/terminal';
import { isGate, type LocalDisplay } from '../local-display';

/** What a person at the terminal decides with. */
interface QuestionOptions {
  readonly terminal: Terminal;
  readonly display: Pick<LocalDisplay, 'keepBack' | 'caughtUp'>;
  /** The API, as the person who decides. */
  readonly server: Server;
  readonly runId: string;
  /** True: this person started the run, and cannot decide about its steps. */
  readonly isInitiator: boolean;
  /** The command with which this person goes on. */
  readonly resume: string;
  /** Called when the person leaves a gate or a step open. `lines`: what to say then. */
  readonly onLeft: (lines: readonly string[]) => void;
}

/** The gate at which a person is asked. */
interface Asked {
  readonly gateId: string;
  /** Ends the question. */
  readonly over: AbortController;
  /** True: the decision was sent, so the gate may be closed by it. */
  isDecided: boolean;
}

/** Asks the person at the terminal at the gates of a run, and about steps whose outcome is unknown, one after another. */
export class GateQuestions {
  private asked: Promise<void> = Promise.resolve();
  private current: Asked | null = null;
  private isLeft = false;
  private isOver = false;

  constructor(private readonly options: QuestionOptions) {}

  /** Called when the run waits at a gate. */
  open(gateId: string): void {
    this.asked = this.asked.then(() => (this.isLeft || this.isOver ? undefined : this.ask(gateId)));
  }

  /** Called when the run has changed. A question about a gate that no longer waits ends. */
  changed({ status, cancellation, waits }: Pick<Run, 'status' | 'cancellation' | 'waits'>): void {
    if (isOver(status) || cancellation !== null) this.end();
    else if (!waits.some((wait) => isGate(wait) && wait.id === this.current?.gateId)) this.endCurrent();
  }

  /** Ends the question and asks nothing more: the run ends. */
  end(): void {
    this.isOver = true;
    this.endCurrent();
  }

  /** The same, where the run is no longer followed. */
  stop(): void {
    this.isOver = true;
    this.current?.over.abort();
  }

  /** Called when the outcome of a step is unknown. */
  openStep(stepId: string): void {
    this.asked = this.asked.then(() => (this.isLeft || this.isOver ? undefined : this.askAbout(stepId)));
  }

  /** Resolves when nothing is asked any more. */
  idle(): Promise<void> {
    return this.asked;
  }

  private endCurrent(): void {
    const { current } = this;
    if (current === null || current.over.signal.aborted) return;
    current.over.abort();
    if (!current.isDecided && !this.isLeft)
      this.options.terminal.say(safeLine(`the question has ended: the gate ${current.gateId} no longer waits`));
  }

  private async ask(gateId: string): Promise<void> {
    const current: Asked = { gateId, over: new AbortController(), isDecided: false };
    this.current = current;
    try {
      await this.askAt(current);
    } catch (error) {
      if (current.over.signal.aborted && !current.isDecided) return;
      const isSelf = CannotDecide.is(error) && error.code === 'GATE_SELF_APPROVAL';
      if (isSelf) this.leaveToAnother([`${error.code} ${error.message}`, ...selfApprovalHelp()]);
      else {
        reportError(error, this.options.terminal);
        this.leave([]);
      }
    } finally {
      this.current = null;
    }
  }

  private async askAt(current: Asked): Promise<void> {
    const { display, server, runId } = this.options;
    const { gateId, over } = current;
    const terminal = questionsUntil(this.options.terminal, over.signal);
    // The log that has been written already would otherwise come between the request and the question.
    await display.caughtUp((await server.client.run(runId)).lastLine, over.signal);
    let lines: readonly string[] = [];
    const say = (): void => {
      for (const line of lines) terminal.say(line);
    };
    const release = display.keepBack(say);
    try {
      const [view, plan] = [await server.gate(runId, gateId), await server.plan(runId)];
      const gates = await server.gates(runId);
      if (view.status !== 'open' || over.signal.aborted) return;
      const { lines: request, ...shown } = shownRequest(view, plan, {
        withForm: true,
        columns: terminal.columns,
        gates,
      });
      lines = request;
      say();
      const objection = await objectionTo('approved', view, () => server.me());
      if (objection !== null) throw objection;
      const kind = await kindOf(terminal);
      if (over.signal.aborted) return;
      if (kind === null) return this.leave([]);
      const onSend = (): void => void (current.isDecided = true);
      const { receipt, notes } = await decide(kind, shown, {}, { server, terminal, onSend });
      const { approvals, required, status } = receipt;
      terminal.say(safeLine(`${kind.decision}: ${approvals} of ${required}, the gate is ${status}`));
      for (const note of notes) terminal.say(note);
      if (status === 'open') this.leaveToAnother([]);
    } finally {
      release();
    }
  }

  private async askAbout(stepId: string): Promise<void> {
    const { terminal, display, server, runId, isInitiator } = this.options;
    if (isInitiator) return this.leaveToAnother(['Who started the run cannot decide what the step did.']);
    const release = display.keepBack(() => undefined);
    try {
      if (!(await askOutcome({ server, terminal, runId, stepId }))) this.leave([]);
    } catch (error) {
      reportError(error, terminal);
      this.leave([]);
    } finally {
      release();
    }
  }

  /** The gate or the step needs another person. */
  private leaveToAnother(lines: readonly string[]): void {
    this.leave([...lines, anotherHelp(this.options.runId)]);
  }

  private leave(lines: readonly string[]): void {
    this.isLeft = true;
    const { resume, onLeft } = this.options;
    onLeft(lines.length > 0 ? lines : [`help: Go on with: ${resume}`]);
  }
}

async function kindOf(terminal: Terminal): Promise<(typeof DECISIONS)[number] | null> {
  for (;;) {
    const answer = await terminal.ask('approve, reject or later? ');
    if (answer === null || answer.trim() === 'later') return null;
    const kind = DECISIONS.find(({ name }) => name === answer.trim());
    if (kind !== undefined && kind.name !== 'withdraw') return kind;
  }
}

function anotherHelp(runId: string): string {
  return `help: Another person of this account decides with: taskrunner run --resume ${runId} --as NAME. The evidence states that both are local.`;
}

function selfApprovalHelp(): readonly string[] {
  return [
    'help: Whoever starts a run may approve it if both allow it when it starts: allowSelfApproval: true of the approval in the pack, and TASKRUNNER_APPROVALS_FLOOR_SELF_APPROVAL=true.',
  ];
}

/** How to go on with a run that waits where there is no terminal: with another person if the one who started it cannot decide. */
export async function waitingHelp(server: Server, { runId, waits }: Pick<Run, 'runId' | 'waits'>): Promise<string> {
  const gates = waits.flatMap((wait) => (isGate(wait) && wait.id !== null ? [wait.id] : []));
  const isSelf = async (gateId: string): Promise<boolean> =>
    (await server.gate(runId, gateId)).why === 'GATE_SELF_APPROVAL';
  // The run does not depend on this hint.
  const refused = await Promise.all(gates.map((gateId) => isSelf(gateId).catch(() => false)));
  return refused.includes(true)
    ? `help: Whoever started the run cannot decide. Go on as another person of this account, at a terminal, with: taskrunner run --resume ${runId} --as NAME`
    : `help: Go on, at a terminal, with: taskrunner run --resume ${runId}`;
}

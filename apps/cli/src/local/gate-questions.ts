import { DECISIONS, decide, shownRequest } from '../decisions/terminal-decision';
import { CannotDecide, objectionTo } from '../decisions/may-decide';
import { askOutcome } from '../decisions/outcomes';
import type { Server } from '../server/server';
import { reportError } from '../terminal/report-error';
import type { RunDisplay } from '../terminal/run-display';
import { safeLine } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';

/** What a person at the terminal decides with. */
interface QuestionOptions {
  readonly terminal: Terminal;
  readonly display: RunDisplay;
  /** The API, as the person who decides. */
  readonly server: Server;
  readonly runId: string;
  /** True: this person started the run, and cannot decide about its steps. */
  readonly isInitiator: boolean;
  /** Called when the person leaves a gate or a step open. `lines`: what to say then. */
  readonly onLeft: (lines: readonly string[]) => void;
}

/** Asks the person at the terminal at the gates of a run, and about steps whose outcome is unknown, one after another. */
export class GateQuestions {
  private asked: Promise<void> = Promise.resolve();
  private isLeft = false;

  constructor(private readonly options: QuestionOptions) {}

  /** Called when the run waits at a gate. */
  open(gateId: string): void {
    this.asked = this.asked.then(() => (this.isLeft ? undefined : this.ask(gateId)));
  }

  /** Called when the outcome of a step is unknown. */
  openStep(stepId: string): void {
    this.asked = this.asked.then(() => (this.isLeft ? undefined : this.askAbout(stepId)));
  }

  /** Resolves when nothing is asked any more. */
  idle(): Promise<void> {
    return this.asked;
  }

  private async ask(gateId: string): Promise<void> {
    const { terminal, display, server, runId } = this.options;
    const release = display.hold?.() ?? (() => undefined);
    try {
      const [view, plan] = [await server.gate(runId, gateId), await server.plan(runId)];
      if (view.status !== 'open') return;
      const { lines, ...shown } = shownRequest(view, plan, { withForm: true, columns: terminal.columns });
      for (const line of lines) terminal.say(line);
      const objection = await objectionTo('approved', view, async () => (await server.me()).person);
      if (objection !== null) throw objection;
      const kind = await this.kindOf();
      if (kind === null) return this.leave([]);
      const { receipt, notes } = await decide(kind, shown, {}, { server, terminal });
      const { approvals, required, status } = receipt;
      terminal.say(safeLine(`${kind.decision}: ${approvals} of ${required}, the gate is ${status}`));
      for (const note of notes) terminal.say(note);
      if (status === 'open') this.leaveToAnother([]);
    } catch (error) {
      const isSelf = CannotDecide.is(error) && error.code === 'GATE_SELF_APPROVAL';
      if (isSelf) this.leaveToAnother([`${error.code} ${error.message}`]);
      else {
        reportError(error, terminal);
        this.leave([]);
      }
    } finally {
      release();
    }
  }

  private async askAbout(stepId: string): Promise<void> {
    const { terminal, display, server, runId, isInitiator } = this.options;
    if (isInitiator) return this.leaveToAnother(['Who started the run cannot decide what the step did.']);
    const release = display.hold?.() ?? (() => undefined);
    try {
      if (!(await askOutcome({ server, terminal, runId, stepId }))) this.leave([]);
    } catch (error) {
      reportError(error, terminal);
      this.leave([]);
    } finally {
      release();
    }
  }

  private async kindOf(): Promise<(typeof DECISIONS)[number] | null> {
    for (;;) {
      const answer = await this.options.terminal.ask('approve, reject or later? ');
      if (answer === null || answer.trim() === 'later') return null;
      const kind = DECISIONS.find(({ name }) => name === answer.trim());
      if (kind !== undefined && kind.name !== 'withdraw') return kind;
    }
  }

  /** The gate or the step needs another person. */
  private leaveToAnother(lines: readonly string[]): void {
    const { runId } = this.options;
    this.leave([
      ...lines,
      `help: Another person of this account decides with: taskrunner run --resume ${runId} --as NAME. The evidence states that both are local.`,
    ]);
  }

  private leave(lines: readonly string[]): void {
    this.isLeft = true;
    const { runId, onLeft } = this.options;
    onLeft(lines.length > 0 ? lines : [`help: Go on with: taskrunner run --resume ${runId}`]);
  }
}

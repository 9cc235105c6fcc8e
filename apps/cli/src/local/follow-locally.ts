import type { Run } from '@taskrunner/client';
import { isOver } from '@taskrunner/core/foundation';
import { isCancelMeant } from '../terminal/cancel-question';
import { followRun } from '../server/follow-run';
import { requestCancel } from '../server/request-cancel';
import { CliError } from '../terminal/cli-error';
import { EXIT, exitOfRun, type ExitCode } from '../terminal/exit-code';
import { Interrupts } from '../terminal/interrupts';
import type { RunDisplay } from '../terminal/run-display';
import type { Terminal } from '../terminal/terminal';
import { GateQuestions, waitingHelp } from './gates/gate-questions';
import { isGate, LocalDisplay } from './local-display';
import type { LocalStack } from './local-stack';
import { resumeCommand } from './resume-command';
import type { Server } from '../server/server';

const CANCELLED_HERE = 'cancelled from the command line';

/** A run that this process executes. */
interface FollowedLocally {
  readonly stack: LocalStack;
  /** The API, as the person who decides at gates. */
  readonly decider: Server;
  /** Their name, if it is another person than the one who runs the command. */
  readonly as: string | null;
  readonly runId: string;
  readonly display: RunDisplay;
  readonly terminal: Terminal;
  /** True: stdout is for a program. */
  readonly isForPrograms: boolean;
  readonly until: 'end' | 'attention';
  /** True: the cancellation of the run was requested, so it ends without a person. */
  readonly isCancelled: boolean;
  /** Called with the run whenever it has changed. */
  readonly onChange: (run: Run) => void;
}

/** How following ended. */
interface FollowedEnd {
  readonly exit: ExitCode;
  readonly isOver: boolean;
}

/** Follows a run that this process executes, and asks at its gates if there is a terminal. Ctrl-C interrupts the run, which can be resumed. */
export async function followLocally(followed: FollowedLocally): Promise<FollowedEnd> {
  const { stack, decider, as, runId, display: inner, terminal, isForPrograms, until, isCancelled, onChange } = followed;
  const leave = new AbortController();
  const over = new AbortController();
  let left: readonly string[] | null = null;
  const canAsk = terminal.canAsk === true && !isForPrograms && until === 'end' && !isCancelled;
  let refused: CliError | null = null;
  const display = new LocalDisplay(inner, isForPrograms, (wait) => {
    if (isGate(wait) && wait.id !== null && canAsk) questions.open(wait.id);
    if (wait.kind === 'attention' && wait.id !== null && canAsk) questions.openStep(wait.id);
    if (wait.kind !== 'environment') return;
    // The worker of this process is the only one, so the run would wait for ever.
    refused = unmatched(runId, wait.id);
    leave.abort();
  });
  const questions = new GateQuestions({
    ...{ terminal, server: decider, runId, display },
    isInitiator: decider === stack.server,
    resume: resumeCommand(runId, as),
    onLeft: (lines) => {
      left = lines;
      leave.abort();
    },
  });
  const signals = ['SIGTERM', 'SIGHUP'] as const;
  const stopped = (): void => leave.abort();
  for (const signal of signals) process.on(signal, stopped);
  const resume = `help: Go on with: ${resumeCommand(runId, as)}`;
  const interrupts = new Interrupts({
    onFirst: () =>
      display.notice(
        `Press Ctrl-C again within 2 seconds to ${terminal.isInteractive ? 'be asked whether to cancel' : 'cancel'} the run. Otherwise it is interrupted.`,
      ),
    onDetach: () => leave.abort(),
    onSecond: () => {
      const cancel = async (): Promise<void> => {
        if (!(await isCancelMeant(runId, terminal, display, over.signal))) return interrupts.reset();
        await requestCancel(() => stack.server.client.cancel(runId, { reason: CANCELLED_HERE }), { runId, terminal });
      };
      void cancel();
    },
    onThird: () => leave.abort(),
  });
  try {
    const run = await followRun({
      ...{ server: stack.server, runId, display, isInteractive: terminal.isInteractive },
      until: canAsk || isCancelled ? 'end' : 'attention',
      signal: leave.signal,
      onEnd: () => questions.end(),
      onChange: (changed) => {
        questions.changed(changed);
        onChange(changed);
      },
    });
    over.abort();
    await questions.idle();
    if (run.status === 'halted') {
      terminal.say('the run was halted: it does not go on');
      terminal.say(`help: Delete it with: taskrunner forget ${runId} --force. Then start it again.`);
      return { exit: EXIT.FAILED, isOver: false };
    }
    if (isOver(run.status)) return { exit: exitOfRun(run.status, run.error), isOver: true };
    terminal.say(`the run waits for a person, and there is no terminal to ask at`);
    // Who started the run cannot say what a step did.
    const isUnknown = run.waits.some(({ kind }) => kind === 'attention');
    terminal.say(
      isUnknown
        ? `help: Go on with: ${resumeCommand(runId, 'NAME')}, at a terminal, as another local person`
        : await waitingHelp(decider, run),
    );
    return { exit: EXIT.WAITS_FOR_PERSON, isOver: false };
  } catch (error) {
    if (!leave.signal.aborted) throw error;
    if (refused !== null) throw refused as CliError;
    if (left !== null) {
      for (const line of left as readonly string[]) terminal.say(line);
      return { exit: EXIT.WAITS_FOR_PERSON, isOver: false };
    }
    terminal.say('interrupted; the run can be resumed');
    terminal.say(resume);
    return { exit: EXIT.INTERRUPTED, isOver: false };
  } finally {
    over.abort();
    questions.stop();
    interrupts.close();
    for (const signal of signals) process.off(signal, stopped);
  }
}

/** `what`: what of the environment this machine lacks. */
function unmatched(runId: string, what: string | null): CliError {
  return new CliError(
    'CLI_SANDBOX_MISSING',
    `this machine cannot execute the run as it was planned: ${what ?? 'its environment'}`,
    `Check bubblewrap and the variables that begin with TASKRUNNER_. Then go on with: taskrunner run --resume ${runId}`,
  );
}

import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packFilesOf, type PackSource } from '@taskrunner/core/operations';
import { readPack } from '@taskrunner/core/pack';
import { fileName, save } from '../server/download';
import { isRefusal } from '../server/failure';
import type { RunView } from '../server/run-views';
import type { Server } from '../server/server';
import { CliError } from '../terminal/cli-error';
import { EXIT, type ExitCode } from '../terminal/exit-code';
import type { RunDisplay } from '../terminal/run-display';
import { quoted } from '../terminal/run-lines';
import type { Terminal } from '../terminal/terminal';
import { followLocally } from './follow-locally';
import { localPerson, localUser } from './local-authority';
import {
  makeRunFolder,
  openLocalFolder,
  readFacts,
  recordedRuns,
  removeRunFolder,
  writeFacts,
  type LocalFolder,
  type RunFacts,
  type RunFolder,
} from './local-folder';
import { startLocalStack, type LocalStack } from './local-stack';

/** Seals are made within this time after the end, milliseconds. */
const SEAL_MS = 60_000;
const SEAL_LOOK_MS = 50;

/** A command that runs a pack in this process. */
interface LocalRun {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly display: RunDisplay;
  readonly isForPrograms: boolean;
  readonly until: 'end' | 'attention';
  /** The second person who decides at gates; undefined: the person who runs the command. */
  readonly as: string | undefined;
  readonly keep: boolean;
  /** Where the evidence is written; undefined: `<run>.evidence.tar` in the working directory. */
  readonly evidence: string | undefined;
}

/** A pack to run. */
interface NewRun {
  readonly argument: string;
  /** Null: a published pack. */
  readonly source: PackSource | null;
  readonly submit: (server: Server) => Promise<RunView>;
}

/** Runs a pack in this process, from its plan to its evidence. */
export async function runLocally(run: LocalRun, { argument, source, submit }: NewRun): Promise<ExitCode> {
  const person = personOf(run.as);
  const local = await openLocalFolder(run.env);
  const folder = await makeRunFolder(local);
  const facts: RunFacts = {
    ...{ runId: null, pack: source === null ? argument : resolve(argument), grants: grantsOf(source) },
    ...{ startedAt: new Date().toISOString(), keep: run.keep, isOver: false },
  };
  return inStack(run, { local, folder, facts }, async (stack) => {
    const accepted = await submit(stack.server);
    await writeFacts(folder, { ...facts, runId: accepted.runId });
    run.display.accepted(accepted);
    return follow(run, stack, person, accepted.runId);
  });
}

/** Goes on with a run that was interrupted. `named`: its id or the beginning of it; null: the newest one, of this pack if one is named. */
export async function resumeLocally(run: LocalRun, named: string | null, pack: string | null): Promise<ExitCode> {
  const person = personOf(run.as);
  const local = await openLocalFolder(run.env);
  const { folder, facts, runId } = await interrupted(local, named, pack);
  return inStack(run, { local, folder, facts: { ...facts, keep: facts.keep || run.keep } }, async (stack) => {
    run.display.accepted(await stack.server.client.run(runId));
    return follow(run, stack, person, runId);
  });
}

function personOf(as: string | undefined): string {
  const name = as ?? localUser();
  localPerson(name);
  return name;
}

/** The grants that a pack asks for. Faults of the pack are reported by its submission. */
function grantsOf(source: PackSource | null): readonly string[] {
  const reading = source === null ? null : readPack(source.manifest, packFilesOf(source.files));
  if (reading === null || reading.kind !== 'read') return [];
  return [...new Set(reading.pack.spec.approvals.flatMap(({ grants }) => grants))];
}

/** Signals while the product starts: what has started is stopped first, so that no database server is left. */
class StartSignals {
  isInterrupted = false;

  constructor() {
    for (const signal of STOPPING) process.on(signal, this.interrupted);
  }

  close(): void {
    for (const signal of STOPPING) process.off(signal, this.interrupted);
  }

  private readonly interrupted = (): void => {
    this.isInterrupted = true;
  };
}

const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface Place {
  readonly local: LocalFolder;
  readonly folder: RunFolder;
  readonly facts: RunFacts;
}

/** Starts the product for a run. Its folder stays if the run can be resumed or is to be kept. */
async function inStack(
  { env }: LocalRun,
  { local, folder, facts }: Place,
  work: (stack: LocalStack) => Promise<{ readonly exit: ExitCode; readonly isOver: boolean }>,
): Promise<ExitCode> {
  let stack: LocalStack | null = null;
  const starting = new StartSignals();
  try {
    stack = await startLocalStack({ local, folder, env, grants: facts.grants });
    starting.close();
    if (starting.isInterrupted) {
      await stack.close();
      if (facts.runId === null) await removeRunFolder(folder);
      return EXIT.INTERRUPTED;
    }
    const { exit, isOver } = await work(stack);
    await stack.close();
    const last = (await readFacts(folder)) ?? facts;
    if (isOver && !facts.keep) await removeRunFolder(folder);
    else await writeFacts(folder, { ...last, keep: facts.keep, isOver });
    return exit;
  } catch (error) {
    starting.close();
    await stack?.close();
    // Nothing can be resumed of what was never accepted.
    const last = await readFacts(folder);
    if (last?.runId == null) await removeRunFolder(folder);
    throw error;
  }
}

async function follow(
  run: LocalRun,
  stack: LocalStack,
  person: string,
  runId: string,
): Promise<{ readonly exit: ExitCode; readonly isOver: boolean }> {
  const { terminal, display, isForPrograms, until } = run;
  const decider = person === localUser() ? stack.server : stack.serverAs(person);
  const end = await followLocally({ stack, decider, runId, display, terminal, isForPrograms, until });
  if (!end.isOver) return end;
  const file = run.evidence ?? `${fileName(runId)}.evidence.tar`;
  await writeEvidence(stack.server, runId, file);
  terminal.say(`evidence ${file}`);
  terminal.say(
    `help: Verify it with: taskrunner verify ${quoted(file)} --trust ${quoted(stack.trustFile)} --allow-local --expect run=${runId}`,
  );
  return end;
}

/** Evidence is sealed after the end of a run. */
async function writeEvidence(server: Server, runId: string, file: string): Promise<void> {
  const deadline = Date.now() + SEAL_MS;
  for (;;) {
    try {
      await save(await server.evidence(runId), file, null);
      return;
    } catch (error) {
      if (!isRefusal(error) || error.code !== 'EVIDENCE_NOT_SEALED' || Date.now() >= deadline) throw error;
    }
    await delay(SEAL_LOOK_MS);
  }
}

/** Throws `CLI_RUN_NOT_FOUND` and `CLI_RUN_AMBIGUOUS`. */
async function interrupted(
  local: LocalFolder,
  named: string | null,
  pack: string | null,
): Promise<{ readonly folder: RunFolder; readonly facts: RunFacts; readonly runId: string }> {
  const all = (await recordedRuns(local)).flatMap(({ folder, facts }) =>
    facts.runId === null || facts.isOver ? [] : [{ folder, facts, runId: facts.runId }],
  );
  const ofPack = all.filter(({ facts }) => pack === null || facts.pack === pack || facts.pack === resolve(pack));
  const found = named === null ? ofPack.slice(0, 1) : all.filter(({ runId }) => isNamed(runId, named));
  const [first, second] = found;
  if (second !== undefined)
    throw new CliError(
      'CLI_RUN_AMBIGUOUS',
      `${named} matches several runs: ${found.map(({ runId }) => runId).join(', ')}`,
      'Write more characters of the id.',
    );
  if (first !== undefined) return first;
  throw new CliError(
    'CLI_RUN_NOT_FOUND',
    named === null ? 'there is no interrupted run' : `${named} is no interrupted run of this account`,
    all.length === 0
      ? 'Start a run with: taskrunner run PACK'
      : `Interrupted runs: ${all.map(({ runId }) => runId).join(', ')}.`,
  );
}

function isNamed(runId: string, named: string): boolean {
  return runId === named || runId.startsWith(named) || runId.startsWith(`run_${named}`);
}

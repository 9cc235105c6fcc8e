import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Run } from '@taskrunner/client';
import { packFilesOf, type PackSource, type RerunLink } from '@taskrunner/core/operations';
import { readPack } from '@taskrunner/core/pack';
import { livingOwner } from '@taskrunner/infrastructure/embedded-postgres';
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
import { keepFiles, keptRequest, REQUEST, type SubmittedRequest } from './kept-request';
import { archiveRun, removeDocuments, writeDocuments, writePrivately } from './kept-run';
import { keptSettings, resumedVariables } from './kept-settings';
import {
  liveRuns,
  makeRunFolder,
  openLocalFolder,
  removeRunFolder,
  type LiveRun,
  type LocalFolder,
} from './local-folder';
import { localPerson, localUser } from './local-person';
import { startLocalStack, type LocalStack, type LocalStackOptions } from './local-stack';
import { resumeCommand, waitsForPerson } from './resume-command';
import { RunRecord } from './run-record';

/** Seals are made within this time after the end, milliseconds. */
const SEAL_MS = 60_000;
const SEAL_LOOK_MS = 20;
/** The database of the next run is prepared after this time, or at the end of a shorter run, milliseconds: not while the first steps start. */
const PREPARE_MS = 1_000;

/** A command that runs a pack in this process. */
export interface LocalRun {
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

/** What a pack asks for that is decided before it is submitted. */
interface PackNeeds {
  /** The people of the run have these grants. */
  readonly grants: readonly string[];
  /** True: sealed mode, or that is not known yet. */
  readonly isSealed: boolean;
}

/** A pack to run. */
interface NewRun {
  /** The pack as the command line named it; a path is absolute. */
  readonly pack: string;
  readonly needs: PackNeeds;
  /** The original of a rerun; null: the run is none. */
  readonly original: RerunLink | null;
  /** `recordRequest`: called with what is submitted, before it is. */
  readonly submit: (server: Server, recordRequest: (request: SubmittedRequest) => Promise<void>) => Promise<RunView>;
}

/** Runs a pack in this process, from its plan to its evidence. */
export async function runLocally(run: LocalRun, { pack, needs, original, submit }: NewRun): Promise<ExitCode> {
  const person = personOf(run.as);
  const settings = keptSettings(run.env);
  const local = await openLocalFolder(run.env);
  const folder = await makeRunFolder(local);
  const startedAt = new Date().toISOString();
  const record = new RunRecord(folder, {
    runId: null,
    pack,
    ...needs,
    settings,
    startedAt,
    socket: null,
    keep: run.keep,
    evidence: run.evidence === undefined ? null : resolve(run.evidence),
    run: null,
  });
  return inStack(run, { local, record, original, before: null }, async (stack, starting) => {
    const submitting = submit(stack.server, async (request) => {
      const kept = keptRequest(request, { pack, ...needs, hasFiles: run.keep });
      await keepFiles(folder.path, kept.files, ({ digest }) => pathOf(request, digest));
      await writePrivately(join(folder.path, REQUEST), kept);
    });
    // Planning can take long, and a submission that was interrupted would be repeated.
    const accepted = await Promise.race([submitting, starting.interrupted]);
    const { runId } = accepted;
    await record.note({ runId, run: accepted as Run, socket: stack.socket });
    run.display.accepted(accepted);
    return follow(run, starting, { stack, local, record, person, runId, isCancelled: false });
  });
}

/**
 * Goes on with a run that was interrupted. `named`: its id or the beginning of it; null: the newest one, of this pack if one is named. `before`:
 * called with the API before steps can start.
 */
export async function resumeLocally(
  run: LocalRun,
  named: string | null,
  pack: string | null,
  before: ((server: Server, runId: string) => Promise<void>) | null = null,
): Promise<ExitCode> {
  const person = personOf(run.as);
  const local = await openLocalFolder(run.env);
  const { folder, facts, runId } = await interrupted(local, named, pack);
  const env = resumedVariables(run.env, facts.settings, runId);
  const evidence = run.evidence === undefined ? (facts.evidence ?? null) : resolve(run.evidence);
  const record = new RunRecord(folder, { ...facts, keep: facts.keep || run.keep, evidence });
  const prepare = before === null ? null : (server: Server) => before(server, runId);
  return inStack({ ...run, env }, { local, record, original: null, before: prepare }, async (stack, starting) => {
    await removeDocuments(folder);
    const current = await stack.server.client.run(runId);
    await record.note({ run: current, socket: stack.socket });
    run.display.accepted(current);
    return follow(run, starting, { stack, local, record, person, runId, isCancelled: current.cancellation !== null });
  });
}

function pathOf({ files }: SubmittedRequest, digest: string): string {
  return files.find((file) => file.digest === digest)?.path ?? '';
}

function personOf(as: string | undefined): string {
  const name = as ?? localUser();
  localPerson(name);
  return name;
}

/** What a pack asks for; null: it is a published one. Faults of the pack are reported by its submission. */
export function needsOf(source: PackSource | null): PackNeeds {
  const reading = source === null ? null : readPack(source.manifest, packFilesOf(source.files));
  if (reading === null || reading.kind !== 'read') return { grants: [], isSealed: true };
  const { approvals, sandbox } = reading.pack.spec;
  return { grants: [...new Set(approvals.flatMap(({ grants }) => grants))], isSealed: sandbox.mode === 'sealed' };
}

/** Signals until the run is followed: what has started is stopped first, so that no database server and no folder is left. */
class StartSignals {
  isInterrupted = false;
  /** Rejects at the first signal. */
  readonly interrupted: Promise<never>;
  private reject: (reason: Error) => void = () => undefined;

  constructor() {
    this.interrupted = new Promise((_, reject) => (this.reject = reject));
    this.interrupted.catch(() => undefined);
    for (const signal of STOPPING) process.on(signal, this.interrupt);
  }

  close(): void {
    for (const signal of STOPPING) process.off(signal, this.interrupt);
  }

  private readonly interrupt = (): void => {
    this.isInterrupted = true;
    this.reject(new Error('interrupted'));
  };
}

const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface Place {
  readonly local: LocalFolder;
  readonly record: RunRecord;
}

/** Starts the product for a run. The folder of the run stays if the run can be resumed. */
async function inStack(
  { env, terminal, as }: LocalRun,
  { local, record, original, before }: Place & Pick<LocalStackOptions, 'original' | 'before'>,
  work: (stack: LocalStack, starting: StartSignals) => Promise<{ readonly exit: ExitCode; readonly isOver: boolean }>,
): Promise<ExitCode> {
  const { folder } = record;
  const { grants, isSealed = true } = record.facts;
  let stack: LocalStack | null = null;
  const starting = new StartSignals();
  try {
    stack = await startLocalStack({ local, folder, env, grants, isSealed, before, original });
    if (starting.isInterrupted) throw new Error('interrupted');
    const { exit, isOver } = await work(stack, starting);
    // A further signal ends the process.
    starting.close();
    await stack.close();
    await record.idle();
    if (isOver) await removeRunFolder(folder);
    return exit;
  } catch (error) {
    starting.close();
    await stack?.close();
    await record.idle();
    const { runId } = record.facts;
    // Nothing can be resumed of what was never accepted.
    if (runId === null) await removeRunFolder(folder);
    if (!starting.isInterrupted) throw error;
    if (runId === null) terminal.say('interrupted before the run was accepted; nothing is left of it');
    else sayResumable(terminal, runId, as ?? null);
    return EXIT.INTERRUPTED;
  }
}

/** A run that is followed. */
interface Followed extends Place {
  readonly stack: LocalStack;
  readonly person: string;
  readonly runId: string;
  readonly isCancelled: boolean;
}

function sayResumable(terminal: Terminal, runId: string, as: string | null): void {
  terminal.say('interrupted; the run can be resumed');
  terminal.say(`help: Go on with: ${resumeCommand(runId, as)}`);
}

/** From here on, following handles signals. One that came before is a first Ctrl-C: the run is interrupted. */
async function follow(
  run: LocalRun,
  starting: StartSignals,
  { stack, local, record, person, runId, isCancelled }: Followed,
): Promise<{ readonly exit: ExitCode; readonly isOver: boolean }> {
  const { terminal, display, isForPrograms, until } = run;
  const { server } = stack;
  if (starting.isInterrupted) {
    await noteState(server, record, runId);
    sayResumable(terminal, runId, run.as ?? null);
    return { exit: EXIT.INTERRUPTED, isOver: false };
  }
  const decider = person === localUser() ? server : stack.serverAs(person);
  const onChange = (changed: Run): void => record.noteRun(changed);
  const how = { display, terminal, isForPrograms, until, isCancelled, onChange };
  const preparing = setTimeout(() => stack.prepareNext(), PREPARE_MS).unref();
  const as = decider === server ? null : person;
  starting.close();
  const end = await followLocally({ stack, decider, as, runId, ...how }).finally(() => clearTimeout(preparing));
  if (!end.isOver) {
    await noteState(server, record, runId);
    return end;
  }
  stack.prepareNext();
  const file = run.evidence ?? record.facts.evidence ?? `${fileName(runId)}.evidence.tar`;
  await writeEvidence(server, runId, file);
  if (record.facts.keep) await archiveRun(local, record.folder, server, runId);
  terminal.say(`evidence ${file}`);
  terminal.say(
    `help: Verify it with: taskrunner verify ${quoted(file)} --trust ${quoted(stack.trustFile)} --allow-local --expect run=${runId}`,
  );
  if (record.facts.keep) terminal.say(`help: The run is kept. Delete it with: taskrunner forget ${runId}`);
  return end;
}

/** Writes what `show` and `logs` print of a run that can be resumed. The run does not depend on it. */
async function noteState(server: Server, record: RunRecord, runId: string): Promise<void> {
  try {
    await record.note({ run: await server.client.run(runId) });
    await writeDocuments(server, runId, record.folder.path);
  } catch {
    await removeDocuments(record.folder).catch(() => undefined);
  }
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

/** Throws `CLI_RUN_NOT_FOUND`, `CLI_RUN_AMBIGUOUS`, and `CLI_RUN_UNFINISHED` if another process executes it. */
async function interrupted(local: LocalFolder, named: string | null, pack: string | null): Promise<LiveRun> {
  const all = await liveRuns(local.runs, await readdir(local.runs));
  const ofPack = all.filter(({ facts }) => pack === null || facts.pack === pack || facts.pack === resolve(pack));
  const found = named === null ? await newestFree(ofPack) : all.filter(({ runId }) => isNamed(runId, named));
  const [first, second] = found;
  const ofThis = pack === null ? '' : ` of ${pack}`;
  if (second !== undefined)
    throw new CliError(
      'CLI_RUN_AMBIGUOUS',
      `${named} matches several runs: ${found.map(({ runId }) => runId).join(', ')}`,
      'Write more characters of the id.',
    );
  if (first !== undefined) {
    const owner = await livingOwner(first.folder.storage);
    if (owner !== null) throw openElsewhere(first.runId, owner.pid);
    return first;
  }
  throw new CliError(
    'CLI_RUN_NOT_FOUND',
    named === null ? `there is no interrupted run${ofThis}` : `${named} is no interrupted run of this account`,
    all.length === 0
      ? 'Start a run with: taskrunner run PACK'
      : `Interrupted runs: ${all.map(({ runId }) => runId).join(', ')}.`,
  );
}

/** The newest run that no process executes, first of those that wait for nobody; if there is none, the newest one. */
async function newestFree(runs: readonly LiveRun[]): Promise<readonly LiveRun[]> {
  const waiting = runs.filter(({ facts: { run } }) => run !== null && waitsForPerson(run));
  for (const run of [...runs.filter((one) => !waiting.includes(one)), ...waiting])
    if ((await livingOwner(run.folder.storage)) === null) return [run];
  return runs.slice(0, 1);
}

function openElsewhere(runId: string, pid: number): CliError {
  return new CliError(
    'CLI_RUN_UNFINISHED',
    `${runId} is open in another terminal (process ${pid})`,
    `Answer its questions there. To go on here, press Ctrl-C there first. Then use: taskrunner run --resume ${runId}`,
  );
}

function isNamed(runId: string, named: string): boolean {
  return runId === named || runId.startsWith(named) || runId.startsWith(`run_${named}`);
}

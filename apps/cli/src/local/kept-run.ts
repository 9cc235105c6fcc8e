import { createWriteStream } from 'node:fs';
import { chmod, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Artifact, Graph, Run, Step } from '@taskrunner/client';
import { canonical } from '@taskrunner/core/canonical';
import type { Json } from '@taskrunner/core/foundation';
import { readJsonFile } from '../dev/state-directory';
import { save } from '../server/download';
import type { RunGateView } from '../server/run-views';
import type { Server } from '../server/server';
import { keepFiles, keptFile, REQUEST, type KeptRequest } from './kept-request';
import { claimPlace, RECORD, type LocalFolder, type RunFolder } from './local-folder';

const FORMAT = 'taskrunner.kept-run.v1';
export const DOCUMENTS = 'documents.json';
export const LOG = 'log.ndjson';
export const EVIDENCE = 'evidence.tar';

/** The record of a kept run that has ended. */
interface ArchivedRun {
  readonly format: typeof FORMAT;
  readonly run: Run;
}

/** What commands show of a run besides its record, as the API answered it. */
export interface KeptDocuments {
  readonly steps: readonly Step[];
  readonly gates: readonly RunGateView[];
  readonly graph: Graph;
  /** Their bytes are in the evidence, as far as it carries them. Absent: an earlier version kept the run. */
  readonly artifacts?: readonly Artifact[];
}

/** True if the record is that of an archive that this version reads. */
export function isArchivedRun(record: unknown): record is ArchivedRun {
  const { format, run } = (record ?? {}) as Partial<ArchivedRun>;
  return format === FORMAT && typeof run === 'object';
}

/** Writes what commands show of a run, and its log. */
export async function writeDocuments(server: Server, runId: string, folder: string): Promise<void> {
  const documents: KeptDocuments = {
    steps: await server.steps(runId, Infinity),
    gates: await server.gates(runId),
    graph: await server.graph(runId),
    artifacts: await server.artifacts(runId),
  };
  await writePrivately(join(folder, DOCUMENTS), documents);
  await pipeline(Readable.from(logOf(server, runId)), createWriteStream(join(folder, LOG), { mode: 0o600 }));
}

/** Deletes what `writeDocuments` has written, because the run goes on. */
export async function removeDocuments({ path }: RunFolder): Promise<void> {
  for (const name of [DOCUMENTS, LOG]) await rm(join(path, name), { force: true });
}

/** Writes a document as canonical JSON, for this account only. */
export async function writePrivately(path: string, document: object): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(canonical(document as unknown as Json));
  } finally {
    await file.close();
  }
}

async function* logOf(server: Server, runId: string): AsyncGenerator<string> {
  for await (const line of server.client.followLogs(runId, { follow: false }))
    if (line.eventType === 'step.log') yield `${canonical(line)}\n`;
}

/**
 * Writes the archive of a run that has ended: its evidence, what commands show of it, and its request. It appears whole and durably under the
 * id of the run, or not at all. The folder with the database may be deleted then.
 */
export async function archiveRun({ runs }: LocalFolder, live: RunFolder, server: Server, runId: string): Promise<void> {
  const draft = join(runs, `${runId}.${process.pid}.new`);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await writeDocuments(server, runId, draft);
  await save(await server.evidence(runId), join(draft, EVIDENCE), null);
  const request = await readJsonFile<KeptRequest>(join(live.path, REQUEST));
  if (request !== null) {
    await writePrivately(join(draft, REQUEST), request);
    await keepFiles(draft, request.files, (file) => keptFile(live.path, file));
  }
  const run = await server.client.run(runId);
  await writePrivately(join(draft, RECORD), { format: FORMAT, run } satisfies ArchivedRun);
  await secure(draft);
  await claimPlace(draft, join(runs, runId));
  await sync(runs);
}

/** Makes all files of a folder durable and accessible to this account only. */
async function secure(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if ((await stat(path)).isDirectory()) await secure(path);
    else {
      await chmod(path, 0o600);
      await sync(path);
    }
  }
  await sync(folder);
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

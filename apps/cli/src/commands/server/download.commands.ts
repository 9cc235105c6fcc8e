import { numberOf } from '../number-option';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isOver } from '@taskrunner/core/foundation';
import type { Command } from 'commander';
import { connect, withConnection } from '../../server/connection';
import { isRefusal } from '../../server/failure';
import type { Server } from '../../server/server';
import { runIdOf } from '../../server/run-argument';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import { ARTIFACT_COLUMNS } from '../../lists/list-columns';
import type { Context } from '../context';
import { printAs, printList, withOutput, type ServerOptions } from '../options';
import { makeFolders } from '@taskrunner/infrastructure/files';
import { refuseNoFile } from '../../files/special-file';

/** Commands that download bytes: artifacts, evidence. */
export function registerDownloads(program: Command, context: Context): void {
  withConnection(withOutput(program.command('artifacts <run>')))
    .description('list the artifacts of a run and their digests, or download them')
    .option('--download <folder>', 'write the artifacts to this folder as <step>/<file>, and check each digest')
    .action((named: string, options: ServerOptions & { readonly download?: string }) =>
      context.run(async () => {
        const server = await connect(options, context.env);
        const runId = await runIdOf(server, named);
        const artifacts = await server.artifacts(runId);
        printList(context, options, { items: artifacts, columns: ARTIFACT_COLUMNS, none: 'the run has no artifacts' });
        for (const { artifactId, step, name, path, digest } of artifacts) {
          if (options.download === undefined) break;
          const target = join(options.download, fileName(step), fileName(basename(path) || name));
          await save(await server.artifact(runId, artifactId), target, digest);
        }
        return EXIT.OK;
      }),
    );
  withConnection(withOutput(program.command('evidence <run>')))
    .description('download the signed evidence bundle of an ended run as a tar file')
    .option('--file <path>', 'file to write (default: <run>.evidence.tar)')
    .option('--wait <seconds>', 'maximum time to wait for the seal', '60')
    .action((named: string, options: ServerOptions & { readonly file?: string; readonly wait: string }) =>
      context.run(async () => {
        const patienceMs = numberOf('--wait', options.wait, { least: 0 }) * 1_000;
        const server = await connect(options, context.env);
        const runId = await runIdOf(server, named);
        const file = options.file ?? `${fileName(runId)}.evidence.tar`;
        const deadline = Date.now() + patienceMs;
        for (;;) {
          try {
            const digest = await save(await server.evidence(runId), file, null);
            printAs(context, options, { file, digest }, () => [`${digest}  ${file}`]);
            return EXIT.OK;
          } catch (error) {
            const isPending = isRefusal(error) && error.code === 'EVIDENCE_NOT_SEALED';
            if (!isPending) throw error;
            await refuseWaiting(server, runId);
            if (Date.now() >= deadline) throw error;
          }
          await delay(500);
        }
      }),
    );
}

/** Evidence is sealed after the end. A run that waits for a person does not end by itself. Throws `CLI_EVIDENCE_WAITS`. */
async function refuseWaiting(server: Server, runId: string): Promise<void> {
  const run = await server.client.run(runId);
  if (isOver(run.status) || !server.needsPerson(run)) return;
  const places = run.waits.map(({ kind, id }) => id ?? kind).join(', ');
  throw new CliError(
    'CLI_EVIDENCE_WAITS',
    `${runId} has no evidence yet: it waits at ${places || 'a point where a person must act'}`,
    `Evidence is sealed after the end of a run. See what it waits for with: taskrunner show ${runId}`,
  );
}

/** Converts a name from the server into the name of one local file. */
function fileName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._:[\]-]/g, '_').slice(0, 200);
  return /^\.*$/.test(plain) ? '_' : plain;
}

/** Writes the bytes to a file that appears only when they are complete and correct. Returns their digest. */
async function save(content: object, target: string, expected: string | null): Promise<string> {
  // It is replaced by the file.
  refuseNoFile(target);
  const draft = `${target}.${process.pid}.part`;
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await makeFolders(join(target, '..'));
    await pipeline(Readable.fromWeb(content as ReadableStream), hashing, createWriteStream(draft));
    const digest = `sha256:${hash.digest('hex')}`;
    if (expected !== null && digest !== expected)
      throw new CliError(
        'CLI_SERVER_ANSWER',
        `the content of ${basename(target)} does not match its digest`,
        'Try again. If the error persists, contact the operator.',
      );
    await rename(draft, target);
    return digest;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

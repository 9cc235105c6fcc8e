import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Client } from '../../server/client';
import { connect, withConnection } from '../../server/connection';
import { listArtifacts, runPath } from '../../server/run-api';
import { runIdOf } from '../../server/run-argument';
import { ServerProblem } from '../../server/server-problem';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import { ARTIFACT_COLUMNS } from '../../lists/list-columns';
import type { Context } from '../context';
import { printAs, printList, withOutput, type ServerOptions } from '../options';

/** Commands that download bytes: artifacts, evidence. */
export function registerDownloads(program: Command, context: Context): void {
  withConnection(withOutput(program.command('artifacts <run>')))
    .description('list the artifacts of a run and their digests, or download them')
    .option('--download <folder>', 'write the artifacts to this folder as <step>/<file>, and check each digest')
    .action((named: string, options: ServerOptions & { readonly download?: string }) =>
      context.run(async () => {
        const client = await connect(options, context.env);
        const runId = await runIdOf(client, named);
        const artifacts = await listArtifacts(client, runId);
        printList(context, options, { items: artifacts, columns: ARTIFACT_COLUMNS, none: 'the run has no artifacts' });
        for (const { artifactId, step, name, path, digest } of artifacts) {
          if (options.download === undefined) break;
          const target = join(options.download, fileName(step), fileName(basename(path) || name));
          await download(client, runPath(runId, `/artifacts/${encodeURIComponent(artifactId)}`), target, digest);
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
        const client = await connect(options, context.env);
        const runId = await runIdOf(client, named);
        const file = options.file ?? `${fileName(runId)}.evidence.tar`;
        const deadline = Date.now() + Number(options.wait) * 1_000;
        for (;;) {
          try {
            const digest = await download(client, runPath(runId, '/evidence'), file, null);
            printAs(context, options, { file, digest }, () => [`${digest}  ${file}`]);
            return EXIT.OK;
          } catch (error) {
            const isPending = ServerProblem.is(error) && error.problem.code === 'EVIDENCE_NOT_SEALED';
            if (!isPending || Date.now() >= deadline) throw error;
          }
          await delay(500);
        }
      }),
    );
}

/** Converts a name from the server into the name of one local file. */
function fileName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._:[\]-]/g, '_').slice(0, 200);
  return /^\.*$/.test(plain) ? '_' : plain;
}

/** Writes the bytes to a file that appears only when they are complete and correct. Returns their digest. */
async function download(client: Client, path: string, target: string, expected: string | null): Promise<string> {
  const response = await client.open(path);
  const draft = `${target}.${process.pid}.part`;
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await mkdir(join(target, '..'), { recursive: true });
    await pipeline(Readable.fromWeb(response.body as never), hashing, createWriteStream(draft));
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

import { numberOf } from '../number-option';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isOver, isRunId } from '@taskrunner/core/foundation';
import type { Command } from 'commander';
import { serverOrKept } from '../../local/server-or-kept';
import { refuseMissingFolder } from '../../files/special-file';
import { withConnection } from '../../server/connection';
import { fileName, save } from '../../server/download';
import { isRefusal } from '../../server/failure';
import type { Server } from '../../server/server';
import { runIdOf } from '../../server/run-argument';
import { CliError } from '../../terminal/cli-error';
import { EXIT, type ExitCode } from '../../terminal/exit-code';
import { reportError } from '../../terminal/report-error';
import { safeLine } from '../../terminal/safe-text';
import { ARTIFACT_COLUMNS } from '../../lists/list-columns';
import type { Context } from '../context';
import { printAs, printList, withOutput, type ServerOptions } from '../options';

/** Interval of asking for evidence that is not sealed yet, milliseconds. */
const LOOK_MS = 500;
/** A command that waits for longer says what it waits for, milliseconds. */
const SAID_AFTER_MS = 2_000;

/** Commands that download bytes: artifacts, evidence. */
export function registerDownloads(program: Command, context: Context): void {
  withConnection(withOutput(program.command('artifacts <run>')))
    .description('list the artifacts of a run and their digests, or download them')
    .option('--download <folder>', 'write the artifacts to this folder as <step>/<file>, and check each digest')
    .action((named: string, options: ServerOptions & { readonly download?: string }) =>
      context.run(async () => {
        const { server, kept } = await serverOrKept(options, context.env);
        const runId = await runIdOf(server, named);
        const artifacts = await server.artifacts(runId);
        printList(context, options, { items: artifacts, columns: ARTIFACT_COLUMNS, none: 'the run has no artifacts' });
        let exit: ExitCode = EXIT.OK;
        for (const { artifactId, step, name, path, digest } of artifacts) {
          if (options.download === undefined) break;
          const target = join(options.download, fileName(step), fileName(basename(path) || name));
          try {
            await save(await server.artifact(runId, artifactId), target, digest);
          } catch (error) {
            // Not all artifacts of a kept run are kept. The others are written.
            if (kept === null || !isRefusal(error)) throw error;
            exit = reportError(error, context.terminal);
          }
        }
        return exit;
      }),
    );
  withConnection(withOutput(program.command('evidence <run>')))
    .description('download the signed evidence bundle of an ended run as a tar file')
    .option('--file <path>', 'file to write (default: <run>.evidence.tar)')
    .option('--wait <seconds>', 'maximum time to wait for the seal', '60')
    .action((named: string, options: ServerOptions & { readonly file?: string; readonly wait: string }) =>
      context.run(async () => {
        const patienceMs = numberOf('--wait', options.wait, { least: 0 }) * 1_000;
        if (options.file !== undefined) refuseMissingFolder(options.file);
        const { server } = await serverOrKept(options, context.env);
        // Evidence is kept longer than its run: a full id need not be that of a run.
        const runId = isRunId(named) ? named : await runIdOf(server, named);
        const file = options.file ?? `${fileName(runId)}.evidence.tar`;
        const began = Date.now();
        const deadline = began + patienceMs;
        let said = '';
        for (;;) {
          try {
            const digest = await save(await server.evidence(runId), file, null);
            printAs(context, options, { file, digest }, () => [`${digest}  ${file}`]);
            return EXIT.OK;
          } catch (error) {
            const code = isRefusal(error) ? error.code : null;
            if (code === 'RUN_NOT_FOUND') await runIdOf(server, named);
            if (!isRefusal(error) || code !== 'EVIDENCE_NOT_SEALED') throw error;
            await refuseWaiting(server, runId);
            if (Date.now() >= deadline) throw error;
            const reason = safeLine(`waiting for the evidence: ${error.detail}`);
            if (Date.now() - began >= SAID_AFTER_MS && said !== reason) context.terminal.say((said = reason));
          }
          await delay(LOOK_MS);
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

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { nearestName, type JsonObject } from '@taskrunner/core/foundation';
import { readInputs, type InputFile, type InputOptions } from '../packs/input-arguments';
import type { InputRules } from '../packs/input-hints';
import { safeLine } from '../terminal/safe-text';
import { CliError } from '../terminal/cli-error';
import type { ExitCode } from '../terminal/exit-code';
import { keptFile, type KeptRequest } from './kept-request';
import { EVIDENCE } from './kept-run';
import { unfinishedError, type KeptRuns } from './kept-runs';
import { localTrustFile } from './local-folder';
import { originalLink } from './original-link';
import { runLocally, type LocalRun } from './run-locally';

/** A kept run that is to be executed again. */
interface Again {
  readonly kept: KeptRuns;
  readonly runId: string;
  /** Values of the inputs that are not kept. */
  readonly inputs: InputOptions;
  readonly readStdin: () => Promise<Uint8Array>;
}

/**
 * Executes the plan of a kept run again, with the kept pack and inputs. The new run is kept too. Throws `CLI_RUN_UNFINISHED`, `CLI_FILE` and
 * `CLI_INPUT`.
 */
export async function rerunLocally(run: LocalRun, { kept, runId, inputs, readStdin }: Again): Promise<ExitCode> {
  const unfinished = kept.unfinishedRun(runId);
  if (unfinished !== null) throw unfinishedError(unfinished);
  const original = kept.run(runId);
  const request = await kept.request(runId);
  if (original === null || request === null)
    throw new CliError('CLI_FILE', `the pack of ${runId} cannot be read`, 'Start it with: taskrunner run PACK --keep');
  const { pack, grants, isSealed = true, labels, withheld } = request;
  const rules = withheld as unknown as InputRules;
  const files: InputFile[] = request.files.map((file) => ({ ...file, path: keptFile(kept.folderOf(runId), file) }));
  const again = await readInputs(inputs, rules, readStdin, (file) => files.push(file));
  refuseOthers(request, again);
  const body: JsonObject = { ...request.body, inputs: { ...(request.body['inputs'] as JsonObject), ...again } };
  const link = await originalLink(join(kept.folderOf(runId), EVIDENCE), runId, localTrustFile(kept.local));
  if ('unproven' in link) run.terminal.say(safeLine(`note: the new run does not name ${runId}: ${link.unproven}`));
  run.terminal.say('a new run of the same plan: all steps are executed again');
  return runLocally(run, {
    ...{ pack, needs: { grants, isSealed }, original: 'unproven' in link ? null : link },
    submit: async (server, recordRequest) => {
      await recordRequest({ body, files, rules, labels });
      for (const file of files) await server.upload(file);
      const submission = { ...body, labels, planHash: original.planHash };
      return server.submit(submission, randomUUID());
    },
  });
}

/** Throws `CLI_INPUT` unless exactly the inputs that are not kept were passed. */
function refuseOthers({ withheld }: KeptRequest, again: JsonObject): void {
  const names = withheld.map(({ name }) => name);
  const unknown = Object.keys(again).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, names);
    throw new CliError(
      'CLI_INPUT',
      `${unknown} is not an input that has to be passed again`,
      near === null ? 'Omit it. For other inputs, start a run with: taskrunner run PACK' : `Did you mean ${near}?`,
    );
  }
  const missing = withheld.filter(({ name }) => !Object.hasOwn(again, name));
  if (missing.length === 0) return;
  throw new CliError(
    'CLI_INPUT',
    `sensitive inputs are not kept: ${missing.map(({ name }) => name).join(', ')}`,
    `Pass them again: ${missing.map(({ name, type }) => `-i ${name}=${type === 'file' ? '@path' : 'value'}`).join(' ')}`,
  );
}

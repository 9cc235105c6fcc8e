// Runs a pack on a server, prints its log as it is written, and saves the evidence.
//   TASKRUNNER_SERVER=… TASKRUNNER_TOKEN=… node run-pack.js <name:version>
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiProblem, createClient, type Run, type SubmitRunBody, type TaskRunnerClient } from '@taskrunner/client';

/** The run when it has ended; its evidence is in `<run>.evidence.tar` in the folder. */
export async function runPack(
  client: TaskRunnerClient,
  body: SubmitRunBody,
  folder: string,
  print: (text: string) => void,
): Promise<Run> {
  const { runId } = await client.submit(body);
  for await (const line of client.followLogs(runId)) {
    if (line.eventType === 'step.log') print(`${line.stepId}: ${line.message}`);
    else print(`${runId} ${line.status}`);
  }
  const { stream, digest } = await client.evidence(runId);
  await pipeline(Readable.from(stream), createWriteStream(`${folder}/${runId}.evidence.tar`));
  print(`evidence ${digest}`);
  return client.run(runId);
}

/** A refusal has all errors of the pack and its inputs, with positions. */
export function linesOf(error: unknown): readonly string[] {
  if (!ApiProblem.is(error)) return [String(error)];
  const { code, detail, remediation, errors, traceId } = error;
  const faults = errors.map((fault) => `${fault.code} ${fault.path} line ${fault.line}: ${fault.message}`);
  return [`${code}: ${detail}`, ...faults, `help: ${remediation ?? 'none'}`, `trace: ${traceId ?? 'none'}`];
}

if (require.main === module) {
  const { TASKRUNNER_SERVER: server = '', TASKRUNNER_TOKEN: token = '' } = process.env;
  const client = createClient({ server, token: () => token });
  runPack(client, { pack: process.argv[2] ?? '' }, '.', console.log).catch((error: unknown) => {
    for (const line of linesOf(error)) console.error(line);
    process.exitCode = 1;
  });
}

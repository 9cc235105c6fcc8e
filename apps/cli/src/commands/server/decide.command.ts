import type { Command } from 'commander';
import { digestOf } from '@taskrunner/core/canonical';
import type { Digest, Json } from '@taskrunner/core/foundation';
import { readDocumentAt } from '../../packs/input-arguments';
import { connect, withConnection } from '../../server/connection';
import { gateIdOf, runIdOf } from '../../server/run-argument';
import type { GateView } from '../../server/run-views';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import { gateLines } from '../../terminal/gate-lines';
import type { Context } from '../context';
import { isJson, printAs, withOutput, type ServerOptions } from '../options';

interface Options extends ServerOptions {
  readonly reason?: string;
  readonly response?: string;
  readonly yes?: boolean;
  readonly gateDigest?: string;
}

const DECISIONS = [
  { name: 'approve', decision: 'approved', description: 'approve a gate' },
  { name: 'reject', decision: 'rejected', description: 'reject a gate; the run then ends' },
  { name: 'withdraw', decision: 'withdrawn', description: 'withdraw your approval while the gate is open' },
] as const;

export function registerDecisions(program: Command, context: Context): void {
  for (const { name, decision, description } of DECISIONS)
    withConnection(withOutput(program.command(`${name} <run> [gate]`)))
      .description(description)
      .option('--reason <text>', 'reason for the decision; some gates require one')
      .option('--response <file>', 'file with the response to the form of the gate, YAML or JSON')
      .option('--yes', 'do not ask for confirmation; requires --gate-digest')
      .option('--gate-digest <digest>', 'digest of the gate request that you reviewed')
      .action((named: string, gate: string | undefined, options: Options) =>
        context.run(async () => {
          const { terminal } = context;
          const server = await connect(options, context.env);
          const run = await runIdOf(server, named);
          const view = await server.gate(run, await gateIdOf(server, run, gate));
          const digest = digestOfShown(view);
          const lines = gateLines(view, digest, terminal.isInteractive ? terminal.columns : undefined);
          // Never decides about something that it has not shown: with JSON output it is printed beside the JSON.
          for (const line of lines)
            if (isJson(options)) terminal.say(line);
            else terminal.print(line);
          const gateDigest = options.yes
            ? confirmedByOption(options, digest)
            : await confirmedByPerson(name, digest, context);
          const response = options.response === undefined ? null : await readDocumentAt(options.response);
          const { planHash } = view.request;
          const reason = options.reason ?? (await offeredReason(name, view, options, context));
          const receipt = await server.client[name](
            { runId: run, gateId: view.gateId, planHash, gateDigest },
            {
              reason,
              ...(response === null ? {} : { response: response as Record<string, unknown> }),
            },
          );
          const { approvals, required, status } = receipt;
          printAs(context, options, receipt, () => [`${decision}: ${approvals} of ${required}, the gate is ${status}`]);
          return EXIT.OK;
        }),
      );
}

/**
 * The digest of the gate request that is about to be shown, computed here. The decision names this digest. Throws if the server names
 * another digest, if the findings are not those of the request, or if the request is of another run or gate.
 */
export function digestOfShown({ request, show, gateDigest, runId, gateId }: GateView): Digest {
  const digest = digestOf(request as unknown as Json);
  if (
    digest === gateDigest &&
    digestOf(show) === request.showDigest &&
    request.gate === gateId &&
    request.runId === runId
  )
    return digest;
  throw new CliError(
    'CLI_GATE_DIGEST',
    'the gate request does not match its digest',
    'Do not decide. Contact the operator.',
  );
}

/** The reason that the pack suggests to who approves without one, if they take it. It was shown above. Never taken in scripts. */
async function offeredReason(
  name: string,
  { suggestedReason = null }: GateView,
  { yes = false }: Options,
  { terminal }: Context,
): Promise<string | null> {
  if (name !== 'approve' || suggestedReason === null || yes) return null;
  const answer = await terminal.ask('Reason (press Enter to give the suggested reason): ');
  return answer === null ? null : answer.trim() || suggestedReason;
}

function confirmedByOption({ gateDigest }: Options, digest: Digest): Digest {
  if (gateDigest === undefined)
    throw new CliError(
      'CLI_USAGE',
      '--yes requires --gate-digest',
      'Pass the digest of the gate request that you reviewed.',
    );
  if (gateDigest === digest) return digest;
  throw new CliError(
    'CLI_GATE_DIGEST',
    'the gate request has changed since it was reviewed',
    'Review it again. Its digest is printed above.',
  );
}

async function confirmedByPerson(name: string, digest: Digest, { terminal }: Context): Promise<Digest> {
  const first = digest.slice('sha256:'.length, 'sha256:'.length + 8);
  const answer = await terminal.ask(`To ${name}, type the first 8 characters after "sha256:" of the gate digest: `);
  if (answer?.trim().toLowerCase() === first) return digest;
  const help = answer === null ? 'Without a terminal, use --yes --gate-digest DIGEST.' : 'No decision was made.';
  throw new CliError('CLI_NOT_CONFIRMED', 'the decision was not confirmed', help);
}

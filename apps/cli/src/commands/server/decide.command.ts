import type { Command } from 'commander';
import { digestOf } from '@taskrunner/core/canonical';
import { isDigest, type Digest, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { answerOf } from '../../decisions/asked-person';
import { formIn, formLines } from '../../decisions/gate-form';
import { objectionTo } from '../../decisions/may-decide';
import { otherReasonNote } from '../../decisions/recorded-reason';
import { readDocumentAt } from '../../packs/input-arguments';
import { connect, withConnection } from '../../server/connection';
import { gateIdOf, gateOf, runIdOf } from '../../server/run-argument';
import type { GateView } from '../../server/run-views';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import { gateLines } from '../../terminal/gates/gate-lines';
import { plannedBehind } from '../../terminal/gates/planned-lines';
import { hintAs } from '../../terminal/hints/called-as';
import { quoted } from '../../terminal/run-lines';
import { safeLine } from '../../terminal/safe-text';
import type { Context } from '../context';
import { isJson, printAs, withOutput, type ServerOptions } from '../options';

interface Options extends ServerOptions {
  readonly reason?: string;
  readonly response?: string;
  readonly yes?: boolean;
  readonly gateDigest?: string;
  readonly full?: boolean;
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
      .option(
        '--reason <text>',
        'reason for the decision (default: asked for on a terminal if the gate requires a reason)',
      )
      .option(
        '--response <file>',
        'file with the response to the form of the gate, YAML or JSON (default: asked for on a terminal)',
      )
      .option('--yes', 'do not ask for confirmation; requires --gate-digest')
      .option('--gate-digest <digest>', 'complete digest of the gate request that you reviewed')
      .option('--full', 'print long inputs, findings and values of steps whole')
      .action((named: string, gate: string | undefined, options: Options) =>
        context.run(async () => {
          const { terminal } = context;
          checkConfirmation(options);
          const server = await connect(options, context.env);
          const run = await runIdOf(server, named);
          const view = await gateOf(server, run, await gateIdOf(server, run, gate));
          const digest = digestOfShown(view);
          const plan = await server.plan(run);
          const { formDigest } = view.request.requirement;
          const form =
            decision === 'approved' && formDigest !== null
              ? formIn(view.form ?? null, plan.plan as unknown as Json, formDigest)
              : null;
          const columns = terminal.isInteractive ? terminal.columns : undefined;
          const planned = plannedBehind(view, plan);
          const full = options.full
            ? null
            : hintAs(`taskrunner ${name} ${run} ${quoted(view.gateId)} --full`, terminal.calledAs ?? 'taskrunner');
          const lines = gateLines(view, digest, columns, { planned, form: form === null ? [] : formLines(form), full });
          // Never decides about something that it has not shown: with JSON output it is printed beside the JSON.
          for (const line of lines)
            if (isJson(options)) terminal.say(line);
            else terminal.print(line);
          const objection = await objectionTo(decision, view, async () => (await server.me()).person);
          if (objection !== null) throw objection;
          const response = await responseTo(form, view, options, context);
          const reason = await reasonFor(decision, view, options, context);
          if (options.gateDigest !== undefined) compareDigest(options.gateDigest, digest);
          if (!options.yes) await confirmedByPerson(name, digest, context);
          const { planHash } = view.request;
          const receipt = await server.client[name](
            { runId: run, gateId: view.gateId, planHash, gateDigest: digest },
            {
              reason,
              ...(response === null ? {} : { response: response as Record<string, unknown> }),
            },
          );
          const { approvals, required, status } = receipt;
          printAs(context, options, receipt, () => [`${decision}: ${approvals} of ${required}, the gate is ${status}`]);
          const note = otherReasonNote(reason, receipt.receipt);
          if (note !== null) terminal.say(safeLine(`note: ${note}`));
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

/**
 * The response to the form of a gate: that of a file, else that of a person at the terminal. It is compared with the form before anybody
 * confirms. Null: the gate has no form, or the decision needs no response.
 */
async function responseTo(
  form: JsonObject | null,
  { decisions = [] }: GateView,
  { response: path, yes }: Options,
  { terminal }: Context,
): Promise<Json> {
  if (path !== undefined) {
    const written = await readDocumentAt(path);
    if (form !== null) (await responses()).checkResponse(form, written);
    return written;
  }
  if (form === null) return null;
  const { askResponse, checkResponse, missingResponse } = await responses();
  if (yes) throw missingResponse(form);
  const earlier = decisions.find((one) => one.decision === 'approved' && one.withdrawn !== true);
  const entered = await askResponse(form, { terminal, earlier: (earlier?.response ?? null) as Json });
  checkResponse(form, entered);
  terminal.say(safeLine(`response: ${JSON.stringify(entered)}`));
  return entered;
}

/** Loaded for gates that have a form. */
function responses() {
  return import('../../decisions/gate-response.js');
}

/** The reason of a decision. A person at the terminal is asked for one that the gate needs. Throws `CLI_REASON_MISSING`. */
async function reasonFor(
  decision: (typeof DECISIONS)[number]['decision'],
  { request, suggestedReason = null }: GateView,
  { reason, yes }: Options,
  { terminal }: Context,
): Promise<string | null> {
  if (reason?.trim()) return reason;
  const suggested = decision === 'approved' ? suggestedReason : null;
  const isNeeded = request.requirement.reasonRequired && decision !== 'withdrawn';
  if (yes && !isNeeded) return reason ?? null;
  if (!isNeeded && suggested === null) return reason ?? null;
  const question = suggested === null ? 'Reason, which this gate needs: ' : 'Reason (Enter gives the suggested one): ';
  const said = yes ? null : await answerOf(terminal, question);
  const entered = said === null ? null : said.trim() || suggested;
  if (entered !== null || !isNeeded) return entered;
  throw new CliError('CLI_REASON_MISSING', 'the gate needs a decision with a reason', 'Pass --reason TEXT.');
}

/** `--yes` and `--gate-digest`, as far as they need no server. */
function checkConfirmation({ yes, gateDigest }: Options): void {
  if (yes && gateDigest === undefined)
    throw new CliError(
      'CLI_USAGE',
      '--yes requires --gate-digest',
      'Pass the digest of the gate request that you reviewed.',
    );
  if (gateDigest !== undefined && !isDigest(gateDigest))
    throw new CliError(
      'CLI_USAGE',
      '--gate-digest is not a whole digest',
      'Pass the whole digest: sha256: and 64 hexadecimal characters.',
    );
}

function compareDigest(reviewed: string, digest: Digest): void {
  if (reviewed === digest) return;
  throw new CliError(
    'CLI_GATE_DIGEST',
    '--gate-digest is not the digest of this request: it has changed, or the digest is mistyped',
    'No decision was made. Review the request again. Its digest is printed above.',
  );
}

/** Throws `CLI_NOT_CONFIRMED` unless the person at the terminal types the beginning of the digest. */
export async function confirmedByPerson(
  name: string,
  digest: Digest,
  { terminal }: Pick<Context, 'terminal'>,
): Promise<void> {
  const first = digest.slice('sha256:'.length, 'sha256:'.length + 8);
  const question = `To ${name}, type the first 8 characters after "sha256:" of the gate digest: `;
  const answer = await answerOf(terminal, question);
  if (answer?.trim().toLowerCase() === first) return;
  if (answer === null)
    throw new CliError(
      'CLI_NOT_CONFIRMED',
      'the decision was not confirmed',
      'Without a terminal, use --yes --gate-digest DIGEST.',
    );
  throw new CliError(
    'CLI_NOT_CONFIRMED',
    'the characters are not the first 8 of the gate digest',
    'No decision was made. Repeat the command, and type the 8 characters after "sha256:" in the last line of the request.',
  );
}

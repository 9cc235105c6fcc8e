import { digestOf } from '@taskrunner/core/canonical';
import type { Digest, Json, JsonObject } from '@taskrunner/core/foundation';
import type { DecisionReceipt } from '@taskrunner/client';
import type { GateView, PlanView, RunGateView } from '../server/run-views';
import type { Server } from '../server/server';
import { CliError } from '../terminal/cli-error';
import { gateLines } from '../terminal/gates/gate-lines';
import { overriddenLines } from '../terminal/gates/overridden-lines';
import { plannedBehind } from '../terminal/gates/planned-lines';
import { safeLine } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';
import { readDocumentAt } from '../packs/input-arguments';
import { answerOf } from './asked-person';
import { formIn, formLines } from './gate-form';
import { objectionTo } from './may-decide';
import { otherReasonNote } from './recorded-reason';

/** How often a person is asked for a reason, or for the beginning of the digest. */
const ATTEMPTS = 3;

/** What people can do at a gate: the word of the command line, and that of the API. */
export const DECISIONS = [
  { name: 'approve', decision: 'approved', description: 'approve a gate' },
  { name: 'reject', decision: 'rejected', description: 'reject a gate; the run then ends' },
  { name: 'withdraw', decision: 'withdrawn', description: 'withdraw your approval while the gate is open' },
] as const;

export type DecisionKind = (typeof DECISIONS)[number];

/** What a person has said in advance. What is missing is asked for. */
export interface DecisionOptions {
  readonly reason?: string;
  readonly response?: string;
  readonly yes?: boolean;
  readonly gateDigest?: string;
}

/** A gate that was shown to a person. */
interface ShownRequest {
  readonly view: GateView;
  readonly digest: Digest;
  readonly form: JsonObject | null;
}

/**
 * A gate with the lines that show it. `withForm`: an approval fills in the form. `full`: the command that prints long values whole; null: they
 * are whole here. Throws `CLI_GATE_DIGEST` if the request is not what its digest says.
 */
export function shownRequest(
  view: GateView,
  plan: PlanView,
  {
    withForm,
    columns,
    gates,
    full = null,
  }: {
    readonly withForm: boolean;
    readonly columns: number | undefined;
    /** All gates of the run. */
    readonly gates: readonly RunGateView[];
    readonly full?: string | null;
  },
): ShownRequest & { readonly lines: readonly string[] } {
  const digest = digestOfShown(view);
  const { formDigest } = view.request.requirement;
  const form =
    withForm && formDigest !== null ? formIn(view.form ?? null, plan.plan as unknown as Json, formDigest) : null;
  const planned = plannedBehind(view, plan);
  const overridden = overriddenLines(gates, view.gateId);
  const lines = gateLines(view, digest, columns, {
    ...{ planned, full, overridden },
    form: form === null ? [] : formLines(form),
  });
  return { view, digest, form, lines };
}

/** A decision that the server has recorded. */
export interface Decided {
  readonly receipt: DecisionReceipt;
  readonly notes: readonly string[];
}

/** Where a person decides. */
interface Deciding {
  readonly server: Server;
  readonly terminal: Terminal;
  /** Called when nothing more is asked: the decision is sent. */
  readonly onSend?: () => void;
}

/** Decides about a gate that was shown. Asks for what the options do not have. Throws if the person may not decide, or does not confirm. */
export async function decide(
  { name, decision }: DecisionKind,
  { view, digest, form }: ShownRequest,
  options: DecisionOptions,
  { server, terminal, onSend }: Deciding,
): Promise<Decided> {
  const objection = await objectionTo(decision, view, () => server.me());
  if (objection !== null) throw objection;
  // A form is part of an approval alone.
  const response = await responseTo(decision === 'approved' ? form : null, view, options, terminal);
  const reason = await reasonFor(decision, view, options, terminal);
  if (options.gateDigest !== undefined) compareDigest(options.gateDigest, digest);
  if (!options.yes) await confirmedByPerson(name, digest, terminal);
  onSend?.();
  const receipt = await server.client[name](
    { runId: view.runId, gateId: view.gateId, planHash: view.request.planHash, gateDigest: digest },
    {
      reason,
      ...(response === null ? {} : { response: response as Record<string, unknown> }),
    },
  );
  const note = otherReasonNote(reason, receipt.receipt);
  return { receipt, notes: note === null ? [] : [safeLine(`note: ${note}`)] };
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
  { response: path, yes }: DecisionOptions,
  terminal: Terminal,
): Promise<Json> {
  if (path !== undefined) {
    const written = await readDocumentAt(path);
    if (form !== null) {
      const { checkAgreement, checkResponse } = await responses();
      checkResponse(form, written);
      checkAgreement(written, decisions);
    }
    return written;
  }
  if (form === null) return null;
  const { askResponse, checkAgreement, checkResponse, missingResponse } = await responses();
  if (yes) throw missingResponse(form);
  const earlier = decisions.find((one) => one.decision === 'approved' && one.withdrawn !== true);
  const entered = await askResponse(form, { terminal, earlier: (earlier?.response ?? null) as Json });
  checkResponse(form, entered);
  checkAgreement(entered, decisions);
  terminal.say(safeLine(`response: ${JSON.stringify(entered)}`));
  return entered;
}

/** Loaded for gates that have a form. */
function responses() {
  return import('./gate-response.js');
}

/** The reason of a decision. A person at the terminal is asked for one that the gate needs. Throws `CLI_REASON_MISSING`. */
async function reasonFor(
  decision: DecisionKind['decision'],
  { request, suggestedReason = null }: GateView,
  { reason, yes }: DecisionOptions,
  terminal: Terminal,
): Promise<string | null> {
  if (reason?.trim()) return reason;
  const suggested = decision === 'approved' ? suggestedReason : null;
  const isNeeded = request.requirement.reasonRequired && decision !== 'withdrawn';
  if (yes && !isNeeded) return reason ?? null;
  if (!isNeeded && suggested === null) return reason ?? null;
  const question = suggested === null ? 'Reason, which this gate needs: ' : 'Reason (Enter gives the suggested one): ';
  for (let attempt = 1; attempt <= ATTEMPTS && !yes; attempt++) {
    const said = await answerOf(terminal, question);
    if (said === null) break;
    const entered = said.trim() || suggested;
    if (entered !== null) return entered;
    terminal.say('A reason is needed.');
  }
  if (!isNeeded) return null;
  throw new CliError('CLI_REASON_MISSING', 'the gate needs a decision with a reason', 'Pass --reason TEXT.');
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
export async function confirmedByPerson(name: string, digest: Digest, terminal: Terminal): Promise<void> {
  const first = digest.slice('sha256:'.length, 'sha256:'.length + 8);
  const question = `To ${name}, type the first 8 characters after "sha256:" of the gate digest: `;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const answer = await answerOf(terminal, question);
    if (answer?.trim().toLowerCase() === first) return;
    if (answer === null)
      throw new CliError(
        'CLI_NOT_CONFIRMED',
        'the decision was not confirmed',
        'Without a terminal, use --yes --gate-digest DIGEST.',
      );
    if (attempt < ATTEMPTS) terminal.say('These are not the first 8 characters of the gate digest.');
  }
  throw new CliError(
    'CLI_NOT_CONFIRMED',
    'the characters are not the first 8 of the gate digest',
    'No decision was made. Repeat the command, and type the 8 characters after "sha256:" in the last line of the request.',
  );
}

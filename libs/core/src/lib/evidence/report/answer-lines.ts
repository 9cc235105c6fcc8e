import type { Json } from '../../foundation/json';
import type { Subject } from '../../foundation/principal';
import { gateDecisionWord } from '../../gate/override-words';
import { approversOfSeveral, withoutDecisions } from './approvers';
import { cancellationOf } from './cancellation';
import { countedApprovals, decisionNote, decisionWord, outcomeWord } from './gate-words';
import { overrideOf } from './override';
import { statedOutcome } from '../records/stated-outcome';
import type { ShortContents } from './report';
import { visibleLine } from '../../foundation/visible-text';

/** Maximum number of gates that the short answer lists. */
const MOST_GATES = 50;
/** Maximum number of names of people whose approvals count. */
const MOST_NAMES = 50;
/** Maximum number of characters of an answer to a form. */
const MOST_CHARACTERS = 200;

/** The short answer on a terminal: who started the run, who approved what and when, and how it ended. Untrusted text is escaped. */
export function answerLines({ run, gates, gatesNotApplied, policies, resolutions }: ShortContents): readonly string[] {
  const { end, pack } = run;
  const lines = [
    `run ${run.id} of ${pack.name}:${pack.version} for ${run.tenant}, started by ${names(run.initiators)}`,
  ];
  for (const asked of gates.slice(0, MOST_GATES)) {
    const { gate, outcome, decisions } = asked;
    lines.push(`gate ${gate}: ${outcomeWord(asked)}`);
    for (const one of decisions) {
      const { person, onBehalfOf, actors, decision, decidedAt, reason, response, proof } = one;
      const deputy = onBehalfOf === null ? '' : ` for ${name(onBehalfOf)}`;
      const through = actors.length === 0 ? '' : ` through ${names(actors)}`;
      const why = reason === null ? ', no reason given' : `: ${JSON.stringify(reason)}`;
      const noted = decisionNote(one);
      lines.push(
        `  ${name(person)}${deputy}${through} ${decisionWord(decision, asked)} at ${decidedAt}${noted}${why} [proof: ${proof}]`,
      );
      if (response !== null) lines.push(`    answer to the form: ${shortJson(response)}`);
    }
    if (decisions.length === 0) lines.push(`  ${withoutDecisions(outcome)}`);
    const counted = countedApprovals(asked);
    if (counted !== null) {
      const people = counted.people.slice(0, MOST_NAMES).map(({ sub }) => word(sub));
      lines.push(`  counted: ${people.length === 0 ? 'nobody' : people.join(', ')} (${counted.number})`);
    }
  }
  if (gates.length > MOST_GATES)
    lines.push(`${gates.length - MOST_GATES} more gates: the report of \`inspect\` lists all gates`);
  for (const one of approversOfSeveral(gates).slice(0, MOST_GATES))
    lines.push(
      `${name(one.person)} approved at ${one.gates.length} gates: ${one.gates.slice(0, MOST_GATES).join(', ')}`,
    );
  for (const gate of gatesNotApplied) lines.push(`gate ${gate}: did not apply`);
  for (const { gate, policy, result, reasons, override } of policies) {
    lines.push(`policy ${policy} at ${gate}: ${result}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`);
    const asked = overrideOf(gates, override);
    for (const one of asked?.people ?? []) {
      const { person, decision, decidedAt, reason } = one;
      const isShort = decision === 'approved' && asked?.outcome !== 'approved';
      const did = `${gateDecisionWord(decision, true)}${isShort ? ' (not enough)' : ''}`;
      lines.push(
        `  ${name(person)} ${did} at ${decidedAt}${decisionNote(one)}${reason === null ? ', no reason given' : `: ${JSON.stringify(reason)}`}`,
      );
    }
    if (asked?.people.length === 0) lines.push('  an override was requested, but no decision was made');
  }
  for (const { step, person, outcome, decidedAt, reason } of resolutions.slice(0, MOST_GATES))
    lines.push(
      `step ${step}: its outcome was unknown`,
      `  ${name(person)} ${statedOutcome(outcome)} at ${decidedAt}: ${JSON.stringify(reason)}`,
    );
  if (resolutions.length > MOST_GATES)
    lines.push(
      `${resolutions.length - MOST_GATES} more steps whose outcome people stated: the report of \`inspect\` lists all`,
    );
  if (gates.length === 0 && gatesNotApplied.length === 0) lines.push('no approval by people was requested');
  if (end?.messageError) lines.push(`no message: ${end.messageError.code}, ${end.messageError.message}`);
  else if (end?.message)
    lines.push(`message: ${end.message.isHeld ? JSON.stringify(end.message.value) : 'not in the bundle'}`);
  const cancelled = cancellationOf(run);
  const by =
    cancelled && ` by ${name(cancelled.by)}${cancelled.force ? ', forced' : ''}: ${JSON.stringify(cancelled.reason)}`;
  const why = by ?? (end?.code ? ` with ${end.code}${end.step ? ` at step ${end.step}` : ''}` : '');
  lines.push(end === null ? 'the journal does not end the run' : `ended ${end.at}: ${end.result}${why}`);
  return lines.map(visibleLine);
}

/** A value on one line. The report of `inspect` shows it whole. */
function shortJson(value: Json): string {
  const text = [...JSON.stringify(value)];
  return text.length <= MOST_CHARACTERS
    ? text.join('')
    : `${text.slice(0, MOST_CHARACTERS).join('')} … (${text.length} characters; \`inspect\` shows them all)`;
}

function name({ sub, iss }: Subject): string {
  return `${word(sub)} (${word(iss)})`;
}

/** A name with spaces or brackets is quoted, so that it cannot pass for other text. */
function word(text: string): string {
  return /^[\p{L}\p{N}._@:|/+-]+$/u.test(text) ? text : JSON.stringify(text);
}

function names(subjects: readonly Subject[]): string {
  return subjects.map(name).join(', ');
}

import { digestOf } from '@taskrunner/core/canonical';
import type { Json, JsonObject } from '@taskrunner/core/foundation';
import { responseFaults } from '@taskrunner/core/operations';
import { compileSchema } from '@taskrunner/core/schema';
import type { DecisionView } from '../server/run-views';
import { CliError } from '../terminal/cli-error';
import { safeLine } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';
import { answerOf } from './asked-person';
import { factsOf, fieldsOf, type FormField } from './gate-form';

/** What a person enters a response with. */
interface Asking {
  readonly terminal: Terminal;
  /** The response that earlier approvers gave, which later ones confirm; null: there is none. */
  readonly earlier: Json;
}

/**
 * Asks a person for each field of a form, until each has a value that it allows. An empty answer takes the response of earlier approvers, then the
 * default. Throws `CLI_RESPONSE_MISSING` if nobody answers.
 */
export async function askResponse(form: JsonObject, { terminal, earlier }: Asking): Promise<JsonObject> {
  const fields = fieldsOf(form);
  if (fields.length === 0) throw missingResponse(form);
  const before = typeof earlier === 'object' && earlier !== null ? (earlier as JsonObject) : {};
  const response: Record<string, Json> = {};
  for (const field of fields) {
    const value = await askField({ ...field, initial: before[field.name] ?? field.initial }, form, terminal);
    if (value !== undefined) response[field.name] = value;
  }
  return response;
}

/** The value of a field; undefined: an optional field has none. */
async function askField(field: FormField, form: JsonObject, terminal: Terminal): Promise<Json | undefined> {
  for (;;) {
    const answer = await answerOf(terminal, safeLine(`${field.name} (${factsOf(field)}): `));
    if (answer === null) throw missingResponse(form);
    if (answer.trim() === '') {
      if (!field.isRequired || field.initial !== undefined) return field.initial;
      terminal.say('A value is needed.');
      continue;
    }
    const value = valueOf(field, answer);
    const why = value === undefined ? unreadable(field) : objectionTo(field, value);
    if (why === null) return value;
    terminal.say(safeLine(why));
  }
}

/** What an answer means; undefined: nothing. */
function valueOf({ type, values }: FormField, answer: string): Json | undefined {
  const text = answer.trim();
  if (values !== null) return values.find((value) => value === text || JSON.stringify(value) === text);
  if (type === 'string') return text;
  if (type === 'boolean' && /^(y(es)?|true)$/i.test(text)) return true;
  if (type === 'boolean' && /^(no?|false)$/i.test(text)) return false;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return type === null ? text : undefined;
  }
}

function unreadable({ type, values }: FormField): string {
  if (values !== null) return `Use one of ${values.map((value) => JSON.stringify(value)).join(', ')}.`;
  if (type === 'boolean') return 'Answer y or n.';
  return type === 'number' || type === 'integer' ? 'This is not a number.' : 'This is not JSON.';
}

/** What the field itself says of a value; null: nothing. References point into the whole form, which is asked about the whole response. */
function objectionTo({ schema }: FormField, value: Json): string | null {
  const compiled = JSON.stringify(schema).includes('"$ref"') ? null : compileSchema(schema);
  const [first] = compiled?.kind === 'schema' ? compiled.findings(value) : [];
  return first === undefined ? null : `${first.pointer === '' ? 'The value' : first.pointer} ${first.message}.`;
}

/** Throws `CLI_RESPONSE_INVALID`, with every part that does not match. */
export function checkResponse(form: JsonObject, response: Json): void {
  // A form that is no schema is refused by the server.
  const faults = responseFaults(form, response) ?? [];
  if (faults.length === 0) return;
  throw new CliError(
    'CLI_RESPONSE_INVALID',
    'the response does not match the form of the gate',
    'No decision was made. Correct the response and try again.',
    faults,
  );
}

/**
 * Throws `CLI_RESPONSE_INVALID` if a response is not that of the earlier approvers, whose approvals count only for theirs. Who gave it can
 * withdraw.
 */
export function checkAgreement(response: Json, decisions: readonly DecisionView[]): void {
  const earlier = decisions.filter((one) => one.decision === 'approved' && one.withdrawn !== true);
  const [first] = earlier;
  const confirmed = (first?.response ?? null) as Json;
  if (first === undefined || digestOf(confirmed) === digestOf(response)) return;
  const people = earlier.map(({ person }) => person.sub);
  const names = people.length < 2 ? people.join('') : `${people.slice(0, -1).join(', ')} and ${people.at(-1) ?? ''}`;
  const theirs = people.length < 2 ? 'the approval' : 'their approvals';
  throw new CliError(
    'CLI_RESPONSE_INVALID',
    `${names} gave another response: ${JSON.stringify(confirmed)}; all approvers confirm the same response`,
    `No decision was made. Confirm that response. If it is wrong, ${names} can withdraw ${theirs} and approve with another, or you can reject the gate.`,
  );
}

/** Nobody can be asked for the response. */
export function missingResponse(form: JsonObject): CliError {
  const required = fieldsOf(form).filter(({ isRequired }) => isRequired);
  const names = required.length === 0 ? '' : `, with ${required.map(({ name }) => name).join(', ')}`;
  return new CliError(
    'CLI_RESPONSE_MISSING',
    'the gate has a form, and there is no response to it',
    `Pass --response FILE: a YAML or JSON file with the fields that are printed above${names}.`,
  );
}

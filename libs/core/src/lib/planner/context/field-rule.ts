import { arrayType, objectType, STRING_TYPE, type StaticType } from '../../expression/static-type';

/** Which values expressions in a field may read (docs/guides/writing-packs.md, Expressions). */
export interface FieldRule {
  readonly noun: string;
  /** True if it may read roots that are known only in a run: `run`, `tenant`. */
  readonly late: boolean;
  /** `whole`: only `{{ secrets.x }}` as the entire text; `inside`: also within a text (headers and bodies of `http`). */
  readonly secrets: false | 'whole' | 'inside';
  readonly sensitive: boolean;
  /** Remedy if secrets and sensitive inputs are not allowed. */
  readonly remedy?: string;
  /** Null: everything in scope. */
  readonly roots: readonly string[] | null;
  /** Code for reading another root. */
  readonly refusal: 'EXPR_NOT_ALLOWED' | 'GATE_WHEN';
  /** True if it decides what runs. */
  readonly control: boolean;
}

const FIELD: FieldRule = {
  noun: '',
  late: false,
  secrets: false,
  sensitive: false,
  roots: null,
  refusal: 'EXPR_NOT_ALLOWED',
  control: false,
};
const field = (noun: string, rule: Partial<FieldRule> = {}): FieldRule => ({ ...FIELD, noun, ...rule });

/** The fields with expressions. */
export const FIELDS = {
  when: field('when', { control: true }),
  gateWhen: field('when of a gate', { control: true, roots: ['inputs', 'pack'], refusal: 'GATE_WHEN' }),
  items: field('items', { control: true }),
  /** It decides the number of iterations within `maxIterations`, not what runs. Behind a gate it may read what is behind the same gate. */
  until: field('until'),
  label: field('label'),
  with: field('with', { late: true, secrets: 'whole', sensitive: true }),
  /** Parameters that may build a text around a secret. */
  withInside: field('with', { late: true, secrets: 'inside', sensitive: true }),
  /** Parameters that become arguments of a process, which other processes on the machine can read. */
  argument: field('an argument', {
    late: true,
    remedy: 'Pass it through secrets, env, stdin or files. Other processes can read the arguments of a process.',
  }),
  /** Parameters of executors that become outputs in the journal. */
  journaledWith: field('with', { late: true }),
  /** Parameters of policy gates. */
  parameters: field('with of a gate', { late: true }),
  /** Inputs of an inner pack, which become a value of the journal. */
  innerInput: field('an input of an inner pack', {
    remedy: 'Pass it as a secret. Sensitive values cannot be passed to inner packs.',
  }),
  env: field('env', { late: true, secrets: 'whole', sensitive: true }),
  files: field('files', { late: true, secrets: 'whole', sensitive: true }),
  show: field('show', { late: true }),
  message: field('message', { late: true }),
  outputs: field('outputs'),
  /** Parameters of http steps that the executor evaluates. */
  response: field('outputs over the response', { roots: ['response'] }),
  reason: field('reasonTemplate', { roots: ['inputs', 'pack'] }),
  group: field('concurrency.group', { roots: ['inputs', 'pack'] }),
  runMessage: field('message of the run'),
} as const;

/** Roots of every field, except those that depend on the place. */
export const PACK_TYPE: StaticType = objectType({ name: STRING_TYPE, version: STRING_TYPE });
export const LATE_TYPES: Readonly<Record<string, StaticType>> = {
  run: objectType({ id: STRING_TYPE, planHash: STRING_TYPE }),
  tenant: STRING_TYPE,
  secrets: objectType({}, true),
};
export const FAILED_TYPE: StaticType = arrayType(STRING_TYPE);

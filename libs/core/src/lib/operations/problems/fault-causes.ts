import type { PackFaultCode } from '../../pack/reading/pack-fault';
import type { PlanFaultCode } from '../../planner/context/plan-fault';

/** A fragment of a pack with a fault, and the same without it. */
export interface FaultExample {
  readonly wrong: string;
  readonly right: string;
}

/** Why a fault occurs, in one sentence at least. */
interface FaultCause {
  readonly cause: string;
  readonly example?: FaultExample;
}

type Explained = Extract<PackFaultCode | PlanFaultCode, `${'PACK' | 'EXPR' | 'PLAN'}_${string}`>;
/** Codes of expressions, whose occurrences each have a remedy of their own. */
type OfExpressions = Exclude<
  Extract<Explained, `EXPR_${string}`>,
  'EXPR_LATE_BOUND' | 'EXPR_STEP_ORDER' | 'EXPR_DOLLAR' | 'EXPR_IN_SCRIPT'
>;

/** Remedies of the codes that no table of their layer has. */
export const EXPRESSION_REMEDIES: Readonly<Record<Exclude<OfExpressions, 'EXPR_NOT_ALLOWED'>, string>> = {
  EXPR_SYNTAX: 'Correct the expression at the column that the message names.',
  EXPR_UNCLOSED: "End the expression with }}. For the literal characters, write {{ '{{' }}.",
  EXPR_LIMIT: 'Split the expression over several steps, such as builtin:transform.',
  EXPR_COST: 'Read fewer elements, or split the expression over several steps.',
  EXPR_UNKNOWN_NAME: 'Use a name that exists at this place. The help of the message names the nearest one.',
  EXPR_UNKNOWN_FUNCTION: 'Use a function of JMESPath Community. The help of the message names the nearest one.',
  EXPR_ARGUMENTS: 'Pass as many arguments as the message names.',
  EXPR_TYPE: 'Compare or convert the value first, for example with x > 0, length(x) or to_number(x).',
  EXPR_VALUE: 'Check the value before it is used, for example x == 0 ? 0 : 1 / x.',
  EXPR_NULL: "Give a default, such as {{ x || 'none' }}.",
  EXPR_ROOT: 'Name the member that you mean, such as inputs.name, or $.inputs.name inside of a filter.',
};

const NOOP = 'run: { uses: "builtin:noop" }';
const EXAMPLES: Readonly<Partial<Record<Explained, FaultExample>>> = {
  PACK_UNKNOWN_FIELD: { wrong: `- { id: a, ${NOOP}, timout: 5m }`, right: `- { id: a, ${NOOP}, timeout: 5m }` },
  PACK_FIELD_MISSING: { wrong: `- { ${NOOP} }`, right: `- { id: a, ${NOOP} }` },
  PACK_FIELD_TYPE: { wrong: `- { id: a, ${NOOP}, when: [true] }`, right: `- { id: a, ${NOOP}, when: true }` },
  PACK_STEP_KIND: { wrong: '- { id: a, uses: "builtin:noop" }', right: `- { id: a, ${NOOP} }` },
  PACK_ID: { wrong: `- { id: Scan Hosts, ${NOOP} }`, right: `- { id: scan-hosts, ${NOOP} }` },
  PACK_DUPLICATE_ID: {
    wrong: `- { id: a, ${NOOP} }\n- { id: a, ${NOOP} }`,
    right: `- { id: a, ${NOOP} }\n- { id: b, ${NOOP} }`,
  },
  PACK_NEEDS_UNKNOWN: {
    wrong: `- { id: a, ${NOOP} }\n- { id: b, needs: [start], ${NOOP} }`,
    right: `- { id: a, ${NOOP} }\n- { id: b, needs: [a], ${NOOP} }`,
  },
  PACK_DURATION: { wrong: `- { id: a, ${NOOP}, timeout: 5 min }`, right: `- { id: a, ${NOOP}, timeout: 5m }` },
  PACK_USES: { wrong: '- { id: a, run: { uses: noop } }', right: `- { id: a, ${NOOP} }` },
  EXPR_SYNTAX: { wrong: step('{{ 1 = 2 }}'), right: step('{{ 1 == 2 }}') },
  EXPR_UNKNOWN_NAME: {
    wrong: `- { id: a, ${NOOP} }\n${step('{{ step.a.status }}')}`,
    right: `- { id: a, ${NOOP} }\n${step('{{ steps.a.status }}')}`,
  },
  EXPR_TYPE: { wrong: step("{{ 3 == '3' }}"), right: step("{{ to_string(3) == '3' }}") },
  EXPR_STEP_ORDER: {
    wrong: `${step('{{ steps.a.status }}')}\n- { id: a, ${NOOP} }`,
    right: `- { id: a, ${NOOP} }\n${step('{{ steps.a.status }}')}`,
  },
};

function step(expression: string): string {
  return `- { id: use, run: { uses: "builtin:noop", with: { x: "${expression}" } } }`;
}

const CAUSES: Readonly<Record<Explained, string>> = {
  PACK_API_VERSION: 'The manifest has another apiVersion than this version of TaskRunner reads.',
  PACK_KIND: 'The manifest describes something else than a TaskPack.',
  PACK_UNKNOWN_FIELD:
    'The manifest has a field that packs do not have at this place, often because its name is misspelt.',
  PACK_FIELD_MISSING: 'A required field is missing.',
  PACK_FIELD_TYPE: 'A field has a value of another type than it takes, such as a text instead of a list.',
  PACK_FIELD_EMPTY: 'A list or an object is empty and must have an entry.',
  PACK_FIELD_NOT_ALLOWED: 'The field exists, but steps of this kind or with this executor cannot have it.',
  PACK_FIELDS_EXCLUSIVE: 'Two fields are set of which only one may be set, such as source and path.',
  PACK_SPELLED_TWICE: 'A field is set twice in two accepted spellings, such as backoff and backoffSeconds.',
  PACK_TEXT_FORMAT: 'A text does not have the form that the field requires.',
  PACK_ENUM: 'A value is not one of those that the field takes.',
  PACK_RANGE: 'A number, a size or a duration is below the minimum or above the maximum of the field.',
  PACK_NAME: 'The name of the pack contains characters that names cannot have, or it is too long.',
  PACK_VERSION: 'The version is not a semantic version. Without quotes, YAML reads 1.0 as a number.',
  PACK_DURATION: 'A text is not a duration.',
  PACK_ID: 'An id contains characters that ids cannot have, such as spaces or uppercase letters, or it is too long.',
  PACK_IDENTIFIER:
    'A name that expressions read, such as that of an input, contains other characters than they can read.',
  PACK_RESERVED_NAME: 'The name already has a meaning in expressions or in the engine.',
  PACK_ENV_NAME:
    'The name of an environment variable contains lowercase letters or other characters that it cannot have.',
  PACK_ENV_RESERVED: 'A step sets an environment variable that only the runner may set.',
  PACK_SCOPE: 'A grant or scope of the pack is not written as scopes are.',
  PACK_DIGEST: 'A text is not a SHA-256 digest.',
  PACK_USES: 'The value of uses names neither a built-in executor, an extension nor a pack.',
  PACK_STEP_KIND:
    'A step says nothing of what it does, or says it twice: it has none or several of run, group, map and the like.',
  PACK_GATE_FIELD:
    'A gate has a field for attempts, such as retries. People decide at a gate, so nothing is attempted.',
  PACK_DUPLICATE_ID:
    'Two steps of one scope have the same id, so steps.<id> would be ambiguous. Groups, branches and parallel steps share the scope around them.',
  PACK_DUPLICATE_NAME: 'Two entries of one list have the same name.',
  PACK_NEEDS_UNKNOWN:
    'A step needs a step that is not in its own list. A step cannot need one inside or outside of its group.',
  PACK_NEEDS_CYCLE: 'Steps wait for each other in a circle, so none of them could start.',
  PACK_UNKNOWN_SECRET: 'A step uses a secret that the pack does not declare.',
  PACK_UNKNOWN_APPROVAL: 'A gate uses an approval that the pack does not declare.',
  PACK_UNKNOWN_POLICY: 'A gate uses a policy that the pack does not declare.',
  PACK_INPUT_DEFAULT: 'The default of an input is of another type, or is not in its enum.',
  PACK_PATH: 'A path is absolute, leads out of the pack, or contains backslashes.',
  PACK_FILE_MISSING: 'The manifest names a file that is not in the folder of the pack.',
  PACK_RUNNER_TOO_OLD: 'The pack requires a later version of TaskRunner (metadata.minRunnerVersion).',
  PACK_TOO_MANY_STEPS: 'The manifest has more steps than a pack may have.',

  PACK_INNER_APPROVAL: 'An inner pack has an approval that is mapped to none of this pack, or to a weaker one.',
  PACK_INNER_CYCLE: 'A pack uses itself, directly or through other packs.',
  PACK_INNER_DEPTH: 'Packs use packs more than five levels deep.',
  PACK_INNER_FIELD: 'A step that uses a pack has a field that only steps with an executor can have.',
  PACK_INNER_IGNORED:
    'A warning: an inner pack sets fields that only the pack that is run can set. They have no effect.',
  PACK_INNER_SECRET: 'An inner pack needs a secret that the step does not pass to it.',
  PACK_INNER_TOO_LARGE: 'The inner packs make the plan larger than a plan may be.',
  PACK_INNER_UNAVAILABLE: 'No folder and no registry has the pack that a step uses.',

  EXPR_SYNTAX: 'The text between {{ and }} is not an expression. Expressions are JMESPath, not a programming language.',
  EXPR_UNCLOSED: 'An expression begins with {{ and does not end.',
  EXPR_LIMIT: 'An expression is too long or too deeply nested.',
  EXPR_COST: 'The expression would take too many operations on its values.',
  EXPR_UNKNOWN_NAME:
    'An expression reads a name that does not exist at this place. Steps of a map or loop exist only inside of it.',
  EXPR_UNKNOWN_FUNCTION: 'An expression calls a function that does not exist.',
  EXPR_ARGUMENTS: 'A function is called with too few or too many arguments.',
  EXPR_TYPE:
    'An operator, a function or a field gets a value of a type that it does not take. Types are never converted silently.',
  EXPR_VALUE: 'A value has the right type, but the operation has no result for it, such as a division by zero.',
  EXPR_NULL: 'The value of an expression inside of a text is null, and null has no text.',
  EXPR_ROOT: 'An expression reads everything, or reads the scope of the pack where only an element is meant.',
  EXPR_NOT_ALLOWED: 'The field must be the same in every run, so it cannot contain an expression.',
  EXPR_LATE_BOUND:
    'An expression that decides which steps run reads a value that is known only at run time, such as run.id.',
  EXPR_STEP_ORDER: 'An expression reads a step that may not have ended by then, because nothing makes it run before.',
  EXPR_IN_SCRIPT:
    'A warning: the source of a script contains an expression. Scripts are never interpolated, so it stays in the text.',
  EXPR_DOLLAR: 'A warning: a $ precedes an expression. Other systems write ${{ … }}; here the $ stays in the text.',

  PLAN_EFFECTS_LOOSER: 'A step states that it can be repeated more freely than its executor allows.',
  PLAN_FILE_MISSING: 'A policy names a file that is not in the pack.',
  PLAN_NEEDS_CYCLE: 'Steps wait for each other in a circle, so none of them could start.',
  PLAN_OUTPUT_TYPE: 'An output of the pack is declared with another type than its value has.',
  PLAN_TOO_MANY_STEPS: 'The plan has more steps than a plan may have, inner packs included.',
  PLAN_TOO_DEEP: 'Steps are nested too deeply in groups, maps, loops and branches.',
  PLAN_CONCURRENCY_GROUP: 'The concurrency group is not a text, or cannot be computed from the inputs.',
};

/** The cause of a fault, with an example if it is a common one; null: the code has none here. */
export function causeOf(code: string): FaultCause | null {
  if (!Object.hasOwn(CAUSES, code)) return null;
  const known = code as Explained;
  const example = EXAMPLES[known];
  return { cause: CAUSES[known], ...(example === undefined ? {} : { example }) };
}

/** All codes with a cause. */
export const CAUSED: readonly string[] = Object.keys(CAUSES);

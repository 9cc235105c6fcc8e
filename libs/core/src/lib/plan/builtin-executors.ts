import {
  ANY_TYPE,
  arrayType,
  BOOLEAN_TYPE,
  nullable,
  NUMBER_TYPE,
  objectType,
  STRING_TYPE,
  type StaticType,
} from '../expression/static-type';
import { isJsonObject, type JsonObject } from '../foundation/json';
import type { Effects } from './plan';

/** One parameter of `with`. */
export interface Parameter {
  readonly type: StaticType;
  readonly required?: boolean;
  /**
   * `verbatim`: its texts are never read for expressions. `plain`: `{{` in it is a fault. `response`: its expressions read
   * `response` alone, and the executor evaluates them. `argument`: no secret and no sensitive input may stand in it. `inside`: a secret
   * may be a part of its texts.
   */
  readonly reading?: 'verbatim' | 'plain' | 'response' | 'argument' | 'inside';
  /** It is a list with at least one element. */
  readonly filled?: boolean;
}

/** What the planner knows of an executor. */
export interface BuiltinExecutor {
  readonly effects: Effects;
  /** Where the parameters decide it: the class of a step that states none, and the loosest that one may state. */
  readonly effectsOf?: (parameters: JsonObject) => { readonly usual: Effects; readonly loosest: Effects };
  /** Raised only when what it does changes. Part of the environment digest. */
  readonly behaviour: number;
  /** Null: any parameters. */
  readonly parameters: Readonly<Record<string, Parameter>> | null;
  /** Whether steps may declare outputs of their own; then those are what is known. */
  readonly declares: boolean;
  /** It is there only where the environment lists it: its operator must configure something for it. */
  readonly configured?: true;
  /** Outputs from the types of the parameters. */
  readonly outputs: (parameters: Readonly<Record<string, StaticType>>) => StaticType;
}

/** Numbers and truths in an argument list are printed as JSON. */
const ARGUMENT: StaticType = { kinds: ['boolean', 'number', 'string'] };
const EXIT_CODES: Parameter = { type: arrayType(NUMBER_TYPE), filled: true };
const NOTHING = objectType({});
const WRITTEN = objectType({ exitCode: NUMBER_TYPE }, true);

/** What an http step receives, as expressions over `response` see it. */
export const RESPONSE_TYPE = objectType({ status: NUMBER_TYPE, headers: objectType({}, true), body: ANY_TYPE });
const SAFE_METHODS: readonly unknown[] = [undefined, 'GET', 'HEAD'];
/** Idempotent by RFC 9110 §9.2.2, if the server keeps to it: so only where the author says so. */
const IDEMPOTENT_METHODS: readonly unknown[] = ['DELETE', 'OPTIONS', 'PUT'];
export const HTTP_METHODS: readonly string[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/** The built-in executors of this version, by name (language.md §6). */
export const BUILTIN_EXECUTORS: Readonly<Record<string, BuiltinExecutor>> = {
  noop: {
    effects: 'pure',
    behaviour: 1,
    parameters: null,
    declares: false,
    outputs: (parameters) => objectType(parameters),
  },
  fail: {
    effects: 'pure',
    behaviour: 1,
    parameters: { message: { type: STRING_TYPE } },
    declares: false,
    outputs: () => NOTHING,
  },
  wait: {
    effects: 'pure',
    behaviour: 1,
    parameters: { for: { type: STRING_TYPE, required: true } },
    declares: false,
    outputs: () => NOTHING,
  },
  transform: {
    effects: 'pure',
    behaviour: 1,
    parameters: { outputs: { type: objectType({}, true), required: true } },
    declares: false,
    outputs: ({ outputs }) => outputs ?? ANY_TYPE,
  },
  'validate-schema': {
    effects: 'pure',
    behaviour: 1,
    parameters: {
      target: { type: ANY_TYPE, required: true },
      schema: { type: objectType({}, true), required: true, reading: 'verbatim' },
    },
    declares: false,
    outputs: () => objectType({ valid: BOOLEAN_TYPE }),
  },
  'bundle.ingest': {
    effects: 'idempotent',
    behaviour: 1,
    parameters: {
      bundle: { type: objectType({ digest: STRING_TYPE, size: NUMBER_TYPE }, true), required: true },
      trust: { type: arrayType(STRING_TYPE), required: true, filled: true, reading: 'plain' },
      expect: { type: objectType({ name: STRING_TYPE, version: STRING_TYPE, digest: STRING_TYPE }) },
    },
    declares: false,
    outputs: () =>
      objectType({
        digest: STRING_TYPE,
        manifest: objectType({ name: STRING_TYPE, version: STRING_TYPE }),
        entries: arrayType(
          objectType({
            name: STRING_TYPE,
            path: STRING_TYPE,
            digest: STRING_TYPE,
            size: NUMBER_TYPE,
            mediaType: STRING_TYPE,
          }),
        ),
      }),
  },
  'evidence-export': {
    effects: 'idempotent',
    behaviour: 1,
    parameters: {
      destination: { type: STRING_TYPE, required: true, reading: 'plain' },
      run: { type: STRING_TYPE },
      artifacts: { type: BOOLEAN_TYPE, reading: 'plain' },
    },
    declares: false,
    outputs: () =>
      objectType({
        run: STRING_TYPE,
        destination: STRING_TYPE,
        artifacts: BOOLEAN_TYPE,
        file: STRING_TYPE,
        status: STRING_TYPE,
        digest: nullable(STRING_TYPE),
        size: nullable(NUMBER_TYPE),
      }),
  },
  command: {
    effects: 'idempotent',
    behaviour: 1,
    parameters: {
      command: { type: arrayType(ARGUMENT), required: true, filled: true, reading: 'argument' },
      okExitCodes: EXIT_CODES,
      stdin: { type: ANY_TYPE },
    },
    declares: true,
    outputs: () => WRITTEN,
  },
  script: {
    effects: 'idempotent',
    behaviour: 1,
    parameters: {
      interpreter: { type: arrayType(STRING_TYPE), required: true, filled: true, reading: 'plain' },
      path: { type: STRING_TYPE, reading: 'plain' },
      source: { type: STRING_TYPE, reading: 'verbatim' },
      args: { type: arrayType(ARGUMENT), reading: 'argument' },
      okExitCodes: EXIT_CODES,
      stdin: { type: ANY_TYPE },
    },
    declares: true,
    outputs: () => WRITTEN,
  },
  container: {
    effects: 'idempotent',
    behaviour: 1,
    configured: true,
    parameters: {
      image: { type: STRING_TYPE, required: true, reading: 'plain' },
      command: { type: arrayType(ARGUMENT), filled: true, reading: 'argument' },
      args: { type: arrayType(ARGUMENT), reading: 'argument' },
      okExitCodes: EXIT_CODES,
      resources: { type: objectType({}, true), reading: 'plain' },
    },
    declares: true,
    outputs: () => WRITTEN,
  },
  http: {
    effects: 'idempotent',
    effectsOf: ({ method }) => ({
      usual: SAFE_METHODS.includes(method) ? 'idempotent' : 'once',
      loosest: SAFE_METHODS.includes(method) || IDEMPOTENT_METHODS.includes(method) ? 'idempotent' : 'once',
    }),
    behaviour: 1,
    parameters: {
      method: { type: STRING_TYPE, reading: 'plain' },
      url: { type: STRING_TYPE, required: true },
      query: { type: objectType({}, true) },
      headers: { type: objectType({}, true), reading: 'inside' },
      body: { type: ANY_TYPE, reading: 'inside' },
      form: { type: objectType({}, true), reading: 'inside' },
      auth: { type: objectType({}, true), reading: 'plain' },
      expect: { type: arrayType({ kinds: ['number', 'string'] }), filled: true, reading: 'plain' },
      outputs: { type: objectType({}, true), reading: 'response' },
      saveAs: { type: STRING_TYPE, reading: 'plain' },
      maxBytes: { type: NUMBER_TYPE, reading: 'plain' },
    },
    declares: false,
    outputs: ({ outputs }) => outputs ?? RESPONSE_TYPE,
  },
};

/** Behaviour versions by `uses`, for the environment document. */
export function builtinBehaviours(): { readonly [uses: string]: number } {
  return Object.fromEntries(
    Object.entries(BUILTIN_EXECUTORS).map(([name, { behaviour }]) => [`builtin:${name}`, behaviour]),
  );
}

/** Parameters of an executor whose texts a binding hands over as they are: none of their expressions reads the run. */
export function verbatimParameters(uses: string): readonly string[] {
  const known = builtinNamed(uses);
  return Object.entries(known?.parameters ?? {}).flatMap(([name, { reading }]) =>
    reading === 'verbatim' || reading === 'response' ? [name] : [],
  );
}

/** The name of the artifact that an http step makes of the response's body; null: none. */
export function savedArtifact(uses: string, { saveAs }: JsonObject): string | null {
  return uses === 'builtin:http' && typeof saveAs === 'string' ? saveAs : null;
}

/** The secret that an http step names in `auth`; null: it names none, or is malformed. */
export function authSecret({ auth }: JsonObject): string | null {
  if (!isJsonObject(auth)) return null;
  const { bearer, basic } = auth;
  const name = isJsonObject(basic) ? basic['password'] : bearer;
  return typeof name === 'string' ? name : null;
}

/** The executor that `uses` names, if this version has it. */
export function builtinNamed(uses: string): BuiltinExecutor | null {
  const name = uses.startsWith('builtin:') ? uses.slice('builtin:'.length) : '';
  return Object.hasOwn(BUILTIN_EXECUTORS, name) ? (BUILTIN_EXECUTORS[name] ?? null) : null;
}

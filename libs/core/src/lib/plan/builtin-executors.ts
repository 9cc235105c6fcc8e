import { isJsonObject, type JsonObject } from '../foundation/json';
import type { ExecutorDescriptor, Parameter, ValueSchema } from './executor-descriptor';

const TEXT: ValueSchema = { type: 'string' };
const NUMBER: ValueSchema = { type: 'number' };
const TRUTH: ValueSchema = { type: 'boolean' };
const MEMBERS: ValueSchema = { type: 'object' };
const TEXTS: ValueSchema = { type: 'array', items: TEXT };
const ANY: ValueSchema = true;

/** Numbers and booleans in an argument list are printed as JSON. */
const ARGUMENTS: ValueSchema = { type: 'array', items: { type: ['boolean', 'number', 'string'] } };
const EXIT_CODES: Parameter = { schema: { type: 'array', items: NUMBER, minItems: 1 } };

/** An object with exactly these members. */
function members(properties: { readonly [name: string]: ValueSchema }): JsonObject {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

const NOTHING = { from: 'schema', schema: members({}) } as const;
/** Outputs of a sandboxed step besides its exit code. */
const WRITTEN = {
  from: 'schema',
  schema: { type: 'object', properties: { exitCode: NUMBER }, required: ['exitCode'] },
} as const;

/** The response of an http step, as expressions see it in `response`. */
export const RESPONSE = members({ status: NUMBER, headers: MEMBERS, body: ANY });
export const HTTP_METHODS: readonly string[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/** The built-in executors of this version (docs/guides/writing-packs.md, Executors). */
export const BUILTIN_EXECUTORS: readonly ExecutorDescriptor[] = [
  {
    uses: 'builtin:noop',
    behaviour: 1,
    effects: 'pure',
    parameters: null,
    declares: false,
    outputs: { from: 'parameters' },
  },
  {
    uses: 'builtin:fail',
    behaviour: 1,
    effects: 'pure',
    parameters: { message: { schema: TEXT } },
    declares: false,
    outputs: NOTHING,
  },
  {
    uses: 'builtin:wait',
    behaviour: 1,
    effects: 'pure',
    parameters: { for: { schema: TEXT, required: true } },
    declares: false,
    outputs: NOTHING,
  },
  {
    uses: 'builtin:transform',
    behaviour: 1,
    effects: 'pure',
    parameters: { outputs: { schema: MEMBERS, required: true } },
    declares: false,
    outputs: { from: 'parameter', parameter: 'outputs', otherwise: ANY },
  },
  {
    uses: 'builtin:validate-schema',
    behaviour: 1,
    effects: 'pure',
    parameters: {
      target: { schema: ANY, required: true },
      schema: { schema: MEMBERS, required: true, reading: 'verbatim' },
    },
    declares: false,
    outputs: { from: 'schema', schema: members({ valid: TRUTH }) },
  },
  {
    uses: 'builtin:bundle.ingest',
    behaviour: 1,
    effects: 'idempotent',
    parameters: {
      bundle: {
        schema: { type: 'object', properties: { digest: TEXT, size: NUMBER }, required: ['digest', 'size'] },
        required: true,
      },
      trust: { schema: { ...TEXTS, minItems: 1 }, required: true, reading: 'plain' },
      expect: {
        schema: {
          type: 'object',
          properties: { name: TEXT, version: TEXT, digest: TEXT },
          additionalProperties: false,
        },
      },
    },
    declares: false,
    outputs: {
      from: 'schema',
      schema: members({
        digest: TEXT,
        manifest: members({ name: TEXT, version: TEXT }),
        entries: {
          type: 'array',
          items: members({ name: TEXT, path: TEXT, digest: TEXT, size: NUMBER, mediaType: TEXT }),
        },
      }),
    },
  },
  {
    uses: 'builtin:evidence-export',
    behaviour: 1,
    effects: 'idempotent',
    parameters: {
      destination: { schema: TEXT, required: true, reading: 'plain' },
      run: { schema: TEXT },
      artifacts: { schema: TRUTH, reading: 'plain' },
    },
    declares: false,
    outputs: {
      from: 'schema',
      schema: members({
        run: TEXT,
        destination: TEXT,
        artifacts: TRUTH,
        file: TEXT,
        status: TEXT,
        digest: { type: ['string', 'null'] },
        size: { type: ['number', 'null'] },
      }),
    },
  },
  {
    uses: 'builtin:command',
    behaviour: 1,
    effects: 'idempotent',
    sandboxed: true,
    parameters: {
      command: { schema: { ...ARGUMENTS, minItems: 1 }, required: true, reading: 'argument' },
      okExitCodes: EXIT_CODES,
      stdin: { schema: ANY },
    },
    declares: true,
    outputs: WRITTEN,
  },
  {
    uses: 'builtin:script',
    behaviour: 1,
    effects: 'idempotent',
    sandboxed: true,
    parameters: {
      interpreter: { schema: { ...TEXTS, minItems: 1 }, required: true, reading: 'plain' },
      path: { schema: TEXT, reading: 'plain' },
      source: { schema: TEXT, reading: 'verbatim' },
      args: { schema: ARGUMENTS, reading: 'argument' },
      okExitCodes: EXIT_CODES,
      stdin: { schema: ANY },
    },
    declares: true,
    outputs: WRITTEN,
  },
  {
    uses: 'builtin:container',
    behaviour: 1,
    effects: 'idempotent',
    sandboxed: true,
    configured: true,
    parameters: {
      image: { schema: TEXT, required: true, reading: 'plain' },
      command: { schema: { ...ARGUMENTS, minItems: 1 }, reading: 'argument' },
      args: { schema: ARGUMENTS, reading: 'argument' },
      okExitCodes: EXIT_CODES,
      resources: { schema: MEMBERS, reading: 'plain' },
    },
    declares: true,
    outputs: WRITTEN,
  },
  {
    uses: 'builtin:http',
    behaviour: 1,
    effects: 'idempotent',
    effectsBy: {
      parameter: 'method',
      absent: 'GET',
      usual: { GET: 'idempotent', HEAD: 'idempotent' },
      // The other methods are idempotent by RFC 9110 §9.2.2 if the server complies. The author must state that.
      loosest: {
        GET: 'idempotent',
        HEAD: 'idempotent',
        DELETE: 'idempotent',
        OPTIONS: 'idempotent',
        PUT: 'idempotent',
      },
    },
    parameters: {
      method: { schema: TEXT, reading: 'plain' },
      url: { schema: TEXT, required: true },
      query: { schema: MEMBERS },
      headers: { schema: MEMBERS, reading: 'inside' },
      body: { schema: ANY, reading: 'inside' },
      form: { schema: MEMBERS, reading: 'inside' },
      auth: { schema: MEMBERS, reading: 'plain' },
      expect: { schema: { type: 'array', items: { type: ['number', 'string'] }, minItems: 1 }, reading: 'plain' },
      outputs: { schema: MEMBERS, reading: 'response' },
      saveAs: { schema: TEXT, reading: 'plain' },
      maxBytes: { schema: NUMBER, reading: 'plain' },
    },
    declares: false,
    outputs: { from: 'parameter', parameter: 'outputs', otherwise: RESPONSE },
  },
];

const BY_USES: ReadonlyMap<string, ExecutorDescriptor> = new Map(BUILTIN_EXECUTORS.map((one) => [one.uses, one]));

/** The executor that `uses` names, if it is built into this version. */
export function builtinNamed(uses: string): ExecutorDescriptor | null {
  return BY_USES.get(uses) ?? null;
}

/** Behaviour versions by `uses`, for the environment document. */
export function builtinBehaviours(): { readonly [uses: string]: number } {
  return Object.fromEntries(BUILTIN_EXECUTORS.map(({ uses, behaviour }) => [uses, behaviour]));
}

/** Parameters of an executor whose texts a binding passes unchanged: none of their expressions reads the run. */
export function verbatimParameters(uses: string): readonly string[] {
  const known = builtinNamed(uses);
  return Object.entries(known?.parameters ?? {}).flatMap(([name, { reading }]) =>
    reading === 'verbatim' || reading === 'response' ? [name] : [],
  );
}

/** The name of the artifact with the response body of an http step; null: none. */
export function savedArtifact(uses: string, { saveAs }: JsonObject): string | null {
  return uses === 'builtin:http' && typeof saveAs === 'string' ? saveAs : null;
}

/** The secret in `auth` of an http step; null if there is none or it is malformed. */
export function authSecret({ auth }: JsonObject): string | null {
  if (!isJsonObject(auth)) return null;
  const { bearer, basic } = auth;
  const name = isJsonObject(basic) ? basic['password'] : bearer;
  return typeof name === 'string' ? name : null;
}

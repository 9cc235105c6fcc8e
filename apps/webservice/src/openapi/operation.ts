import { applyDecorators, type Type } from '@nestjs/common';
import type * as Swagger from '@nestjs/swagger';
import type { Json, Scope } from '@taskrunner/core/foundation';
import { LIMITED, PUBLIC, RequireAccess, type Access } from '../auth/auth.guard';
import { Produces } from '../requests/acceptable.guard';
import { TakesQuery } from '../requests/paging/known-parameters.guard';
import { PROBLEMS, type ProblemCode } from '@taskrunner/core/operations';
import { described } from './described';

/** A JSON Schema (2020-12), as used in OpenAPI 3.1. */
export type Schema = Readonly<Record<string, unknown>>;

/** A successful response. */
export interface Answer {
  readonly status: number;
  readonly description: string;
  /** Null: no body. */
  readonly schema: Schema | null;
  readonly example?: Json;
  /** Default: `application/json`. A list: the accepted type. */
  readonly mediaType?: string | readonly string[];
  /** Representations of other types. */
  readonly others?: readonly { readonly mediaType: string; readonly schema: Schema; readonly example: Json }[];
  /** Besides those of every response. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The OpenAPI description of a route, and its requirements for callers. */
export interface OperationFacts {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** One of these scopes is required; empty: every caller may call it. */
  readonly scopes: readonly Scope[];
  readonly limit: Access['limit'];
  readonly takesBound?: boolean;
  readonly body?: {
    readonly type: Type<object>;
    readonly example: Json;
    /** True: an absent body counts as `{}`. */
    readonly isOptional?: boolean;
  };
  /** Description of a body that is arbitrary bytes. */
  readonly raw?: string;
  readonly query?: Readonly<
    Record<string, { readonly description: string; readonly schema: Schema; readonly isRequired?: boolean }>
  >;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: readonly Answer[];
  /** Errors in addition to those of every route. */
  readonly codes: readonly ProblemCode[];
}

const EVERYWHERE: readonly ProblemCode[] = [
  'TOKEN_MISSING',
  'TOKEN_INVALID',
  'TENANT_MISMATCH',
  'NOT_ACCEPTABLE',
  // Unknown query parameters are refused.
  'REQUEST_INVALID',
  'RATE_LIMITED',
  'AUTHORITY_UNAVAILABLE',
  'DATABASE_UNAVAILABLE',
  'INTERNAL',
];
/** Whose responses say which token is needed. */
const CHALLENGING: readonly ProblemCode[] = [
  ...(['TOKEN_MISSING', 'TOKEN_INVALID', 'TOKEN_BOUND', 'SCOPE_MISSING', 'GATE_AUTH_TOO_OLD'] as const),
];
/** Of routes that change something, and so add an entry to the audit chain. */
const OF_CHANGES: readonly ProblemCode[] = ['AUDIT_CHAIN_ALTERED'];
/** Of routes that read what is stored. */
export const OF_DOWNLOADS: readonly ProblemCode[] = [
  'OBJECT_MISSING',
  'OBJECT_DIGEST_MISMATCH',
  'OBJECT_STORE_UNAVAILABLE',
  'OBJECT_STORE_REFUSED',
];
/** Of routes that take a pack, which may be an upload. */
export const OF_UPLOADED_PACKS: readonly ProblemCode[] = [
  'UPLOAD_MISSING',
  'ARCHIVE_INVALID',
  'ARCHIVE_UNSAFE',
  'ARCHIVE_TOO_LARGE',
  ...OF_DOWNLOADS,
];
const OF_BODIES: readonly ProblemCode[] = [
  'BODY_UNREADABLE',
  'BODY_TOO_LARGE',
  'BODY_MEDIA_TYPE',
  'BODY_TIMEOUT',
  'BODIES_BUSY',
  'BODY_READER_UNAVAILABLE',
];

/** Of routes whose answers have an ETag. */
export const IF_NONE_MATCH = { 'If-None-Match': 'ETag of the representation that the client has.' };
export const NOT_MODIFIED: Answer = {
  status: 304,
  description: 'Not modified.',
  schema: null,
  headers: { ETag: 'The ETag that the client has.' },
};
/** Of responses that are streams. */
export const OF_STREAMS = { 'X-Accel-Buffering': '`no`: proxies must not buffer the stream.' };

const OF_FILES = {
  ETag: 'Digest of the whole.',
  'Accept-Ranges': '`bytes`: ranges can be requested.',
  'Content-Disposition': 'Name of the file.',
  'Content-Security-Policy': 'Keeps a browser from executing the content.',
  'Repr-Digest': 'SHA-256 of the whole, also for a range (RFC 9530).',
};

/** Answers of a route that sends bytes, as a whole or one range of them. */
export function downloads(whole: string, mediaType: string): readonly Answer[] {
  const schema = { type: 'string', format: 'binary' };
  return [
    { status: 200, description: whole, schema, mediaType, example: 'bytes', headers: OF_FILES },
    {
      ...{ status: 206, description: 'The requested range.', schema, mediaType },
      headers: { ...OF_FILES, 'Content-Range': 'Place of the range, and size of the whole.' },
    },
    NOT_MODIFIED,
  ];
}

/** Describes a route and says who may call it: one source for the document and for the guard. */
export function Operation(facts: OperationFacts): MethodDecorator {
  const { scopes, limit, takesBound = false, query = {} } = facts;
  return applyDecorators(
    RequireAccess({ scopes, limit, takesBound }),
    Produces(facts.answers.flatMap(typesOf)),
    TakesQuery(Object.keys(query).length > 0),
    described((library) => operationOf(library, facts)),
  );
}

function operationOf(
  { ApiBody, ApiConsumes, ApiExtraModels, ApiHeader, ApiOperation, ApiQuery, ApiResponse, ApiSecurity }: typeof Swagger,
  facts: OperationFacts,
): MethodDecorator[] {
  const { scopes, limit, takesBound = false, body, raw, query = {}, headers = {} } = facts;
  const codes = new Set<ProblemCode>([
    ...EVERYWHERE,
    ...(takesBound ? [] : (['TOKEN_BOUND'] as const)),
    ...(scopes.length > 0 ? (['SCOPE_MISSING'] as const) : []),
    ...(body ? OF_BODIES : []),
    ...(limit === 'submit' || limit === 'decide' ? OF_CHANGES : []),
    ...facts.codes,
    // Stored documents of a run are compared with their digests before a response uses them.
    ...(facts.codes.includes('RUN_NOT_FOUND') ? (['DOCUMENT_ALTERED', 'JOURNAL_WITHHELD'] as const) : []),
  ]);
  return [
    ...securityOf(scopes).map((scopesOfOne) => ApiSecurity('bearer', scopesOfOne)),
    ApiOperation({
      operationId: facts.id,
      summary: facts.summary,
      ...(facts.description === undefined ? {} : { description: facts.description }),
      ...({ 'x-scopes': [...scopes] } as object),
    }),
    ...(body
      ? [
          ApiExtraModels(body.type),
          ApiBody({
            type: body.type,
            required: body.isOptional !== true,
            examples: { example: { value: body.example } },
          }),
        ]
      : []),
    ...(raw === undefined
      ? []
      : [
          ApiConsumes('application/octet-stream'),
          ApiBody({
            required: true,
            description: raw,
            schema: { type: 'string', format: 'binary' },
            examples: { example: { value: 'bytes' } },
          }),
        ]),
    ...Object.entries(query).map(([name, { description, schema, isRequired = false }]) =>
      ApiQuery({ name, required: isRequired, description, schema: schema as never }),
    ),
    ...Object.entries(headers).map(([name, description]) =>
      ApiHeader({ name, required: false, description, schema: { type: 'string' } }),
    ),
    ...facts.answers.map((answer) => ApiResponse(responseOf(answer) as never)),
    ...problemsOf(codes, limitsOf(limit, codes)).map((problem) => ApiResponse(problem as never)),
  ];
}

/** A route that needs no token. */
export function PublicOperation(
  id: string,
  summary: string,
  answers: readonly Answer[],
  codes: readonly ProblemCode[] = [],
): MethodDecorator {
  return applyDecorators(
    RequireAccess(PUBLIC),
    Produces(answers.flatMap(typesOf)),
    TakesQuery(false),
    described(({ ApiOperation, ApiResponse }) => [
      ApiOperation({ operationId: id, summary, ...({ 'x-scopes': [], security: [] } as object) }),
      ...answers.map((answer) => ApiResponse(responseOf(answer) as never)),
      ...problemsOf(new Set<ProblemCode>(['INTERNAL', 'NOT_ACCEPTABLE', 'REQUEST_INVALID', ...codes])).map((problem) =>
        ApiResponse(problem as never),
      ),
    ]),
  );
}

/** One alternative for each scope. The scopes of one alternative are all required (OpenAPI 3.1 §4.8.30). */
function securityOf(scopes: readonly Scope[]): readonly Scope[][] {
  return scopes.length === 0 ? [[]] : scopes.map((scope) => [scope]);
}

function typesOf({ others = [], ...answer }: Answer): readonly string[] {
  return [...mainTypesOf(answer), ...others.map(({ mediaType }) => mediaType)];
}

function mainTypesOf({ schema, mediaType = 'application/json' }: Answer): readonly string[] {
  return schema === null ? [] : [mediaType].flat();
}

function responseOf(answer: Answer): object {
  const { status, description, schema, example, headers = {}, others = [] } = answer;
  const main = { schema, ...(example === undefined ? {} : { example }) };
  const content = [
    ...mainTypesOf(answer).map((type) => [type, main] as const),
    ...others.map(({ mediaType, ...other }) => [mediaType, other] as const),
  ];
  return {
    status,
    description,
    headers: headersOf(headers),
    ...(schema === null ? {} : { content: Object.fromEntries(content) }),
  };
}

function headersOf(headers: Readonly<Record<string, string>>): object {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [
      name,
      { description, schema: name === 'Retry-After' ? { type: 'integer', minimum: 0 } : { type: 'string' } },
    ]),
  );
}

/** Headers of the responses with these codes. */
function problemHeadersOf(codes: readonly ProblemCode[]): Readonly<Record<string, string>> {
  return {
    ...(codes.some((code) => CHALLENGING.includes(code))
      ? { 'WWW-Authenticate': 'Which token is needed (RFC 6750, RFC 9470). With codes about tokens.' }
      : {}),
    ...(codes.some((code) => PROBLEMS[code].retryable === true || code === 'EVIDENCE_NOT_SEALED')
      ? { 'Retry-After': 'Seconds to wait before the request is repeated. With codes that are `retryable`.' }
      : {}),
    ...(codes.includes('OBJECT_RANGE') ? { 'Content-Range': 'Size of the content: `bytes */size`.' } : {}),
  };
}

/** The rate limits of a route, as its 429 describes them. */
function limitsOf(limit: Access['limit'], codes: ReadonlySet<ProblemCode>): string {
  const limits = [limit, ...(codes.has('DECISIONS_TOO_MANY') ? (['refusedDecisions'] as const) : [])];
  const texts = [...limits, 'refusedTokens' as const].map((name) => `${LIMITED[name]} (\`http.limits.${name}\`)`);
  // Plain joins: the first formatter of a language takes milliseconds of each start.
  return ` Limited are ${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}.`;
}

/** One response per status, with its codes as an enumeration. */
function problemsOf(codes: ReadonlySet<ProblemCode>, limits = ''): readonly object[] {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of [...codes].sort()) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return [...byStatus].map(([status, of]) => ({
    status,
    description: of
      .map((code) => `\`${code}\`: ${PROBLEMS[code].title}.${code === 'RATE_LIMITED' ? limits : ''}`)
      .join(' '),
    headers: headersOf(problemHeadersOf(of)),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            { type: 'object', properties: { code: { type: 'string', enum: of } } },
          ],
        },
        example: exampleOf(of[0] ?? 'INTERNAL'),
      },
    },
  }));
}

function exampleOf(code: ProblemCode): Json {
  const { status, title, remediation, retryable } = PROBLEMS[code];
  return {
    type: `https://runner.example.org/errors/${code}`,
    title,
    status,
    code,
    detail: title,
    remediation,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    instance: '/api/runs',
    retryable: retryable ?? false,
    errors: [],
  };
}

import type { INestApplication } from '@nestjs/common';
import type * as Swagger from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { loadDescriptions } from './described';
import { SCHEMAS } from './schemas';

const LICENSE = 'AGPL-3.0-or-later';

const DESCRIPTION = `Plan, approve and run Task Packs, and download their signed evidence. The paths \`/v1/task-runner/…\` are equivalent to \`/api/…\`.

**Access.** \`x-scopes\` of an operation lists its scopes: one of them suffices, and each is an alternative in \`security\`. Without scopes, every token of the service suffices.

**Requests.** Unknown members of a body and unknown query parameters are refused with 422 \`REQUEST_INVALID\`; \`errors\` lists all faults of the body or of the query. A member that may be left out is not null, unless its schema says so.

**Lists.** A page has \`items\` and \`nextCursor\`. While \`nextCursor\` is not null, repeat the request with \`cursor\` and the same filters; only \`limit\` may change. A page can have fewer items than \`limit\` although more follow.

**Errors** are problem documents (RFC 9457). \`code\` does not change its meaning; \`GET /errors/{code}\` explains it. If \`retryable\` is true, repeat the request after \`Retry-After\` seconds.

Requests that are not valid HTTP get 400 \`REQUEST_MALFORMED\`, 408 \`HEADERS_TIMEOUT\` or 431 \`HEADERS_TOO_LARGE\` from any path, and their connection is closed. Paths are case-sensitive, and a slash at the end is another path: both get 404 \`ROUTE_NOT_FOUND\`.

**Limits.** A 429 \`RATE_LIMITED\` names the limit, its window and its key of the configuration in \`detail\`, and the time to wait in \`Retry-After\`. Limits apply to one webservice.

**Headers.** Every response has \`X-Content-Type-Options: nosniff\` and \`Referrer-Policy: no-referrer\`. JSON responses of 8 KiB and more are compressed as \`Accept-Encoding\` allows. A path answers \`OPTIONS\`, and 405 to other methods, with \`Allow\`. The answer to \`HEAD\` is that to \`GET\` without content.`;

/** Groups of routes. */
const TAGS = {
  runs: 'Start, follow, cancel and rerun runs.',
  gates: 'Approval gates and decisions.',
  evidence: 'Signed evidence of runs.',
  audit: 'The audit chain of a tenant and its signed checkpoints.',
  plans: 'Plan, simulate, compare and test packs.',
  schedules: 'Schedules that run packs at set times.',
  packs: 'Published packs.',
  events: 'The events of a tenant.',
  workers: 'Live workers.',
  uploads: 'Uploaded files for inputs and packs.',
  callers: 'The identity of the caller.',
  errors: 'The meaning of error codes.',
};

/** Serves the document at `/openapi.json` and `/openapi.yaml`, and a page about it at `/docs`. */
export async function serveDocument(app: INestApplication, version: string): Promise<void> {
  const library = await loadDescriptions();
  // Built on the first request.
  library.SwaggerModule.setup('docs', app, () => documentBy(library, app, version), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
  });
}

/** The OpenAPI 3.1 document of the API. */
export async function openApiDocument(app: INestApplication, version: string): Promise<OpenAPIObject> {
  return documentBy(await loadDescriptions(), app, version);
}

function documentBy(
  { DocumentBuilder, SwaggerModule }: typeof Swagger,
  app: INestApplication,
  version: string,
): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('TaskRunner')
    .setDescription(DESCRIPTION)
    .setVersion(version)
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'bearer')
    .build();
  const document = SwaggerModule.createDocument(app, builder);
  // OpenAPI 3.1: the licence by its SPDX identifier, without the URL that @nestjs/swagger expects.
  const info = { ...document.info, license: { name: LICENSE, identifier: LICENSE } };
  const tags = Object.entries(TAGS).map(([name, description]) => ({ name, description }));
  const schemas = { ...document.components?.schemas, ...SCHEMAS } as NonNullable<
    OpenAPIObject['components']
  >['schemas'];
  return withoutNullable({ ...document, info, tags, components: { ...document.components, schemas } }) as OpenAPIObject;
}

/** OpenAPI 3.1 has no `nullable`, but @nestjs/swagger writes it. */
export function withoutNullable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullable);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = value as Readonly<Record<string, unknown>>;
  const plain = Object.fromEntries(Object.entries(rest).map(([name, one]) => [name, withoutNullable(one)]));
  if (nullable !== true)
    return typeof nullable === 'object' ? { ...plain, nullable: withoutNullable(nullable) } : plain;
  const { type, description, ...bare } = plain;
  if (type !== undefined && type !== 'object' && type !== 'array') return { ...plain, type: [type, 'null'].flat() };
  // As alternatives, as `maybe` does.
  const schema = type === undefined ? bare : { type, ...bare };
  return { anyOf: [schema, { type: 'null' }], ...(description === undefined ? {} : { description }) };
}

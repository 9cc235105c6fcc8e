import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { SCHEMAS } from './schemas';

/** The OpenAPI 3.1 document of the API. */
export function openApiDocument(app: INestApplication, version: string): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('TaskRunner')
    .setDescription(
      'Task Packs: planned to a hash, approved against that hash, executed durably, evidenced offline. The published paths `/v1/task-runner/…` answer like `/api/…`.',
    )
    .setVersion(version)
    .setLicense('AGPL-3.0-or-later', '')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'bearer')
    .build();
  const document = SwaggerModule.createDocument(app, builder);
  const schemas = { ...document.components?.schemas, ...SCHEMAS } as NonNullable<
    OpenAPIObject['components']
  >['schemas'];
  return withoutNullable({ ...document, components: { ...document.components, schemas } }) as OpenAPIObject;
}

/** OpenAPI 3.1 has no `nullable`: @nestjs/swagger writes it nevertheless, and an empty licence URL. */
export function withoutNullable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullable);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = value as Readonly<Record<string, unknown>>;
  const plain = Object.fromEntries(
    Object.entries(rest)
      .filter(([, one]) => one !== '')
      .map(([name, one]) => [name, withoutNullable(one)]),
  );
  if (nullable !== true)
    return typeof nullable === 'object' ? { ...plain, nullable: withoutNullable(nullable) } : plain;
  const { type } = plain;
  if (type !== undefined) return { ...plain, type: [type, 'null'].flat() };
  return { anyOf: [plain, { type: 'null' }] };
}

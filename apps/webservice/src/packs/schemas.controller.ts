import { Controller, Get } from '@nestjs/common';
import { packSchema } from '@taskrunner/core/pack';
import { ApiTags } from '../openapi/described';
import { PublicOperation } from '../openapi/operation';

/** Schemas for editors and other tools. They contain no private data, so everyone may read them. */
@ApiTags('packs')
@Controller('api/schemas')
export class SchemasController {
  private pack: ReturnType<typeof packSchema> | undefined;

  @Get('pack')
  @PublicOperation('getPackSchema', 'Get the JSON Schema of pack.yaml', [
    {
      status: 200,
      description: 'A JSON Schema, draft 2020-12.',
      schema: { type: 'object', additionalProperties: true },
      example: { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'taskrunner.pack.v1' },
    },
  ])
  get() {
    return (this.pack ??= packSchema());
  }
}

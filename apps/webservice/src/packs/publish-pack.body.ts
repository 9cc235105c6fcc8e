import { ApiProperty } from '@nestjs/swagger';
import type { JsonObject } from '@taskrunner/core';
import { ArrayMaxSize, IsArray, IsObject, IsOptional, ValidateNested } from 'class-validator';
import { IsManifest, PackFileBody } from '../plans/pack-body';

/** `POST /api/packs`. */
export class PublishPackBody {
  static readonly parts: Readonly<Record<string, new () => object>> = { files: PackFileBody };

  @ApiProperty({
    description: 'The manifest: YAML or JSON as a text, or as an object.',
    oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }],
  })
  @IsManifest()
  manifest!: string | JsonObject;

  @ApiProperty({ required: false, type: () => [PackFileBody], description: 'The other files of the pack.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10_000)
  @ValidateNested({ each: true })
  files?: PackFileBody[];

  @ApiProperty({
    required: false,
    type: [Object],
    description: 'Publishers’ signatures: Sigstore bundles as `taskrunner pack sign` writes them.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(32)
  @IsObject({ each: true })
  signatures?: JsonObject[];
}

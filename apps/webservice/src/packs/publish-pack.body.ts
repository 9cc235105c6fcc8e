import { ApiProperty } from '@nestjs/swagger';
import type { JsonObject } from '@taskrunner/core/foundation';
import { ArrayMaxSize, IsArray, IsObject, IsOptional, ValidateNested } from 'class-validator';
import { IsManifest, PackFileBody } from '../plans/pack-body';

/** `POST /api/packs`. */
export class PublishPackBody {
  static readonly parts: Readonly<Record<string, new () => object>> = { files: PackFileBody };

  @ApiProperty({
    description: 'The manifest, as YAML or JSON text or as an object.',
    oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }],
  })
  @IsManifest()
  manifest!: string | JsonObject;

  @ApiProperty({
    required: false,
    type: () => [PackFileBody],
    description: 'The files of the pack, without the manifest.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10_000)
  @ValidateNested({ each: true })
  files?: PackFileBody[];

  @ApiProperty({
    required: false,
    type: [Object],
    description: 'Publisher signatures: Sigstore bundles as written by `taskrunner pack sign`.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(32)
  @IsObject({ each: true })
  signatures?: JsonObject[];
}

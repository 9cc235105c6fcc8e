import type { Fault, JsonObject } from '@taskrunner/core/foundation';
import { ArrayMaxSize, IsArray } from 'class-validator';
import { ApiProperty } from '../openapi/described';
import { EachIs, isRecord, MayBeAbsent } from '../requests/rules';
import { filesTogether, IsManifest, PackFileBody, PackFiles } from '../plans/pack-body';

/** `POST /api/packs`. */
export class PublishPackBody {
  static readonly parts: Readonly<Record<string, new () => object>> = { files: PackFileBody };

  static together({ files }: Readonly<Record<string, unknown>>): readonly Fault[] {
    return filesTogether(files);
  }

  @ApiProperty({
    description: 'The manifest, as YAML or JSON text or as an object.',
    oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }],
  })
  @IsManifest()
  manifest!: string | JsonObject;

  @PackFiles()
  files?: PackFileBody[];

  @ApiProperty({
    required: false,
    type: [Object],
    description: 'Publisher signatures: Sigstore bundles as written by `taskrunner pack sign`.',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(32)
  @EachIs('isSignature', 'an object', isRecord)
  signatures?: JsonObject[];
}

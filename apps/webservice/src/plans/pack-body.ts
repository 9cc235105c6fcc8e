import { applyDecorators } from '@nestjs/common';
import { canonical } from '@taskrunner/core/canonical';
import { isDigest, type Digest, type Fault, type JsonObject } from '@taskrunner/core/foundation';
import type { PackSourceFile, PackSource } from '@taskrunner/core/operations';
import { parsePackPath, parsePackReference } from '@taskrunner/core/pack';
import { ArrayMaxSize, IsArray, IsBoolean, IsObject, IsString, MaxLength, ValidateIf } from 'class-validator';
import { ApiProperty } from '../openapi/described';
import { DIGEST_PATTERN, EachIs, isRecord, MayBeAbsent, rule } from '../requests/rules';
import { fault, requestInvalid } from '../requests/validated';

/** Characters of the path of a file. */
const MOST_PATH = 1_024;

/** There is no pattern for the whole text: for many MiB it would overflow the stack. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(text.replace(/={1,2}$/, ''));
}

/** A manifest: its text, or the object itself. */
export const IsManifest = rule(
  'isManifest',
  'manifest must be a YAML or JSON text, or an object',
  (value) => typeof value === 'string' || (typeof value === 'object' && value !== null && !Array.isArray(value)),
);

/** Bytes: RFC 4648 §4, with padding. */
const IsBase64Text = rule(
  'isBase64Text',
  'contentBase64 must be base64 with padding',
  (value) => typeof value === 'string' && isBase64(value),
);

/** A pack in a registry. */
const IsPackReference = rule(
  'isPackReference',
  'pack must be name:version or name@sha256:…, without a host',
  (value) => typeof value === 'string' && parsePackReference(value) !== null,
);

/** `{digest}` of an upload. */
const IsBundle = rule(
  'isBundle',
  'bundle must be {digest}: sha256: followed by 64 hexadecimal digits',
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    isDigest((value as { digest?: unknown }).digest) &&
    Object.keys(value).length === 1,
);

/** A file of a pack. */
export class PackFileBody {
  @ApiProperty({ description: 'Path relative to the pack, with forward slashes.', example: 'scripts/scan.sh' })
  @IsString()
  @MaxLength(MOST_PATH)
  path!: string;

  @ApiProperty({ description: 'Content in base64 (RFC 4648 §4).', format: 'byte', example: 'IyEvYmluL3NoCg==' })
  @IsString()
  @IsBase64Text()
  contentBase64!: string;

  @ApiProperty({ required: false, default: false, description: 'Whether the file is executable.' })
  @MayBeAbsent()
  @IsBoolean()
  executable?: boolean;
}

/** The files of a pack. Rules are given in the order in which their faults are told. */
export function PackFiles(): PropertyDecorator {
  return applyDecorators(
    ArrayMaxSize(10_000),
    IsArray(),
    MayBeAbsent(),
    ApiProperty({
      required: false,
      type: () => [PackFileBody],
      description: 'The files of the pack, without the manifest.',
    }),
  );
}

/** A pack in a request: the manifest and the other files of its folder, or the name of one in a registry. */
export class PackBody {
  static readonly parts: Readonly<Record<string, new () => object>> = { files: PackFileBody };

  static together(body: Readonly<Record<string, unknown>>): readonly Fault[] {
    return packTogether(body);
  }

  @ApiProperty({
    required: false,
    description:
      'The manifest, as YAML or JSON text or as an object. With text, errors include line numbers. Set exactly one of `manifest`, `pack` and `bundle`.',
    oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }],
  })
  @ValidateIf((_body, value) => value !== undefined)
  @IsManifest()
  manifest?: string | JsonObject;

  @ApiProperty({
    required: false,
    description:
      'A published pack: `name:version`, or `name@sha256:…` with the digest of its artifact. It contains no host.',
    example: 'image-remediation:1.4.0',
  })
  @ValidateIf((_body, value) => value !== undefined)
  @IsPackReference()
  pack?: string;

  @ApiProperty({
    required: false,
    type: [Object],
    description:
      'Publisher signatures of `manifest` and `files`: Sigstore bundles as written by `taskrunner pack sign`.',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(32)
  @EachIs('isSignature', 'an object', isRecord)
  signatures?: JsonObject[];

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: false,
    required: ['digest'],
    properties: { digest: { type: 'string', pattern: DIGEST_PATTERN } },
    description: 'Instead of a manifest: an uploaded tar, plain or gzip, of the folder that contains pack.yaml.',
  })
  @MayBeAbsent()
  @IsBundle()
  bundle?: { readonly digest: Digest };

  @PackFiles()
  files?: PackFileBody[];

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    default: {},
    description:
      'Inputs by name. A file is given as `{digest, size?, name?, mediaType?}` of an upload; a size that differs from that of the upload is refused (`INPUT_UPLOAD_SIZE`), name and media type are informational. Sensitive inputs are encrypted for the run, and deleted when its evidence is sealed.',
  })
  @MayBeAbsent()
  @IsObject()
  inputs?: JsonObject;
}

/** Faults of the members that state a pack: exactly one form of it, with what that form can have. */
export function packTogether(body: Readonly<Record<string, unknown>>): readonly Fault[] {
  const { manifest, pack, bundle, files, signatures } = body;
  const ways = [manifest, pack, bundle].filter((way) => way !== undefined).length;
  const faults = [...filesTogether(files)];
  if (ways !== 1)
    faults.push(
      fault(
        '/manifest',
        'Exactly one of manifest, pack and bundle must be set.',
        'Send a manifest, the reference of a published pack, or the digest of an upload.',
      ),
    );
  else if (bundle !== undefined && Array.isArray(files) && files.length > 0)
    faults.push(fault('/files', 'An uploaded pack already contains its files.', 'Omit files.'));
  else if (pack !== undefined && (files !== undefined || signatures !== undefined))
    faults.push(
      fault(
        files === undefined ? '/signatures' : '/files',
        'A published pack already contains its files and signatures.',
        'Omit files and signatures.',
      ),
    );
  return faults;
}

/** Invalid and duplicate paths of files. The type of each member is checked by its rules. */
export function filesTogether(files: unknown): readonly Fault[] {
  if (!Array.isArray(files)) return [];
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [index, file] of (files as readonly unknown[]).entries()) {
    const path: unknown = typeof file === 'object' && file !== null ? (file as { path?: unknown }).path : undefined;
    if (typeof path !== 'string' || path.length > MOST_PATH) continue;
    const parsed = parsePackPath(path);
    if (parsed === null || parsed.endsWith('/'))
      faults.push(fault(`/files/${index}/path`, 'path must be the relative path of a file in the pack.'));
    else if (seen.has(parsed))
      faults.push(fault(`/files/${index}/path`, 'This path is listed twice.', 'Remove one of the two entries.'));
    seen.add(parsed ?? path);
  }
  return faults;
}

/** The pack in a checked request. */
export function toSource(manifest: string | JsonObject, files: readonly PackFileBody[]): PackSource {
  const packed = files.map(({ path, contentBase64, executable }) => {
    const parsed = parsePackPath(path);
    if (parsed === null) throw new TypeError('a path that was checked is none');
    return { path: parsed, bytes: Buffer.from(contentBase64, 'base64'), executable: executable ?? false };
  });
  const isText = typeof manifest === 'string';
  return { manifest: isText ? manifest : spelled(manifest), hasLines: isText, files: together(packed) };
}

/** The same files with their bytes in one buffer, which is transferred to a thread once, regardless of their number. */
function together(files: readonly PackSourceFile[]): readonly PackSourceFile[] {
  const all = new Uint8Array(files.reduce((size, { bytes }) => size + bytes.length, 0));
  let at = 0;
  return files.map((file) => {
    all.set(file.bytes, at);
    at += file.bytes.length;
    return { ...file, bytes: all.subarray(at - file.bytes.length, at) };
  });
}

function spelled(manifest: JsonObject): string {
  try {
    return canonical(manifest);
  } catch {
    throw requestInvalid('/manifest', 'manifest contains an unpaired surrogate.');
  }
}

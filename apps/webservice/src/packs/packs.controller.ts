import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { PackJudge, PackLibrary, PackLibraryError, type LibraryPlace } from '@taskrunner/core/operations';
import { parsePackReference, type PackReference } from '@taskrunner/core/pack';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { PublicUrl } from '../public-url';
import { toCursor } from '../requests/paging/cursor';
import { JsonBody, type BodyFor } from '../requests/json-body';
import { Pages, placeIn } from '../requests/paging/pages';
import { readQuery } from '../requests/paging/query';
import { INTAKE_CODES, PLANNER_CODES } from './pack-intake';
import { toPackDetail, toPublishedPack } from './pack-view';
import { PublishPackBody } from './publish-pack.body';

const PAGES = new Pages('packs');

@ApiTags('packs')
@Controller('api/packs')
export class PacksController {
  constructor(
    private readonly library: PackLibrary,
    private readonly judge: PackJudge,
    private readonly url: PublicUrl,
  ) {}

  @Get()
  @Operation({
    id: 'listPacks',
    summary: 'List published packs that the tenant can see, by registry, name and version',
    scopes: ['packs.read'],
    limit: 'read',
    query: PAGES.query,
    answers: [Pages.answer('PublishedPack', EXAMPLES.publishedPack)],
    codes: INTAKE_CODES.filter((code) => code !== 'PACK_NOT_FOUND' && code !== 'PACK_VERSION_MOVED'),
  })
  async list(@Caller() { principal }: Caller, @Req() request: Request) {
    const query = readQuery(request, PAGES.parameters);
    const list = ['packs', principal.tenant];
    const place = placeIn(query, list);
    const after = place === null ? null : placeOf(place);
    const { items, next } = await this.library.list(principal.tenant, PAGES.limitOf(query), after);
    return {
      items: items.map((item) => toPublishedPack(item, this.url)),
      nextCursor: next === null ? null : toCursor(JSON.stringify([next.registry, next.pack, next.version]), list),
    };
  }

  @Get(':name/:version')
  @Operation({
    id: 'getPack',
    summary: 'Get a published pack: inputs, approvals, signers and whether it may run',
    description: '`version` can also be the digest of the artifact.',
    scopes: ['packs.read'],
    limit: 'read',
    answers: [{ status: 200, description: 'The pack.', schema: ref('PackDetail'), example: EXAMPLES.packDetail }],
    codes: ['PACK_INVALID', ...PLANNER_CODES, ...INTAKE_CODES],
  })
  async get(@Caller() { principal }: Caller, @Param('name') name: string, @Param('version') version: string) {
    const found = await this.library.resolve(principal.tenant, referenceOf(name, version));
    const { name: packName, version: packVersion } = found.pack.metadata;
    const trust = await this.judge.judge(
      principal.tenant,
      { name: packName, version: packVersion, contentDigest: found.contentDigest },
      found.signatures,
    );
    return toPackDetail(found, trust, this.url);
  }

  @Post()
  @Operation({
    id: 'publishPack',
    summary: 'Publish a pack to a registry of the tenant',
    description: 'Versions are immutable. If the same pack is published again, new signatures are added.',
    scopes: ['packs.write'],
    limit: 'submit',
    body: { type: PublishPackBody, example: { manifest: EXAMPLES.manifest } },
    answers: [
      {
        status: 201,
        description: 'The pack was published.',
        schema: ref('PublishedPack'),
        example: EXAMPLES.publishedPack,
        headers: { Location: 'The pack.' },
      },
      {
        status: 200,
        description: 'The pack was already published.',
        schema: ref('PublishedPack'),
        example: EXAMPLES.publishedPack,
      },
    ],
    codes: [
      'PACK_INVALID',
      'PACK_PUBLISH_CLOSED',
      'PACK_SIGNATURE_INVALID',
      ...PLANNER_CODES,
      ...INTAKE_CODES.filter((code) => code !== 'PACK_NOT_FOUND'),
    ],
  })
  async publish(
    @Caller() { principal }: Caller,
    @JsonBody('publishPack') { value }: BodyFor<'publishPack'>,
    @Res() response: Response,
  ) {
    const { source, signatures } = value;
    const { artifact, isNew } = await this.library.publish(principal.tenant, source, signatures);
    const { name, version } = artifact.facts;
    if (isNew) response.setHeader('Location', this.url.pack(name, version));
    response.status(isNew ? 201 : 200).json(toPublishedPack(artifact, this.url));
  }
}

/** Text that is not a reference names no pack: the same 404 as for a missing one. */
function referenceOf(name: string, version: string): PackReference {
  const reference = parsePackReference(version.startsWith('sha256:') ? `${name}@${version}` : `${name}:${version}`);
  if (reference !== null) return reference;
  throw new PackLibraryError('PACK_NOT_FOUND', 'the pack does not exist', 'Check the name and the version.');
}

function placeOf(cursor: string): LibraryPlace {
  const [registry, pack, version] = JSON.parse(cursor) as [string, string, string];
  return { registry, pack, version };
}

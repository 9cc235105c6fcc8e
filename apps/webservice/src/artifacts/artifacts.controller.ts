import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { RunId } from '@taskrunner/core/foundation';
import { ComparedRuns } from '@taskrunner/core/operations';
import { ObjectStore, RunReader } from '@taskrunner/core/ports';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { downloads, IF_NONE_MATCH, OF_DOWNLOADS, Operation } from '../openapi/operation';
import { ApiError } from '../problems/problem';
import { PublicUrl } from '../public-url';
import { ANY_TYPE } from '../requests/acceptable.guard';
import { Pages } from '../requests/paging/pages';
import { RunIdPipe } from '../requests/run-id.pipe';
import { runNotFound } from '../runs/run-not-found';
import { toArtifact } from '../runs/run-view';
import { sendObject } from './download';

@ApiTags('runs')
@Controller('api/runs/:runId/artifacts')
export class ArtifactsController {
  constructor(
    private readonly reader: RunReader,
    private readonly compared: ComparedRuns,
    private readonly objects: ObjectStore,
    private readonly url: PublicUrl,
  ) {}

  @Get()
  @Operation({
    id: 'listArtifacts',
    summary: 'List the artifacts of a run',
    scopes: ['packs.read'],
    limit: 'read',
    answers: [Pages.answer('Artifact', EXAMPLES.artifact, 'All artifacts.')],
    codes: ['RUN_NOT_FOUND'],
  })
  async list(@Caller() { principal }: Caller, @Param('runId', RunIdPipe) runId: RunId) {
    const found = await this.compared.artifacts(principal.tenant, runId);
    if (found.length === 0 && !(await this.reader.summary(principal.tenant, runId))) throw runNotFound();
    return { items: found.map((artifact) => toArtifact(artifact, runId, this.url)), nextCursor: null };
  }

  @Get(':artifactId')
  @Operation({
    id: 'downloadArtifact',
    summary: 'Download an artifact',
    description:
      'A request can contain one range. `Repr-Digest` is the SHA-256 of the whole artifact, as recorded in the evidence.',
    scopes: ['packs.read'],
    limit: 'download',
    headers: { Range: 'One byte range, as `bytes=first-last`.', ...IF_NONE_MATCH },
    answers: downloads('The whole artifact.', ANY_TYPE),
    codes: ['RUN_NOT_FOUND', 'ARTIFACT_NOT_FOUND', 'OBJECT_RANGE', ...OF_DOWNLOADS],
  })
  async download(
    @Caller() { principal }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Param('artifactId') artifactId: string,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { tenant } = principal;
    const found = (await this.compared.artifacts(tenant, runId)).find((artifact) => artifact.artifactId === artifactId);
    if (!found) {
      if (!(await this.reader.summary(tenant, runId))) throw runNotFound();
      throw new ApiError('ARTIFACT_NOT_FOUND', 'the run has no such artifact');
    }
    const { digest, size, mediaType, path } = found;
    const fileName = path.split('/').at(-1) ?? found.name;
    await sendObject(this.objects, request, response, { tenant, run: runId, digest, size, mediaType, fileName });
  }
}

import { Controller, Get, Req } from '@nestjs/common';
import { isRunId, type Json } from '@taskrunner/core/foundation';
import { RunReader } from '@taskrunner/core/ports';
import type { Request } from 'express';
import { Caller } from '../auth/caller';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { PublicUrl } from '../public-url';
import { toCursor } from '../requests/paging/cursor';
import { Pages, placeIn } from '../requests/paging/pages';
import { readQuery } from '../requests/paging/query';
import {
  CREATED_PARAMETERS,
  CREATED_QUERY,
  createdRangeOf,
  FILTER_PARAMETERS,
  FILTER_QUERY,
  runFilterOf,
} from './run-filter';
import { toRun } from './run-view';

const PAGES = new Pages('runs');

@ApiTags('runs')
@Controller('api/runs')
export class RunListController {
  constructor(
    private readonly reader: RunReader,
    private readonly url: PublicUrl,
  ) {}

  @Get()
  @Operation({
    id: 'listRuns',
    summary: 'List the runs of the tenant, newest first',
    description:
      'A run matches all given filters. With `q`, `version` or several filters, one request searches at most 1000 runs of a filter. A page can then contain fewer runs than `limit`, or none, although more pages follow. Continue while the response has a `nextCursor`.',
    scopes: ['packs.read'],
    limit: 'read',
    query: { ...PAGES.query, ...FILTER_QUERY },
    answers: [Pages.answer('Run', EXAMPLES.run)],
    codes: ['DOCUMENT_ALTERED'],
  })
  async list(@Caller() { principal }: Caller, @Req() request: Request) {
    const query = readQuery(request, { ...PAGES.parameters, ...FILTER_PARAMETERS });
    const { tenant } = principal;
    const filter = runFilterOf(query, principal);
    const list = ['runs', tenant, filter as unknown as Json];
    const place = placeIn(query, list);
    const before = place !== null && isRunId(place) ? place : null;
    const { runs, next } = await this.reader.list(tenant, filter, PAGES.limitOf(query), before);
    return {
      items: runs.map((run) => toRun(run, this.url)),
      nextCursor: next === null ? null : toCursor(next, list),
    };
  }

  @Get('count')
  @Operation({
    id: 'countRuns',
    summary: 'Count the runs of the tenant by status',
    description:
      'At most the newest 1000 runs of a status are counted. `atLeast` is true for a status that can have more runs than `count`.',
    scopes: ['packs.read'],
    limit: 'read',
    query: CREATED_QUERY,
    answers: [{ status: 200, description: 'The counts.', schema: ref('RunCounts'), example: EXAMPLES.runCounts }],
    codes: [],
  })
  async count(@Caller() { principal }: Caller, @Req() request: Request) {
    const range = createdRangeOf(readQuery(request, CREATED_PARAMETERS));
    return { statuses: await this.reader.countByStatus(principal.tenant, range) };
  }
}

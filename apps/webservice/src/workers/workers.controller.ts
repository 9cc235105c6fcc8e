import { Controller, Get, Req } from '@nestjs/common';
import { WorkerDirectory } from '@taskrunner/core/ports';
import type { Request } from 'express';
import { Caller } from '../auth/caller';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { Pages } from '../requests/paging/pages';
import { readQuery, whole } from '../requests/paging/query';
import { toWorker } from './worker-view';

const PAGES = new Pages('workers');
const MOST_RUNS = 1_000;
const USUAL_RUNS = 20;
/** A cursor holds the id of a session. Anything else is refused before it is compared with ids. */
const SESSION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

@ApiTags('workers')
@Controller('api/workers')
export class WorkersController {
  constructor(private readonly directory: WorkerDirectory) {}

  @Get()
  @Operation({
    id: 'listWorkers',
    summary: 'List live workers, in the order in which their sessions started',
    description:
      'Workers serve all tenants. `runs` and `assignments` cover only the tenant of the caller. `runs.total` is the number of runs that the worker drives. `runs.latest` lists the latest of these runs. `assignments` is the number of assignments whose steps the worker executes. A worker whose lease has expired is not listed.',
    scopes: ['packs.admin'],
    limit: 'read',
    query: {
      ...PAGES.query,
      runs: {
        description: 'Maximum number of run ids for each worker.',
        schema: { type: 'integer', minimum: 0, maximum: MOST_RUNS, default: USUAL_RUNS },
      },
    },
    answers: [Pages.answer('Worker', EXAMPLES.worker)],
    codes: [],
  })
  async list(@Caller() { principal }: Caller, @Req() request: Request) {
    const { tenant } = principal;
    const query = readQuery(request, { ...PAGES.parameters, runs: whole(0, MOST_RUNS) });
    const { items, nextCursor } = await PAGES.read(
      query,
      ['workers', tenant],
      (after, limit) =>
        this.directory.living(
          tenant,
          limit,
          after !== null && SESSION.test(after) ? after : null,
          query.runs ?? USUAL_RUNS,
        ),
      ({ id }) => id,
    );
    return { items: items.map(toWorker), nextCursor };
  }
}

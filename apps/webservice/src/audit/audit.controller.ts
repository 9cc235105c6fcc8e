import { Controller, Get, Req } from '@nestjs/common';
import type { AuditEntry } from '@taskrunner/core/evidence';
import { AuditChain, type KeptCheckpoint } from '@taskrunner/core/ports';
import type { Request } from 'express';
import { Caller } from '../auth/caller';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { Pages } from '../requests/paging/pages';
import { readQuery, whole } from '../requests/paging/query';
import { instant } from '../runs/run-view';

const PAGES = new Pages('items', 1_000, 200);
const { limit, cursor } = PAGES.query;
const QUERY = {
  limit,
  after: { description: 'Return only items after this entry.', schema: { type: 'integer', minimum: 0, default: 0 } },
  cursor,
};

@ApiTags('audit')
@Controller('api/audit')
export class AuditController {
  constructor(private readonly chain: AuditChain) {}

  @Get()
  @Operation({
    id: 'listAuditEntries',
    summary: 'List the entries of the audit chain, starting with the first',
    description:
      '`hash` is the SHA-256 of the RFC 8785 text of `{at, event, prev, seq}`. `prev` is the hash of the previous entry. `taskrunner audit export` writes all entries to a file. `taskrunner audit verify` checks the file against checkpoints.',
    scopes: ['packs.admin'],
    limit: 'read',
    query: QUERY,
    answers: [Pages.answer('AuditEntry', EXAMPLES.auditEntry)],
    codes: [],
  })
  async entries(@Caller() { principal }: Caller, @Req() request: Request) {
    const { tenant } = principal;
    return page(
      request,
      ['audit', tenant],
      ({ seq }: AuditEntry) => seq,
      (after, most) => this.chain.entries(tenant, after, most),
    );
  }

  @Get('checkpoints')
  @Operation({
    id: 'listAuditCheckpoints',
    summary: 'List the signed checkpoints of the audit chain',
    description:
      'Each `envelope` (DSSE v1.0.2) is signed with a key of usage `checkpoint`. It states the number of entries in the chain and the hash of the last entry. Store checkpoints where the operator cannot change them.',
    scopes: ['packs.admin'],
    limit: 'read',
    query: QUERY,
    answers: [Pages.answer('AuditCheckpoint', EXAMPLES.auditCheckpoint)],
    codes: [],
  })
  async checkpoints(@Caller() { principal }: Caller, @Req() request: Request) {
    const { tenant } = principal;
    const { items, nextCursor } = await page(
      request,
      ['checkpoints', tenant],
      ({ count }: KeptCheckpoint) => count,
      (after, most) => this.chain.checkpoints(tenant, after, most),
    );
    return { items: items.map(toCheckpoint), nextCursor };
  }
}

function toCheckpoint({ count, head, at, envelope }: KeptCheckpoint) {
  return { count, head, at: instant(at), envelope };
}

async function page<Item>(
  request: Request,
  list: string[],
  placeOf: (item: Item) => number,
  read: (after: number, most: number) => Promise<readonly Item[]>,
) {
  const { parameters } = PAGES;
  const after = whole(0, 999_999_999_999_999);
  const query = readQuery(request, { limit: parameters.limit, after, cursor: parameters.cursor });
  return PAGES.read(
    query,
    list,
    (place, most) => read(place === null ? (query.after ?? 0) : Number(place), most),
    (item) => String(placeOf(item)),
  );
}

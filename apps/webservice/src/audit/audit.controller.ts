import { Controller, Get, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { AuditEntry } from '@taskrunner/core/evidence';
import { AuditChain, type KeptCheckpoint } from '@taskrunner/core/ports';
import type { Request } from 'express';
import { Caller } from '../auth/caller';
import { EXAMPLES, pageExample } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { pageOf } from '../openapi/schemas';
import { fromCursor, toCursor } from '../requests/cursor';
import { readQuery, text, whole } from '../requests/query';
import { instant } from '../runs/run-view';

const PAGE = {
  limit: {
    description: 'Maximum number of items on a page.',
    schema: { type: 'integer', minimum: 1, maximum: 1_000, default: 200 },
  },
  after: { description: 'Return only items after this entry.', schema: { type: 'integer', minimum: 0, default: 0 } },
  cursor: { description: '`nextCursor` of the previous page.', schema: { type: 'string' } },
} as const;

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
    query: PAGE,
    answers: [
      {
        status: 200,
        description: 'One page of the list.',
        schema: pageOf('AuditEntry'),
        example: pageExample(EXAMPLES.auditEntry),
      },
    ],
    codes: [],
  })
  async entries(@Caller() { principal }: Caller, @Req() request: Request) {
    const { tenant } = principal;
    return page(
      request,
      ['audit', tenant],
      ({ seq }: AuditEntry) => seq,
      (after, limit) => this.chain.entries(tenant, after, limit),
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
    query: PAGE,
    answers: [
      {
        status: 200,
        description: 'One page of the list.',
        schema: pageOf('AuditCheckpoint'),
        example: pageExample(EXAMPLES.auditCheckpoint),
      },
    ],
    codes: [],
  })
  async checkpoints(@Caller() { principal }: Caller, @Req() request: Request) {
    const { tenant } = principal;
    const { items, nextCursor } = await page(
      request,
      ['checkpoints', tenant],
      ({ count }: KeptCheckpoint) => count,
      (after, limit) => this.chain.checkpoints(tenant, after, limit),
    );
    return { items: items.map(toCheckpoint), nextCursor };
  }
}

function toCheckpoint({ count, head, at, envelope }: KeptCheckpoint) {
  return { count, head, at: instant(at), envelope };
}

async function page<Item>(
  request: Request,
  list: readonly string[],
  placeOf: (item: Item) => number,
  read: (after: number, limit: number) => Promise<readonly Item[]>,
): Promise<{ readonly items: readonly Item[]; readonly nextCursor: string | null }> {
  const query = readQuery(request, { limit: whole(1, 1_000), after: whole(0, 999_999_999_999_999), cursor: text });
  const limit = query.limit ?? 200;
  const after = query.cursor === null ? (query.after ?? 0) : Number(fromCursor(query.cursor, [...list]));
  const found = await read(after, limit + 1);
  const last = found.length > limit ? found[limit - 1] : undefined;
  return { items: found.slice(0, limit), nextCursor: last ? toCursor(String(placeOf(last)), [...list]) : null };
}

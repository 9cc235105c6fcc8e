import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { instant } from '../runs/run-view';
import { Caller } from './caller';

@ApiTags('callers')
@Controller('api/me')
export class MeController {
  @Get()
  @Operation({
    id: 'getMe',
    summary: 'Get the identity of the caller',
    scopes: [],
    limit: 'read',
    answers: [{ status: 200, description: 'The caller.', schema: ref('Me'), example: EXAMPLES.me }],
    codes: [],
  })
  me(@Caller() { principal, tenants, expiresAt }: Caller) {
    const { iss, sub, name, kind, tenant, scopes, grants, actors } = principal;
    return { person: { iss, sub, name, kind }, actors, tenant, tenants, scopes, grants, expiresAt: instant(expiresAt) };
  }
}

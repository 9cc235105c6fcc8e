import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { OfferedExecutors } from './executor-view';

@ApiTags('packs')
@Controller('api/executors')
export class ExecutorsController {
  constructor(private readonly executors: OfferedExecutors) {}

  @Get()
  @Operation({
    id: 'listExecutors',
    summary: 'List the executors that packs may use here',
    description:
      'Built-in executors, and those that the platform team has added. `uses` is the value of `run.uses`. `version` is the behaviour version. A run is driven only by workers that have the version of its admission. `parameters` is a JSON Schema (2020-12) of `with`; an expression can replace a value. `environments` lists the modes in which packs may use the executor. `isolation` is the sandbox profile of its steps. `null` means that its steps start no process of the pack.',
    scopes: ['packs.read'],
    limit: 'read',
    answers: [
      {
        status: 200,
        description: 'The executors.',
        schema: ref('Executors'),
        example: EXAMPLES.executors,
      },
    ],
    codes: [],
  })
  list() {
    return { items: this.executors.items };
  }
}

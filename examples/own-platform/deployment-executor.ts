import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import { Telemetry } from '@taskrunner/infrastructure/modules';

/** Stands for a client of your platform: its receipt is signed with the token that the step is given. */
@Injectable()
export class DeploymentExecutor extends Executor {
  constructor(private readonly telemetry: Telemetry) {
    super();
  }

  async execute({ with: parameters, secrets }: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    const token = secrets.get('deploy-token');
    if (token === undefined)
      return {
        kind: 'failed',
        code: 'TOKEN_MISSING',
        message: 'the step has no deploy-token',
        retryable: false,
        exitCode: null,
      };
    const { service, version } = parameters as { readonly service: string; readonly version: string };
    await report.line('info', `${service} ${version} is deployed`);
    this.telemetry.log.say('info', 'platform.deployed', { service });
    const receipt = createHmac('sha256', token).update(`${service} ${version}`).digest('hex');
    return { kind: 'succeeded', outputs: { service, receipt } };
  }
}

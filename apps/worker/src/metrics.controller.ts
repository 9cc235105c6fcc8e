import { Controller, Get, Header, Inject } from '@nestjs/common';

/** All numbers of this process, in the text format of Prometheus. */
export abstract class MetricsExporter {
  abstract text(): Promise<string>;
}

/** On the port of health alone: nothing of it is reachable where callers are. */
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(MetricsExporter) private readonly exporter: MetricsExporter) {}

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  text(): Promise<string> {
    return this.exporter.text();
  }
}

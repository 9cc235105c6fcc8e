import { Controller, Get, Header, Inject } from '@nestjs/common';

/** All metrics of this process in the Prometheus text format. */
export abstract class MetricsExporter {
  abstract text(): Promise<string>;
}

/** Only on the health port, which callers cannot reach. */
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(MetricsExporter) private readonly exporter: MetricsExporter) {}

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  text(): Promise<string> {
    return this.exporter.text();
  }
}

/**
 * Files of the suite that send HTTP requests without `@taskrunner/client`, with the reason of each. Every request to the API of the webservice
 * is sent by the client (`Caller`); a malformed one would be listed here too. None is sent today: `apps/webservice` tests those.
 */
export const REQUESTS_WITHOUT_CLIENT: Readonly<Record<string, string>> = {
  'attestor.e2e-spec.ts': 'the Attestor and the Authority are other services',
  'configured.e2e-spec.ts': 'metrics are served on the ports of the operator',
  'console/console.e2e-spec.ts': 'pages and scripts of the console, as a browser loads them',
  'console/evidence.cases.ts': 'a script of the console, as a browser loads it',
  'console/playground.cases.ts': 'scripts of the console, as a browser loads them',
  'long/configuration-changes.long-spec.ts': 'metrics are served on the ports of the operator',
  'object-store.e2e-spec.ts': 'health is served on the ports of the operator',
  'outage.e2e-spec.ts': 'health is served on the ports of the operator',
  'stack/balancer.ts': 'a load balancer, which asks for the health of its backends',
  'stack/s3-server.ts': 'an S3 server',
  'telemetry.e2e-spec.ts': 'metrics are served on the ports of the operator',
};

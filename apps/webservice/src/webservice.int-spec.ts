import { ApiUnderTest } from './testing/api/api-under-test';
import { describeCallers } from './testing/api/callers';
import { describeConcurrencyGroups } from './testing/api/concurrency';
import { describeDeparture } from './testing/api/departure';
import { describeDocument } from './testing/api/document';
import { describeEventFeed } from './testing/api/events';
import { describeEvidence } from './testing/api/evidence';
import { describeGates } from './testing/api/gates';
import { describeHostilePacks } from './testing/api/hostile-packs';
import { describeLogs } from './testing/api/logs';
import { describeMalformedRequests } from './testing/api/malformed-requests';
import { describeObjectStoreOutage } from './testing/api/object-store';
import { describePublishedPacks } from './testing/api/packs';
import { describeRequests } from './testing/api/requests';
import { describeRuns } from './testing/api/runs';
import { describeSchedules } from './testing/api/schedules';
import { describeSubmissions } from './testing/api/submissions';
import { describeUnfinishedRequests } from './testing/api/unfinished-requests';
import { describeUploads } from './testing/api/uploads';
import { describeFleet } from './testing/api/workers';

// The webservice from the callers' side, with real PostgreSQL and a real OpenID Connect issuer. The worker's side is played by its database
// adapter, because only the API is tested here. One application serves all tests; each resource has a module in `testing/api`.
const api = new ApiUnderTest();
beforeAll(() => api.start(), 60_000);
afterAll(() => api.stop(), 30_000);

describePublishedPacks(api);
describeCallers(api);
describeRequests(api);
describeSubmissions(api);
describeFleet(api);
describeRuns(api);
describeLogs(api);
describeEventFeed(api);
describeEvidence(api);
describeGates(api);
describeSchedules(api);
describeUploads(api);
describeUnfinishedRequests(api);
describeMalformedRequests(api);
describeDocument(api);
describeObjectStoreOutage(api);
describeHostilePacks(api);
describeConcurrencyGroups(api);
// The last one: nothing answers behind it.
describeDeparture(api);

import { answersChecks } from './check-thread';

answersChecks();

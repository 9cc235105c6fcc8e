import { DevStack } from './stack/stack';
import './several/fan-out.cases';
import './several/logs.cases';
import './several/crash.cases';
import './several/cancel.cases';

// One file for what needs several workers, so that one worker of Jest starts their stack, and ends it: idle workers compute too.
afterAll(async () => (await DevStack.shared('several')).end(), 60_000);

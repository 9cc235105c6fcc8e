import { harnessOf } from './testing/seeds';

describe('the engine, over seeded disturbances', () => harnessOf('even'));

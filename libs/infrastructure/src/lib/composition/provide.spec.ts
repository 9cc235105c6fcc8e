import { ObjectStore, RunReader, type Signer } from '@taskrunner/core/ports';
import { from, operation, provide } from './provide';
import { token } from './token';

interface Dependencies {
  readonly reader: Pick<RunReader, 'summary'>;
  readonly signer: Signer<'ledger'>;
  readonly limit: number;
  readonly reported?: (text: string) => void;
}

class Read {
  constructor(readonly dependencies: Dependencies) {}
}

const SIGNER = token<Signer<'ledger'>>('signer');
const SETTING = token<{ readonly limit: number }>('setting');

it('gives an operation its dependencies by name, derived where they are a part of what is provided', () => {
  const provider = operation(Read, { reader: RunReader, signer: SIGNER, limit: from(SETTING, ({ limit }) => limit) });
  expect([provider.provide, provider.inject]).toEqual([Read, [RunReader, SIGNER, SETTING]]);
  const [reader, signer] = [{}, {}];
  const made = provider.useFactory(reader, signer, { limit: 7 }) as Read;
  expect(made).toBeInstanceOf(Read);
  expect(made.dependencies).toEqual({ reader, signer, limit: 7 });
  expect(made.dependencies.reader).toBe(reader);
});

it('gives a factory what its tokens provide, and may have none', async () => {
  const provider = provide(SETTING, { signer: SIGNER }, ({ signer }) => Promise.resolve({ limit: signer ? 1 : 0 }));
  expect(await provider.useFactory({})).toEqual({ limit: 1 });
  expect(provide(SETTING, {}, () => ({ limit: 2 })).useFactory()).toEqual({ limit: 2 });
});

it('is no program where a dependency has a source of another type, or none', () => {
  const limit = from(SETTING, (setting) => setting.limit);
  const wrong = [
    // @ts-expect-error a store is no reader
    operation(Read, { reader: ObjectStore, signer: SIGNER, limit }),
    // @ts-expect-error a setting is no signer
    operation(Read, { reader: RunReader, signer: SETTING, limit }),
    // @ts-expect-error a signer that may be missing is no signer
    operation(Read, { reader: RunReader, signer: token<Signer<'ledger'> | null>('perhaps'), limit }),
    // @ts-expect-error a key for admissions signs no decisions
    operation(Read, { reader: RunReader, signer: token<Signer<'admission'>>('other'), limit }),
    // @ts-expect-error a text is no number
    operation(Read, { reader: RunReader, signer: SIGNER, limit: from(SETTING, String) }),
    // @ts-expect-error the reader is missing
    operation(Read, { signer: SIGNER, limit }),
    // @ts-expect-error there is no such dependency
    operation(Read, { reader: RunReader, signer: SIGNER, limit, other: SETTING }),
    // @ts-expect-error a text is no setting
    provide(SETTING, { signer: SIGNER }, () => 'text'),
  ];
  expect(wrong).toHaveLength(8);
});

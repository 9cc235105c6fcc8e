import { Module, type DynamicModule } from '@nestjs/common';
import { isCodedError } from '@taskrunner/core/foundation';
import { ObjectStore, Signer } from '@taskrunner/core/ports';
import { withAdapters } from './adapters';

@Module({})
class Inner {}
@Module({})
class Outer {}
class Plain {}

const inner: DynamicModule = {
  module: Inner,
  providers: [{ provide: ObjectStore, useFactory: () => 'configured' }, Plain],
  exports: [ObjectStore],
};
const tree: DynamicModule = {
  module: Outer,
  imports: [inner, { module: Outer, imports: [inner], exports: [inner] }],
  providers: [],
};

it('stand where they replace something, in one module that all share', () => {
  const adapter = { provide: ObjectStore, useValue: 'mine' };
  const { imports = [] } = withAdapters(tree, [adapter]);
  const [first, second] = imports as readonly DynamicModule[];
  expect(first?.providers).toEqual([adapter, Plain]);
  expect(second?.imports?.[0]).toBe(first);
  expect(second?.exports?.[0]).toBe(first);
  // The original tree is unchanged.
  expect(inner.providers?.[0]).not.toBe(adapter);
});

it('may stand in for a class that is its own token', () => {
  const adapter = { provide: Plain, useFactory: () => null };
  expect((withAdapters(tree, [adapter]).imports?.[0] as DynamicModule).providers?.[1]).toBe(adapter);
});

it('are refused by name where nothing is provided that they could replace', () => {
  const refused = (): unknown => {
    try {
      return withAdapters(tree, [
        { provide: Signer, useValue: null },
        { provide: ObjectStore, useValue: null },
      ]);
    } catch (error) {
      return error;
    }
  };
  const error = refused();
  expect(isCodedError(error) && [error.code, error.message]).toEqual([
    'ADAPTER_UNKNOWN',
    'this application provides nothing for Signer; it can replace ObjectStore',
  ]);
});

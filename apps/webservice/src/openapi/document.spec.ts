import { withoutNullable } from './document';

it.each([
  [{ type: 'string', nullable: true }, { type: ['string', 'null'] }],
  [{ type: 'string', nullable: false }, { type: 'string' }],
  [{ $ref: '#/x', nullable: true }, { anyOf: [{ $ref: '#/x' }, { type: 'null' }] }],
  [
    { a: [{ b: { type: 'object', nullable: true, properties: { nullable: { type: 'string' } } } }] },
    { a: [{ b: { anyOf: [{ type: 'object', properties: { nullable: { type: 'string' } } }, { type: 'null' }] } }] },
  ],
  [
    { type: 'array', items: { type: 'string' }, description: 'x', nullable: true },
    { anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }], description: 'x' },
  ],
  [
    [1, null, 'x'],
    [1, null, 'x'],
  ],
])('%j becomes %j', (from, to) => expect(withoutNullable(from)).toEqual(to));

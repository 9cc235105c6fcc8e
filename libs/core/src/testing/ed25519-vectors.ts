import { preAuthEncoding } from '../lib/evidence/encoding/envelope';
import { PAYLOAD_TYPE } from '../lib/evidence/records/documents';

// Signatures in which implementations of Ed25519 differ, over envelopes of the type of an admission. The points are those of the curve whose
// order divides 8, alone or added to a key (a·B with a = 1234567890123456789012345678901234567890) or to R (r·B with
// r = 9876543210987654321098765432109876543210).

/** A key and a signature in hexadecimal digits, and the text that was signed. */
export interface Ed25519Vector {
  readonly what: string;
  readonly key: string;
  readonly payload: string;
  readonly signature: string;
  readonly holds: boolean;
}

/** SPKI of an Ed25519 key up to its point (RFC 8410), hexadecimal. */
const SPKI = '302a300506032b6570032100';

/** The base64 SPKI of a vector's key. */
export function spkiOf({ key }: Ed25519Vector): string {
  return Buffer.from(SPKI + key, 'hex').toString('base64');
}

/** The bytes that a vector signs. */
export function signedOf({ payload }: Ed25519Vector): Uint8Array {
  return preAuthEncoding(PAYLOAD_TYPE.admission, Buffer.from(payload));
}

/** `npm test` asks Node.js and the console's own function, in Node.js and in Chromium. */
export const ED25519_VECTORS: readonly Ed25519Vector[] = [
  {
    what: 'an honest signature',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0283ba2d1a1b74329d051472994629ca924be3f78becb1e452f832e87bdb7f6a804',
    holds: true,
  },
  {
    what: 'another message',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidencf',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0283ba2d1a1b74329d051472994629ca924be3f78becb1e452f832e87bdb7f6a804',
    holds: false,
  },
  {
    what: 'a signature of 63 bytes',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0283ba2d1a1b74329d051472994629ca924be3f78becb1e452f832e87bdb7f6a8',
    holds: false,
  },
  {
    what: 'a signature of 65 bytes',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0283ba2d1a1b74329d051472994629ca924be3f78becb1e452f832e87bdb7f6a80400',
    holds: false,
  },
  {
    what: 'S + L',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0282876c7fed1a63b2828e4203741968839be3f78becb1e452f832e87bdb7f6a814',
    holds: false,
  },
  {
    what: 'S with its highest bit',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0283ba2d1a1b74329d051472994629ca924be3f78becb1e452f832e87bdb7f6a884',
    holds: false,
  },
  {
    what: 'S equal to L',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c028edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010',
    holds: false,
  },
  {
    what: 'a key of order 1, whose signature holds for many messages',
    key: '0100000000000000000000000000000000000000000000000000000000000000',
    payload: 'message 5',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 2, whose signature holds for many messages',
    key: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    payload: 'message 14',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 4, whose signature holds for many messages',
    key: '0000000000000000000000000000000000000000000000000000000000000000',
    payload: 'message 2',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 8, whose signature holds for many messages',
    key: '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    payload: 'message 10',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 8, the other y, whose signature holds for many messages',
    key: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    payload: 'message 1',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 1 with the sign of x set',
    key: '0100000000000000000000000000000000000000000000000000000000000080',
    payload: 'evidence',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 1, written as p + 1',
    key: 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    payload: 'evidence',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'R of order 1',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      '010000000000000000000000000000000000000000000000000000000000000014d9348db4a2b7470bec410276d8c22e23e9d113f0195611cbd311f7c2145100',
    holds: false,
  },
  {
    what: 'R of order 2',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f3f12b8299bed07d06e4199e3f45be432ebe5adbd2906465de670740fe51a2c0d',
    holds: false,
  },
  {
    what: 'R of order 4',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      '0000000000000000000000000000000000000000000000000000000000000000be8044ad578cafdef4d96baa53bae28dd858e3343d8b6b15d318b844d2815c03',
    holds: false,
  },
  {
    what: 'R of order 8',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc056c1b9d9bb7a80c3d906ede78a207accc2473b8d60b746a4a5541a0e4e2bd4700',
    holds: false,
  },
  {
    what: 'R of order 1, written as p + 1',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f68f6475f92b9ffc366d49026d024ece8d075454eb7d68ae1276084eac71d330d',
    holds: false,
  },
  {
    what: 'a key of mixed order, where the part of small order vanishes',
    key: 'b812bbc21ea47520b6e117bbda8767c4cb281df5fc9bc1542da148c911609063',
    payload: 'mixed 3',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0282c0d22028f2ff183e60f491dd87de79e09f883056f155a015036bf96fb7a890e',
    holds: true,
  },
  {
    what: 'a key of mixed order, which holds with the cofactor only',
    key: 'b812bbc21ea47520b6e117bbda8767c4cb281df5fc9bc1542da148c911609063',
    payload: 'mixed 0',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c028c579eeee97d3dcc3ddd94caa7f2d4d5776d02653553cd3b8cfc4810be3b75c06',
    holds: false,
  },
  {
    what: 'R of mixed order, which holds with the cofactor only',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      'c0042a66609a2d535c3cc0af53a207a4901bd70e815b2999766cdde8ca228e0fec8564246e4be480c710553f17171567e91b1f62b91cc44f20aca384e72cca09',
    holds: false,
  },
  {
    what: 'a key that is no point',
    key: '0700000000000000000000000000000000000000000000000000000000000000',
    payload: 'evidence',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0283ba2d1a1b74329d051472994629ca924be3f78becb1e452f832e87bdb7f6a804',
    holds: false,
  },
  {
    what: 'R that is no point',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    payload: 'evidence',
    signature:
      '07000000000000000000000000000000000000000000000000000000000000003ba2d1a1b74329d051472994629ca924be3f78becb1e452f832e87bdb7f6a804',
    holds: false,
  },
];

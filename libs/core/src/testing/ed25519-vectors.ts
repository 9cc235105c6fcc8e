// Signatures in which implementations of Ed25519 differ. The points are those of the curve whose order divides 8, alone or added to a key (a·B
// with a = 1234567890123456789012345678901234567890) or to R (r·B with r = 9876543210987654321098765432109876543210).

/** A key, data and a signature, all in hexadecimal digits. */
export interface Ed25519Vector {
  readonly what: string;
  readonly key: string;
  readonly data: string;
  readonly signature: string;
  readonly holds: boolean;
}

/** SPKI of an Ed25519 key up to its point (RFC 8410), hexadecimal. */
const SPKI = '302a300506032b6570032100';

/** The base64 SPKI of a vector's key. */
export function spkiOf({ key }: Ed25519Vector): string {
  return Buffer.from(SPKI + key, 'hex').toString('base64');
}

/** `npm test` asks Node.js and the console's own function, in Node.js and in Chromium. */
export const ED25519_VECTORS: readonly Ed25519Vector[] = [
  {
    what: 'an honest signature',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0288f665127355e0f4a3b0412a899ebb77488d9f25ce12c7354caef898ac9799e0c',
    holds: true,
  },
  {
    what: 'another message',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6366',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0288f665127355e0f4a3b0412a899ebb77488d9f25ce12c7354caef898ac9799e0c',
    holds: false,
  },
  {
    what: 'a signature of 63 bytes',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0288f665127355e0f4a3b0412a899ebb77488d9f25ce12c7354caef898ac9799e',
    holds: false,
  },
  {
    what: 'a signature of 65 bytes',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0288f665127355e0f4a3b0412a899ebb77488d9f25ce12c7354caef898ac9799e0c00',
    holds: false,
  },
  {
    what: 'S + L',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0287c3a47844fc121a211a1094b78e5968988d9f25ce12c7354caef898ac9799e1c',
    holds: false,
  },
  {
    what: 'S with its highest bit',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0288f665127355e0f4a3b0412a899ebb77488d9f25ce12c7354caef898ac9799e8c',
    holds: false,
  },
  {
    what: 'S equal to L',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c028edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010',
    holds: false,
  },
  {
    what: 'a key of order 1, whose signature holds for this and many other messages',
    key: '0100000000000000000000000000000000000000000000000000000000000000',
    data: '616e79206d6573736167652033',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 2, whose signature holds for this and many other messages',
    key: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    data: '616e79206d6573736167652036',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 4, whose signature holds for this and many other messages',
    key: '0000000000000000000000000000000000000000000000000000000000000000',
    data: '616e79206d6573736167652032',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 8, whose signature holds for this and many other messages',
    key: '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    data: '616e79206d657373616765203138',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 8, the other y, whose signature holds for this and many other messages',
    key: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    data: '616e79206d6573736167652036',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 1 with the sign of x set',
    key: '0100000000000000000000000000000000000000000000000000000000000080',
    data: '65766964656e6365',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'a key of order 1, written as p + 1',
    key: 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    data: '65766964656e6365',
    signature:
      '58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000000000000000000000000000000000000000',
    holds: false,
  },
  {
    what: 'R of order 1',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      '0100000000000000000000000000000000000000000000000000000000000000784f6402c94accc28ff0fac30148a944962235b2b5d477a8091c34bda492550f',
    holds: false,
  },
  {
    what: 'R of order 2',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7fdac2975613d494ffb29a08ebe104088b5378c50b3218a9411e2f235f865f480d',
    holds: false,
  },
  {
    what: 'R of order 4',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      '0000000000000000000000000000000000000000000000000000000000000000147217ac36cac3a80348c1ee3ef24d545cfe296a644bee155c2a917b5129b602',
    holds: false,
  },
  {
    what: 'R of order 8',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc0554ca476b6823a3c5fb6a8e6273a68804ad7ce631d0a880de48a8719cd9897201',
    holds: false,
  },
  {
    what: 'R of order 1, written as p + 1',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f737d94d487989eb8c7b3a2b0c963275e30fe3b7de6842b3fe7eb5765f495570c',
    holds: false,
  },
  {
    what: 'a key of mixed order, where the part of small order vanishes',
    key: 'b812bbc21ea47520b6e117bbda8767c4cb281df5fc9bc1542da148c911609063',
    data: '6d697865642035',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c028697e1e27ad0e512ca90bb0fe00202e4c9c1163a40a390a8ab392f15a75f5ea0d',
    holds: true,
  },
  {
    what: 'a key of mixed order, which holds with the cofactor only',
    key: 'b812bbc21ea47520b6e117bbda8767c4cb281df5fc9bc1542da148c911609063',
    data: '6d697865642038',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c028ab1b9cc776f330be035684be9feded31b4b7ff7e2e72315fec7ae31510507209',
    holds: false,
  },
  {
    what: 'R of mixed order, which holds with the cofactor only',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      'c0042a66609a2d535c3cc0af53a207a4901bd70e815b2999766cdde8ca228e0f3ba2ebe600a33445870da1c58a8712b07add3b24e57e044f96f72dff1f39f20c',
    holds: false,
  },
  {
    what: 'a key that is no point',
    key: '0700000000000000000000000000000000000000000000000000000000000000',
    data: '65766964656e6365',
    signature:
      '79952884ca9a7572e9eedd2eac29f5120f44dfcde4a335a34d616c333a67c0288f665127355e0f4a3b0412a899ebb77488d9f25ce12c7354caef898ac9799e0c',
    holds: false,
  },
  {
    what: 'R that is no point',
    key: '33a73590507d501e4b5e58b45da709059adfaccbde1004fbeedb6034c0b510b5',
    data: '65766964656e6365',
    signature:
      '07000000000000000000000000000000000000000000000000000000000000008f665127355e0f4a3b0412a899ebb77488d9f25ce12c7354caef898ac9799e0c',
    holds: false,
  },
];

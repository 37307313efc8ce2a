// Requests read: what is there, what is missing, and where the name stands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Request } from '../../src/wire/request.ts';

const HEADER = '1234 0100 0001 0000 0000 0000';
const QUESTION = '03777777 04546553 7400 0010 00ff'; // www.TeSt, TXT, ANY

const request = new Request();

/** Reads the message that is written in hexadecimal, behind three octets that are none of it. */
function read(...hex: string[]): boolean {
  const message = Buffer.from(hex.join('').replaceAll(' ', ''), 'hex');
  return request.read(Buffer.concat([Buffer.from('abc'), message]), 3, 3 + message.length);
}

function name(): string {
  return Buffer.from(request.name.subarray(request.nameAt, request.nameAt + request.nameLength)).toString('latin1');
}

test('header and question are read as they were sent', () => {
  assert.equal(read(HEADER, QUESTION), true);
  const { id, flags, questions, hasHeader, type } = request;
  assert.deepEqual([id, flags, questions, hasHeader, type, request.class], [0x1234, 0x0100, 1, true, 16, 255]);
  assert.equal(name(), '\x03www\x04TeSt\0');
});

test('what stands behind the question does not matter', () => {
  assert.equal(read(HEADER, QUESTION, 'ffff'), true);
  assert.equal(name(), '\x03www\x04TeSt\0');
});

test('a name with a pointer is unpacked', () => {
  assert.equal(read(HEADER, '03777777 c004', '0001 0001'), true); // to the high octet of QDCOUNT: the root
  assert.equal(name(), '\x03www\0');
  assert.equal(request.type, 1);
});

test('a pointer that leads nowhere is no name', () => {
  assert.equal(read(HEADER, 'c00c', '0001 0001'), false);
  assert.equal(request.hasHeader, true);
});

test('a question is one, whole', () => {
  assert.equal(read(HEADER.replace('0001', '0000'), QUESTION), false);
  assert.equal(read(HEADER.replace('0001', '0002'), QUESTION), false);
  assert.equal(request.questions, 2);
  assert.equal(request.hasHeader, true);
  for (let cut = 1; cut < QUESTION.replaceAll(' ', '').length / 2; cut++) {
    assert.equal(read(HEADER, QUESTION.replaceAll(' ', '').slice(0, -2 * cut)), false);
    assert.equal(request.hasHeader, true);
  }
});

test('a header has twelve octets', () => {
  assert.equal(read(HEADER), false);
  assert.equal(request.hasHeader, true);
  assert.equal(read(HEADER.slice(0, -2)), false);
  assert.equal(request.hasHeader, false);
  assert.equal(read(''), false);
  assert.equal(request.hasHeader, false);
});

test('any octets are read without an exception, and a name that was read is well-formed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      if (!request.read(bytes)) return;
      let length = 0;
      while (request.name[request.nameAt + length]! > 0) length += request.name[request.nameAt + length]! + 1;
      assert.equal(length + 1, request.nameLength);
    }),
  );
});

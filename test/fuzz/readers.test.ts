// Readers and inputs that are nearly right. The long form is soak/readers.ts; a seed that it prints belongs in FAILED.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { damaged, fuzz, TARGETS } from '../support/fuzzed-readers.ts';
import { Dice } from '../support/generated-internet.ts';

/** Inputs that once failed. */
const FAILED: readonly (readonly [target: string, seed: number])[] = [];

const INPUTS = 300;

for (const [name, { inputs, use }] of Object.entries(TARGETS)) {
  test(`${name}: what is nearly right is read or refused, and never throws`, () => {
    for (const input of inputs) use(input);
    for (let seed = 1; seed <= INPUTS; seed++) fuzz(name, seed);
  });
}

test('inputs that once failed do not fail again', () => {
  for (const [target, seed] of FAILED) fuzz(target, seed);
});

test('damage is done: most inputs differ from what they are made of', () => {
  for (const { inputs } of Object.values(TARGETS)) {
    const texts = new Set(inputs.map((input) => Buffer.from(input).toString('hex')));
    const made = Array.from({ length: 100 }, (_, seed) => Buffer.from(damaged(new Dice(seed), inputs)).toString('hex'));
    assert.ok(made.filter((text) => !texts.has(text)).length > 50);
  }
});

import { expect, test } from 'vitest';
import { withStatus } from '../testing/builders.ts';
import { factsWhileActive, someFacts, statusWrittenBy } from '../testing/lifecycle.ts';
import type { Finding } from './conditions.ts';
import { writeStatus } from './status.ts';

const finding: Finding = { type: 'Active', status: 'False', reason: 'Pending', message: 'not yet' };

test('what is written keeps what the status said before, and says of which generation it is', () => {
  const facts = factsWhileActive();
  const status = statusWrittenBy(writeStatus(facts, { podsUsed: '1/1' }, [finding]));
  expect(status).toMatchObject({ ...facts.grant.status, podsUsed: '1/1', observedGeneration: 1 });
  expect(status.conditions).toMatchObject([finding]);
});

test('what is said already is not written again', () => {
  const facts = someFacts();
  const status = statusWrittenBy(writeStatus(facts, { phase: 'Pending' }, [finding]));
  const later = someFacts({ grant: withStatus(status)(facts.grant), now: facts.now + 60_000 });
  expect(writeStatus(later, { phase: 'Pending' }, [finding]).steps).toEqual([]);
});

test('what is written under a new generation is not written again, though conditions of before stay as they were', () => {
  const facts = someFacts();
  const first = statusWrittenBy(writeStatus(facts, { phase: 'Pending' }, [finding]));
  const changed = withStatus(first)(facts.grant);
  const grown = { ...changed, metadata: { ...changed.metadata, generation: 2 } };
  const second = statusWrittenBy(writeStatus(someFacts({ grant: grown }), { podsUsed: '1/1' }, []));
  const written = { ...grown, status: second };
  expect(writeStatus(someFacts({ grant: written }), { podsUsed: '1/1' }, []).steps).toEqual([]);
});

test('a new generation that changes nothing is no reason to write', () => {
  const facts = someFacts();
  const status = statusWrittenBy(writeStatus(facts, {}, [finding]));
  const { grant } = someFacts({ grant: withStatus(status)(facts.grant) });
  const changed = { ...grant, metadata: { ...grant.metadata, generation: 2 } };
  expect(writeStatus(someFacts({ grant: changed }), {}, [finding]).steps).toEqual([]);
});

test('a status that the API server refused is not sent again at once, but later', () => {
  const facts = someFacts({ unrecorded: 'request is too large' });
  const plan = writeStatus(facts, { phase: 'Pending' }, [finding]);
  expect(plan.steps).toEqual([]);
  expect(plan.againAt).toBeGreaterThan(facts.now);
});

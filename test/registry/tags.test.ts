import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { clientFor, failureOf, openRegistry, refTo, sendError, serve } from './fake-server.js';

const page = (response: ServerResponse, tags: unknown, link?: string | string[]) =>
  response.writeHead(200, link === undefined ? {} : { link }).end(JSON.stringify({ name: 'team/app', tags }));

test('all pages of tags are read, by the links that the registry gives', async () => {
  await using server = await openRegistry(({ url = '' }, response) => {
    if (url.endsWith('last=c')) page(response, ['d', 'c'], '</v2/team/app/tags/list?n=2>; rel="prev"');
    else if (url.endsWith('last=b'))
      page(response, ['c'], ['<https://example.org/>; rel=author, <list?last=c>; title="x"; rel="next"', '</else>; rel=next2']);
    else page(response, ['a', 'b'], '</v2/team/app/tags/list?n=2&last=b>; rel=next');
  });
  await using client = clientFor();
  assert.deepEqual(await client.tags(refTo(server)), ['a', 'b', 'c', 'd']);
  assert.deepEqual(server.urls().slice(1), [
    '/v2/team/app/tags/list?n=1000',
    '/v2/team/app/tags/list?n=2&last=b',
    '/v2/team/app/tags/list?last=c',
  ]);
});

test('a link that leads in a circle, or to another host, is not followed', async () => {
  await using other = await serve((_, response) => page(response, ['stolen']));
  for (const link of [
    '</v2/team/app/tags/list?n=1000>; rel=next',
    `<${other.origin}/v2/team/app/tags/list>; rel=next`,
    '<http://[>; rel=next',
  ]) {
    await using server = await openRegistry((_, response) => page(response, ['a'], link));
    await using client = clientFor();
    assert.deepEqual(await client.tags(refTo(server)), ['a']);
    assert.ok(server.urls().length <= 3);
  }
  assert.deepEqual(other.urls(), []);
});

test('what is no tag is left out; what is no list is a failure that names the repository', async () => {
  const answers: [unknown, string[]][] = [
    [null, []],
    [[], []],
    [['ok', '\u001b[2J', '../x', '', 7, 'x'.repeat(129), 'ok'], ['ok']],
  ];
  for (const [tags, expected] of answers) {
    await using server = await openRegistry((_, response) => page(response, tags));
    await using client = clientFor();
    assert.deepEqual(await client.tags(refTo(server)), expected);
  }
  for (const body of ['', '[]', '{"tags":{}}', '{"tags":"a"}']) {
    await using server = await openRegistry((_, response) => response.end(body));
    await using client = clientFor();
    const { message } = await failureOf(client.tags(refTo(server)), 'ERR_TSRUN_REGISTRY_FAILED');
    assert.match(message, /lists no tags of 127\.0\.0\.1:\d+\/team\/app/);
  }
});

test('a repository that is not there is said to be so', async () => {
  await using server = await openRegistry((_, response) => sendError(response, 404, 'NAME_UNKNOWN', 'no'));
  await using client = clientFor();
  const { message } = await failureOf(client.tags(refTo(server)), 'ERR_TSRUN_REGISTRY_NOT_FOUND');
  assert.match(message, /has no repository team\/app/);
});

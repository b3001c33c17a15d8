/** How docker.io answers those whom it does not serve. */
import type { RequestListener, ServerResponse } from 'node:http';
import { sendError } from '../../registry/fake-server.js';

/** A challenge, an anonymous token, 401 for what is not there (`alpnie`) as for what is private, and 429 for all else. */
export const hubAnswers: RequestListener = (request, response) => {
  if (request.url?.startsWith('/token')) return void response.end(JSON.stringify({ token: 'anonymous-token' }));
  if (request.url === '/v2/') return challenge(response);
  if (request.url?.includes('/library/alpnie/')) return challenge(response);
  if (request.headers.authorization === undefined) return challenge(response);
  const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600', 'retry-after': '3600' };
  sendError(response, 429, 'TOOMANYREQUESTS', 'You have reached your unauthenticated pull rate limit.', headers);
};

function challenge(response: ServerResponse): void {
  const realm = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"';
  sendError(response, 401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': realm });
}

/** Attacks by registries, mirrors, token services and helpers on who asks them, and the tests that show that each gets nowhere; in the form of attacks.ts. */
import type { Shown } from './attacks.js';

const FOLLOWED: Shown = ['registry/redirect', 'a blob is followed to another host, which sees neither Authorization nor cookies'];
const REALMS: Shown = ['registry/realm', 'do not go to'];

/** Of signatures there is nothing to bypass: SECURITY.md says that images are not checked for any. */
export const REGISTRY_ATTACKS: Readonly<Record<string, readonly Shown[]>> = {
  'CVE-2020-15157': [['registry/blob', 'foreign layer urls are never contacted']],
  'redirects that lead credentials away': [
    FOLLOWED,
    ['registry/redirect', ', nor back again'],
    ['registry/redirect', 'a redirect is refused: '],
    ['registry/redirect', 'ten hops are followed, not eleven'],
    ['registry/redirect', 'a 401 from where a blob was redirected to is not answered with credentials'],
    ['registry/push', 'another host that a Location names gets the bytes and no credentials'],
    ['registry/push', 'a Location is relative or absolute, and never less protected than the registry'],
  ],
  'CVE-2019-10214': [
    ['registry/realm', 'for a registry on the network'],
    ['registry/proxy', 'https that fails never becomes plain http unless verification is off'],
    ['registry/failover', 'a registry without https is asked over http only where its rule says insecure'],
  ],
  'realms of strangers and of metadata services': [
    REALMS,
    ['registry/identity-token', 'follows no redirect, and goes to no stranger, no metadata service and over no plain http'],
    ['registry/token', 'a token service that redirects takes no credentials along'],
  ],
  'a token of one repository or registry shown to another': [
    ['registry/token', 'the token of one repository is never shown for another'],
    ['registry/identity-token', 'is kept for its registry, its repository and its actions, and used for nothing else'],
    ['registry/failover', 'credentials of the registry never reach a mirror, nor a token of one the other; a mirror gets its own'],
  ],
  'links, slow and endless answers, lies about ranges and lengths': [
    ['registry/tags', 'a link that leads in a circle, or to another host, is not followed'],
    ['registry/endpoint', 'headers that trickle in, and headers without end, are given up'],
    ['registry/manifest', 'a manifest of more than 4 MiB is refused, announced or endless'],
    ['registry/manifest', 'a manifest that trickles in is given up'],
    ['registry/blob', 'a blob that trickles is given up after a few tries without progress'],
    ['registry/blob', 'is not used: the blob is read again from zero'],
    ['registry/blob', 'a server that ignores Range and sends all again is skipped over, byte for byte'],
    ['registry/blob', 'an endless body yields at most one byte too many'],
    ['registry/blob', 'an announced length that is not the descriptor’s is refused before a byte is read'],
    ['content/resume', 'a beginning that turns out wrong costs one more fetch, not the blob'],
  ],
  'credential helpers that lie, hang or are not what their name says': [
    ['registry/credential-helper', 'is refused, and nothing secret shown'],
    ['registry/credential-helper', 'a credential helper that hangs is ended with all that it started, at the limit or by the caller'],
  ],
  'secrets in what is written': [
    ['registry/secrets', 'is in no part of the error or event'],
    ['registry/push', 'what a registry says back never brings a secret'],
    ['registry/proxy', 'a proxy that wants a password says so, and the wrong one is not shown'],
  ],
  'a tag that changes between two questions': [
    ['image/pull', 'the tag is asked for once, all else by digest, and only the platform wanted'],
    ['registry/manifest', 'bytes that are not what Docker-Content-Digest promises are refused'],
  ],
};

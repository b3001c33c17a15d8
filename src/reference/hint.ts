/** What to write instead: one sentence per common mistake. */
import { quoted } from './refuse.js';

/** Of skopeo; as names of images they are valid, so this matters only when the rest is not. */
const OTHER_TRANSPORT = /^((?:containers-storage|docker-daemon|ostree|sif|tarball):)/;
const AS_ARCHIVE = 'save the image as an archive first, and use oci-archive:FILE or docker-archive:FILE';

/** Why it is refused, when it is spelled as for skopeo. */
export function otherTransport(text: string): string | undefined {
  const transport = OTHER_TRANSPORT.exec(text)?.[1];
  return transport && `the transport ${transport} is not supported`;
}

export const LOGIN_HINT =
  'write HOST/NAME alone, and log in with `tsrun login HOST` (what docker and podman have logged in to counts, too)';

export function nameHint(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return 'use the first 12 digits to name an image by its id';
  if (text.startsWith('-')) return 'this looks like a flag: flags come before the image, check their spelling';
  if (/^https?:\/\//i.test(text)) return 'leave the scheme out: write HOST/NAME[:TAG]';
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme) return `${scheme}:// is not a transport: use docker://, oci:, oci-archive:, docker-archive: or dir:`;
  if (OTHER_TRANSPORT.test(text)) return AS_ARCHIVE;
  if (/^\.{0,2}\//.test(text)) return 'for an image layout use oci:DIR, for an archive oci-archive:FILE or docker-archive:FILE';
  if (/\s/.test(text)) return 'quote the command line so that the image is one word without spaces';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is what is tested
  if (/[^\x00-\x7f]/.test(text)) return 'write an international host name in its xn-- form; repository names are ASCII';
  if (text !== text.toLowerCase()) return `write it in lower case: ${quoted(lowerName(text))}`;
  return 'write it as [HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST], names in lower case letters, digits and single separators';
}

/** The tag keeps its case: it may have upper-case letters. */
function lowerName(text: string): string {
  const tail = /(?::[^/:@]*)?(?:@.*)?$/.exec(text)?.[0] ?? '';
  return text.slice(0, text.length - tail.length).toLowerCase() + tail;
}

export function tagHint(text: string): string {
  if (OTHER_TRANSPORT.test(text)) return AS_ARCHIVE;
  return 'use 1 to 128 letters, digits, "_", "." and "-" for the tag, not starting with "." or "-"';
}

export function digestHint(digest: string): string {
  if (/^sha(384|512):/.test(digest)) return 'use the sha256 digest: no other is supported';
  if (/^sha256:[0-9a-fA-F]{64}$/.test(digest)) return 'write the digest in lower case';
  if (/^sha256:[0-9a-f]*$/.test(digest)) return 'write all 64 hex digits of the digest';
  return 'write the digest as sha256: and 64 hex digits';
}

/** What a name of an image in a file or directory begins with. (The grammar is the library's; loading it for one look would cost more.) */
export const ARCHIVE = /^(?:oci|oci-archive|docker-archive|dir):/;

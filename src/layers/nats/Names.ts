/**
 * How our names look on the server, so that several installations (or test runs) can share one.
 *
 * In: names of streams and buckets, subjects and patterns. Out: the same with the prefixes in front, and subjects
 * without them again. Two streams of a server may not overlap, so a stream prefix alone does not separate two runs.
 * Both prefixes are empty in production: what an outside NATS client sees is what the docs say.
 */
export interface Names {
  readonly stream: (name: string) => string
  readonly subject: (subject: string) => string
  readonly local: (subject: string) => string
}

/** `subjectPrefix` is one token or several, without the last dot. */
export const makeNames = (streamPrefix: string, subjectPrefix: string): Names => {
  const root = subjectPrefix === "" ? "" : `${subjectPrefix}.`
  return {
    stream: (name) => streamPrefix + name,
    subject: (subject) => root + subject,
    local: (subject) => subject.startsWith(root) ? subject.slice(root.length) : subject,
  }
}

/** The stream behind a bucket of the server. */
export const bucketStream = (bucket: string): string => `KV_${bucket}`

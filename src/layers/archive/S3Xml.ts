/**
 * The little XML that S3 speaks.
 *
 * In: answers to listings, uploads and errors. Out: the texts of elements; the body that completes an upload. Promises:
 * enough for flat, generated answers without attributes on the elements asked for; anything else gives no element.
 */
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }

/** What stands between each `<name>` and its end, in order. */
export const elements = (xml: string, name: string): ReadonlyArray<string> =>
  [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, "g"))].map(([, inner = ""]) => inner)

export const unescaped = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    const code = hex !== undefined ? Number.parseInt(hex, 16) : decimal !== undefined ? Number(decimal) : null
    return code === null ? ENTITIES[name ?? ""] ?? whole : String.fromCodePoint(code)
  })

/** Tags of the pieces, in order from 1. */
export const uploadXml = (tags: ReadonlyArray<string>): string =>
  `<CompleteMultipartUpload>${
    tags.map((tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${tag}</ETag></Part>`).join("")
  }</CompleteMultipartUpload>`

/**
 * The HTML parser against Telegram's rules: what it accepts, and the exact words in which it refuses.
 * Comes in: tables of sources. Promises: byte offsets are UTF-8, entity offsets UTF-16.
 */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { parse } from "../../../src/simulators/telegram/HtmlEntities.ts"

const refused: ReadonlyArray<readonly [source: string, error: string]> = [
  [`ab <x>c</x>`, `Unsupported start tag "x" at byte offset 3`],
  [`<p>a</p>`, `Unsupported start tag "p" at byte offset 0`],
  [`a<br/>b`, `Unsupported start tag "br/" at byte offset 1`],
  [`1 < 2 > 0`, `Unsupported start tag "" at byte offset 2`],
  [`é€<DIV>`, `Unsupported start tag "div" at byte offset 5`],
  [`a < b`, `Unsupported start tag "" at byte offset 2`],
  [`net <5`, `Unclosed start tag at byte offset 4`],
  [`<b`, `Unclosed start tag at byte offset 0`],
  [`<b>a`, `Can't find end tag corresponding to start tag "b"`],
  [`<b><i>a</b></i>`, `Unmatched end tag at byte offset 7, expected "</i>", found "</b>"`],
  [`a</b>`, `Unexpected end tag at byte offset 1`],
  [`<b>a</b`, `Unclosed end tag at byte offset 4`],
  [`<b>a</b x>`, `Unclosed end tag at byte offset 4`],
  [`<a href="x`, `Unclosed start tag at byte offset 0`],
  [`<a href`, `Unclosed start tag "a" at byte offset 0`],
  [`<a href=`, `Unclosed start tag "a" at byte offset 0`],
  [`<a href=http://x.y>a</a>`, `Unexpected end of name token at byte offset 8`],
  [`<b/ >a</b>`, `Unsupported start tag "b/" at byte offset 0`],
  [`<b />a</b>`, `Empty attribute name in the tag "b" at byte offset 0`],
  [`<a ="x">a</a>`, `Empty attribute name in the tag "a" at byte offset 0`],
  [`<span>a</span>`, `Tag "span" must have class "tg-spoiler" at byte offset 0`],
  [`<span class="red">a</span>`, `Tag "span" must have class "tg-spoiler" at byte offset 0`],
  [`<tg-emoji emoji-id="x">a</tg-emoji>`, `Invalid custom emoji identifier specified`],
  [
    `a&#xd800;b`,
    `Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units`,
  ],
]

const accepted: ReadonlyArray<readonly [source: string, text: string, entities: ReadonlyArray<object>]> = [
  [`plain`, `plain`, []],
  [`<b>a</b>`, `a`, [{ type: "bold", offset: 0, length: 1 }]],
  [`<STRONG>a</strong>`, `a`, [{ type: "bold", offset: 0, length: 1 }]],
  [`<b>a</>`, `a`, [{ type: "bold", offset: 0, length: 1 }]],
  [`<b></b>a`, `a`, []],
  [`😀<i>é</i>`, `😀é`, [{ type: "italic", offset: 2, length: 1 }]],
  [`<b>a<i>b</i></b>`, `ab`, [{ type: "bold", offset: 0, length: 2 }, { type: "italic", offset: 1, length: 1 }]],
  [`<u>a</u> <del>b</del>`, `a b`, [
    { type: "underline", offset: 0, length: 1 },
    { type: "strikethrough", offset: 2, length: 1 },
  ]],
  [`<span class="tg-spoiler">a</span>`, `a`, [{ type: "spoiler", offset: 0, length: 1 }]],
  [`<a href="https://x.io/?a=1&amp;b=2">a</a>`, `a`, [
    { type: "text_link", offset: 0, length: 1, url: "https://x.io/?a=1&b=2" },
  ]],
  [`<a href='x.io'>a</a>`, `a`, [{ type: "text_link", offset: 0, length: 1, url: "http://x.io" }]],
  [`<a href="no link">a</a>`, `a`, []],
  [`<a href="tg://user?id=7">a</a>`, `a`, [
    { type: "text_mention", offset: 0, length: 1, user: { id: 7, is_bot: false, first_name: "" } },
  ]],
  [`<pre><code class="language-ts">x</code></pre>`, `x`, [{ type: "pre", offset: 0, length: 1, language: "ts" }]],
  [`<code class="language-ts">x</code>`, `x`, [{ type: "code", offset: 0, length: 1 }]],
  [`<pre>x</pre>`, `x`, [{ type: "pre", offset: 0, length: 1 }]],
  [`<blockquote expandable>x</blockquote>`, `x`, [{ type: "expandable_blockquote", offset: 0, length: 1 }]],
  [`<tg-emoji emoji-id="53">x</tg-emoji>`, `x`, [
    { type: "custom_emoji", offset: 0, length: 1, custom_emoji_id: "53" },
  ]],
  [`&lt;b&gt; &amp; &quot;x&quot; &#65;&#x42;`, `<b> & "x" AB`, []],
  [`&nbsp; &copy; & &#0;`, `&nbsp; &copy; & &#0;`, []],
  [`  <b> a </b>\n`, `a`, [{ type: "bold", offset: 0, length: 1 }]],
]

describe("the HTML of a message", () => {
  it.each(refused)("refuses %j with Telegram's words", (source, error) => {
    const answer = parse(source)
    expect(Result.isFailure(answer) && answer.failure.description).toBe(`Bad Request: can't parse entities: ${error}`)
  })

  it.each(accepted)("accepts %j", (source, text, entities) => {
    expect(parse(source)).toEqual(Result.succeed({ text, entities }))
  })
})

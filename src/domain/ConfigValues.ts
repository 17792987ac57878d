/**
 * The kinds of values that configurations are written in.
 *
 * In: JSON. Out: decimals as texts, exact; fractions and counts as numbers. Promises: a value out of its range is
 * refused with what would be right.
 */
import { Effect, Schema } from "effect"
import * as Decimal from "./Decimal.ts"

export const DecimalText = Schema.String.check(
  Schema.makeFilter((text: string) => Decimal.isDecimalText(text) || 'a decimal in quotes, such as "0.001"'),
)
export const NotNegative = DecimalText.check(
  Schema.makeFilter((text: string) => Number(text) >= 0 || "zero or more"),
)
export const Positive = DecimalText.check(Schema.makeFilter((text: string) => Number(text) > 0 || "above zero"))
/** A part of something, in quotes. */
export const Fraction = NotNegative.check(Schema.makeFilter((text: string) => Number(text) <= 1 || "at most 1"))
export const Share = Schema.Finite.check(
  Schema.makeFilter((value: number) => (value > 0 && value <= 1) || "above 0 and at most 1"),
)
/** EXAMPLES rule 12. */
export const FeeRate = DecimalText.check(
  Schema.makeFilter((text: string) =>
    (Number(text) <= 0.02 && Number(text) >= -0.001) ||
    'a fraction between -0.001 and 0.02 (10 bps is "0.001"): outside that it is a configuration error'
  ),
)

export const withDefault = <S extends Schema.Constraint>(schema: S, value: S["Encoded"]) =>
  Schema.withDecodingDefaultKey<S>(Effect.succeed(value))(schema)

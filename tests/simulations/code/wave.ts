// wave.ts: types and templates. Nothing here is run.
/** Documented. */
type Name = "spring" | 'neap' | `tide-${number}`;
interface Wave<T extends object = {}> { readonly [key: string]: T | undefined; run?(x: T): void }
enum Kind { A = "a//b", B = 1 }
export const name = <T,>(x: T, y?: Array<[number, string]>): string => `${x} is ${`in ${y![0][1]}`}`; // {
abstract class Sea<T> implements Wave<{}> {
  [key: string]: any;
  private constructor(public readonly a: string = "x", protected b?: { c: `${"y"}` }) { super(); /* ( */ }
  @decorate({ name: 'x' }) method(this: Sea<T>): asserts this is T { return (this as any)["k"]!; }
}
declare module "sea" { export function f(x: unknown): x is string; }
let x = <any>y, z = a < b && c > d; // it's
const s = `${ { a: { b: `${1}` } }.a.b } and ${((n: number) => { return `{${n}}`; })(2)}`;

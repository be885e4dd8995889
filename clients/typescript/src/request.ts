/**
 * What the generated methods make their requests with.
 *
 * @module
 */

/** What a path or a query string holds, as text. */
export type Scalar = string | number | boolean;

/**
 * Writes a path, percent-encoding what is put into it. An empty value, "." and
 * ".." throw a TypeError: as segments they would lead to another resource, even
 * when encoded.
 */
export function path(literals: TemplateStringsArray, ...values: readonly Scalar[]): string {
  return String.raw({ raw: literals }, ...values.map(segment));
}

function segment(value: Scalar): string {
  const text = String(value ?? "");
  if (text === "" || text === "." || text === "..") {
    throw new TypeError(`${JSON.stringify(text)} cannot be part of a path`);
  }
  return encodeURIComponent(text);
}

/** The members of a request that are named. */
export function only<T extends object, K extends keyof T>(request: T, ...names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, request[name]])) as Pick<T, K>;
}

/** The members of a request but for those that are named. */
export function without<T extends object, K extends keyof T>(request: T, ...names: readonly K[]): Omit<T, K> {
  const rest = { ...request };
  for (const name of names) delete rest[name];
  return rest;
}

/**
 * Writes a query string with its question mark; nothing where nothing is set. A
 * list becomes a parameter for each of its values. Undefined and null are left
 * out; zero, false and "" are not.
 */
export function queryString(query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) parameters.append(name, String(one));
    }
  }
  const text = parameters.toString();
  return text && `?${text}`;
}

import { TimeoutError } from "./errors.js";

/** The longest that a timer runs; longer is no bound. */
const longestMs = 2 ** 31 - 1;

/**
 * Runs a task under a signal that ends with the caller's, or when the time is up.
 * The promise is then rejected with the caller's reason, or a TimeoutError, even
 * where the task does not heed the signal. Timer and listener are gone once it is
 * settled.
 */
export async function within<T>(
  timeoutMs: number,
  caller: AbortSignal | undefined,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  caller?.throwIfAborted();
  const controller = new AbortController();
  const { signal } = controller;
  const onAbort = () => controller.abort(caller?.reason);
  caller?.addEventListener("abort", onAbort, { once: true });
  const onTime = () => controller.abort(new TimeoutError(timeoutMs));
  const timer = timeoutMs > longestMs ? undefined : setTimeout(onTime, timeoutMs);
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  try {
    return await Promise.race([task(signal), ended]);
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener("abort", onAbort);
  }
}
